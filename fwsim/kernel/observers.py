"""The observers that stand around an exported ruleset, besides those that `fwsim.convert` writes into it.

Read first: the table of prefixes at `fwsim.convert.observing`. All observers log to one group, so that their messages
come in the order in which they were written. Nothing heavy is imported here: the worker reads this.
"""

from __future__ import annotations

GROUP = 5
"""The NFLOG group of all observers."""
COPIED = 256
"""Bytes of a packet that are told where addresses are translated: its headers."""
INVALID_GROUP = 0
"""The group in which conntrack itself logs (`nf_conntrack_log_invalid`)."""

MADE = "O"
"""Prefix: a packet of our own begins; the message has its number as a mark."""
OURS = 1 << 30
"""The bit of a mark that says that the packet is ours, and the rest its number. Marks of the stack's own packets are 0,
or in its reports of group membership what lies in the same place of `struct sk_buff` (reserved_tailroom)."""

ANSWERS = "A"
"""Prefix, before a number of `RejectWith`: the stack sends an answer of this kind."""

END_MARK = "Z"
"""Prefix: the end mark, behind which nothing more is to come."""

STACK = """
table inet fwsim-stack {{
  chain made {{
    type filter hook output priority -500; policy accept;
    meta mark & {ours} == 0 drop
    log prefix "{made}" group {group}
    meta mark set 0
  }}
  chain arrived {{
    type filter hook prerouting priority -500; policy accept;
    iifname "{device}" log prefix "{end}" group {group}
    iifname "{device}" drop
    {played} accept
    iifname "lo" accept
    drop
  }}
}}
"""
"""What has no mark of ours at the first output hook was made by the namespace's own stack, as an answer to a packet: it
is dropped before it is tracked. What comes in without a MAC is the stack's own copy of a broadcast of its own, and
dropped as well. (Its packet type is PACKET_LOOPBACK, which nft sees as broadcast: `nft_meta_get_eval_pkttype_lo`.)"""

PLAYED = "ether saddr != 00:00:00:00:00:00"
"""The match of frames that came in by a device."""


def stack(device: str) -> str:
    """The chains that keep the stack's own traffic apart; `device` is that of the end mark."""
    return STACK.format(made=MADE, end=END_MARK, group=GROUP, device=device, ours=OURS, played=PLAYED)
