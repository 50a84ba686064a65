"""Chains that are not walked: those of arp, bridge and netdev tables, and at ingress and egress.

Read first: `fwsim.netfilter.model` (`Chain.other_hook`). A packet that gets to one which may refuse it has an unknown
verdict. So each such chain has a stand-in at the first or last hook of the IP packet's path, with one rule: perhaps
drop. ARP itself is no IP, and never evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.netfilter.model import Chain, Netfilter, NetfilterRule, Table, every_step
from fwsim.netfilter.steps import (
    AnyOf,
    Assign,
    AtHook,
    Choose,
    Connections,
    Effectless,
    Lookup,
    Match,
    Quota,
    Rate,
    Step,
    Unknown,
    Update,
    Verdict,
)
from fwsim.ruleset.values import Names
from fwsim.terms import Hook
from fwsim.terms import Verdict as Policy

from .fields import packet_field
from .reach import targets_of

IP_FAMILIES = ("ip", "ip6", "inet")
"""The families whose chains see IP packets at the five hooks."""

FIRST, LAST = -(1 << 31), (1 << 31) - 1
LEAVING = ("egress", "output", "postrouting")
"""The other hooks that a packet gets to when it goes out."""

HARMLESS = ("accept", "continue", "return", "jump", "goto")
ASKING = (Match, Lookup, AnyOf, AtHook, Effectless)
COUNTING = (Rate, Quota, Connections)
"""What counts for its own rule, unless it is an object that others share."""


def stand_ins(netfilter: Netfilter) -> Iterator[tuple[Table, Chain]]:
    """For every chain that is not walked and may refuse an IP packet, one that perhaps does."""
    for table in netfilter.tables:
        for chain in table.chains.values():
            is_base = chain.other_hook is not None
            if is_base and table.family != "arp" and _may_refuse(table, chain):
                yield table, _stand_in(chain)


def _may_refuse(table: Table, chain: Chain) -> bool:
    """Whether a packet may not get through, or not as it was."""
    return chain.policy != Policy.ACCEPT or any(
        not _is_harmless(step, table)
        for each in _reached(table, chain)
        for rule in each.rules
        for step in every_step(rule.steps)
    )


def _is_harmless(step: Step, table: Table) -> bool:
    """Whether packets are to the rules behind what they were without this step."""
    if isinstance(step, Verdict):
        return step.kind in HARMLESS
    if isinstance(step, Choose):
        cases = table.sets[step.map].cases if step.map is not None else None
        return all(_is_harmless(inner, table) for case in cases or () for inner in every_step(case.steps))
    if isinstance(step, COUNTING):
        return table.family not in IP_FAMILIES or getattr(step, "object", None) is None
    if isinstance(step, Update):
        return table.family not in IP_FAMILIES  # its sets are asked by no chain that is walked
    return isinstance(step, ASKING) or (isinstance(step, Assign) and packet_field(step.target) is None)


def _reached(table: Table, base: Chain) -> list[Chain]:
    """A chain and those that it leads to."""
    found = {base.name: base}
    pending = [base]
    while pending:
        for _, _, name in targets_of(table, pending.pop()):
            if name not in found:
                pending.append(found.setdefault(name, table.chains[name]))
    return list(found.values())


def _stand_in(chain: Chain) -> Chain:
    """One rule: perhaps drop what comes in, or goes out, by the chain's devices."""
    leaves = chain.other_hook in LEAVING
    asked: list[Step] = []
    if chain.devices:
        prefixes = tuple(name.removesuffix("*") for name in chain.devices if name.endswith("*"))
        names = Names(tuple(name for name in chain.devices if not name.endswith("*")), prefixes)
        asked = [Match("oif" if leaves else "iif", names, text=", ".join(chain.devices))]
    construct = f"chain {chain.title} at {chain.other_hook}"
    rule = NetfilterRule((*asked, Unknown(construct), Verdict("drop")), location=chain.location)
    hook, priority = (Hook.POSTROUTING, LAST) if leaves else (Hook.PREROUTING, FIRST)
    return Chain(chain.name, chain.title, (hook,), priority, rules=(rule,), location=chain.location)
