"""What a kernel that runs an exported ruleset is made to tell by netlink log messages (`nfnetlink_log`).

Read first: `nft(8)`, LOG STATEMENT. Every message is marked by its prefix:

| prefix | group | says |
|---|---|---|
| `R12` | `decisions` | rule number 12 (of `Lowered.rules`) accepts, drops or rejects; of several the last one counts |
| `P2` | `decisions` | chain number 2 (of `Lowered.chains`) gives the packet its policy |
| `S8o` | `tracking` | just behind tracking: ct state 8, direction `o`riginal, `r`eply or `-` |
| `H2` | `hooks` | the packet enters hook 2 (`fwsim.terms.Hook`): input, forward or output |
| `E4` | `ends` | the packet has passed hook 4 (or 1) and everything behind it, the confirmation of its connection too |

The chains that log `E` must run behind conntrack's own at the same, highest priority. Of equals the one that was
registered last runs first, so they must be there before conntrack: load `behind_confirmation` on its own, before
any other rule with a ct expression.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwsim.terms import CtState, Hook, word

DECIDED_BY_RULE = "R"
DECIDED_BY_POLICY = "P"
TRACKED = "S"
AT_HOOK = "H"
BEHIND = "E"

LOWEST = -(1 << 31)
HIGHEST = (1 << 31) - 1
BEHIND_TRACKING = -199

DIRECTED = (CtState.NEW, CtState.ESTABLISHED, CtState.RELATED)
DIRECTIONS = {"o": "original", "r": "reply"}
WITHOUT_CONNECTION = (CtState.INVALID, CtState.UNTRACKED)


@dataclass(frozen=True)
class Observe:
    """The log group of each kind of message; None: it is not observed."""

    decisions: int | None = 1
    tracking: int | None = 2
    """Only where packets are tracked: to ask for their state would turn tracking on."""
    hooks: int | None = 3
    ends: int | None = 4


@dataclass(frozen=True)
class ObserverChain:
    """A base chain that only logs."""

    name: str
    hook: Hook
    priority: int
    rules: tuple[str, ...]


def log_statement(prefix: str, group: int) -> str:
    """A statement that sends a message."""
    return f'log prefix "{prefix}" group {group}'


def observers(observe: Observe, *, tracked: bool) -> list[ObserverChain]:
    """The chains that log beside those of a ruleset."""
    chains = []
    if observe.tracking is not None and tracked:
        rules = state_rules(observe.tracking)
        for hook in (Hook.PREROUTING, Hook.OUTPUT):
            chains.append(ObserverChain(f"tracked-{word(hook)}", hook, BEHIND_TRACKING, rules))
    if observe.hooks is not None:
        for hook in (Hook.INPUT, Hook.FORWARD, Hook.OUTPUT):
            rule = log_statement(f"{AT_HOOK}{int(hook)}", observe.hooks)
            chains.append(ObserverChain(f"enters-{word(hook)}", hook, LOWEST, (rule,)))
    return chains


def state_rules(group: int) -> tuple[str, ...]:
    """A rule for each state and direction."""
    rules = []
    for state in DIRECTED:
        for letter, direction in DIRECTIONS.items():
            log = log_statement(f"{TRACKED}{int(state)}{letter}", group)
            rules.append(f"ct state {word(state)} ct direction {direction} {log} accept")
    for state in WITHOUT_CONNECTION:
        rules.append(f"ct state {word(state)} {log_statement(f'{TRACKED}{int(state)}-', group)} accept")
    return tuple(rules)


def behind_confirmation(observe: Observe) -> str:
    """The table to be loaded first of all: what has passed the very end of input and postrouting. May be empty."""
    if observe.ends is None:
        return ""
    lines = ["table inet fwsim-ends {"]
    for hook in (Hook.INPUT, Hook.POSTROUTING):
        lines += [
            f"\tchain {word(hook)} {{",
            f"\t\ttype filter hook {word(hook)} priority {HIGHEST}; policy accept;",
            f"\t\t{log_statement(f'{BEHIND}{int(hook)}', observe.ends)}",
            "\t}",
        ]
    return "\n".join([*lines, "}", ""])
