"""Whether a ruleset makes the kernel track, and with it put fragments together before its chains.

Read first: `fwsim.lower.needs`.
"""

from __future__ import annotations

from fwsim.lower.needs import in_maps, needs_tracking
from fwsim.netfilter.model import Netfilter, NetfilterRule

REASSEMBLY = -400
"""NF_IP_PRI_CONNTRACK_DEFRAG: where packets are tracked, chains behind it see no fragments."""


def every_rule(netfilter: Netfilter) -> list[NetfilterRule]:
    """All rules, and what follows from the elements of named maps as rules."""
    chains = [(table, chain) for table in netfilter.tables for chain in table.chains.values()]
    return [*(rule for _, chain in chains for rule in chain.rules), *in_maps(chains)]


def is_tracked(netfilter: Netfilter) -> bool:
    """Whether the kernel tracks packets for this ruleset."""
    return any(map(needs_tracking, every_rule(netfilter)))


def sees_later_fragments(netfilter: Netfilter) -> bool:
    """Whether a packet without a transport header may get to a chain."""
    chains = [chain for table in netfilter.tables for chain in table.chains.values()]
    return any(chain.hooks and chain.priority <= REASSEMBLY for chain in chains) or not is_tracked(netfilter)
