"""The observers: nft chains around the ruleset that report where packets are, without deciding anything.

Read first: nft(8), LOG STATEMENT; the drawing at `fwsim.terms.Hook`. Chains of equal priority run in the reverse order
of their registration. So `ENDS` is loaded before anything that makes the kernel track: then its last chains stand
behind conntrack's confirmation, which has the highest priority too. `TRACKING` is loaded last.
"""

from __future__ import annotations

from fwsim.terms import CtState, Direction

GROUP = 5
"""The NFLOG group of all observers, so that their messages come in order."""
INVALID_GROUP = 0
"""The group in which conntrack itself logs (`nf_conntrack_log_invalid`)."""

MADE = "o"
END = "e"
MARK = "s"
TRACKED = "c "
"""Prefixes: a packet of our own begins; a packet went through; the end mark; what conntrack said (`c STATE DIRECTION`,
as numbers)."""

HIGHEST = 2147483647

ENDS = """
table inet fwsim_ends {{
  chain made {{
    type filter hook output priority -500; policy accept;
    meta mark 0 drop
    log prefix "{made}" group {group}
    meta mark set 0
  }}
  chain arrived {{
    type filter hook prerouting priority -500; policy accept;
    meta pkttype 5 drop
    iifname "{device}" log prefix "{mark}" group {group}
    iifname "{device}" drop
  }}
  chain delivered {{
    type filter hook input priority {highest}; policy accept;
    log prefix "{end}" group {group}
  }}
  chain left {{
    type filter hook postrouting priority {highest}; policy accept;
    log prefix "{end}" group {group}
  }}
}}
"""
"""Who has mark 0 at the first output hook was made by the namespace's own stack: an answer to a packet. It is dropped
before it is tracked. Packet type 5 is the stack's own copy of a broadcast that it sends."""


def ends(device: str) -> str:
    """The observers at both ends of the way; `device` is that of the end mark."""
    return ENDS.format(made=MADE, end=END, mark=MARK, group=GROUP, device=device, highest=HIGHEST)


def tracking() -> str:
    """The observers just behind conntrack. They make the kernel track, if nothing else does."""
    lines = [said("untracked", CtState.UNTRACKED), said("invalid", CtState.INVALID)]
    for word, state in (("established", CtState.ESTABLISHED), ("new", CtState.NEW), ("related", CtState.RELATED)):
        for direction in (Direction.ORIGINAL, Direction.REPLY):
            lines.append(said(word, state, direction))
    rules = "\n".join(f"    {line}" for line in lines)
    chains = "".join(
        f"  chain {name} {{\n    type filter hook {hook} priority -199; policy accept;\n{rules}\n  }}\n"
        for name, hook in (("arrived", "prerouting"), ("made", "output"))
    )
    return f"table inet fwsim_tracking {{\n{chains}}}\n"


def said(word: str, state: CtState, direction: Direction = Direction.NONE) -> str:
    """The rule that reports one ct state and direction."""
    match = f"ct state {word}"
    if direction != Direction.NONE:
        match += f" ct direction {direction.name.lower()}"
    return f'{match} log prefix "{TRACKED}{int(state)} {int(direction)}" group {GROUP} accept'
