"""Whether a ruleset makes the kernel track, and with it put fragments together before its chains.

Read first: `fwsim.netfilter.steps`.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.netfilter.fields import Selector
from fwsim.netfilter.model import Netfilter, selectors_of
from fwsim.netfilter.steps import (
    AnyOf,
    Assign,
    Choose,
    Connections,
    HashLimit,
    Nat,
    SetHelper,
    Step,
    Update,
)

REASSEMBLY = -400
"""NF_IP_PRI_CONNTRACK_DEFRAG: where packets are tracked, chains behind it see no fragments."""
TRACKING = (Connections, SetHelper, Nat)
"""Steps for which the kernel tracks."""


def steps_within(steps: tuple[Step, ...]) -> Iterator[Step]:
    """All steps, those in maps, sets and alternatives too."""
    for step in steps:
        yield step
        if isinstance(step, Choose):
            for case in step.cases:
                yield from steps_within(case.steps)
        elif isinstance(step, Update):
            yield from steps_within(step.steps)
        elif isinstance(step, AnyOf):
            for matches in step.alternatives:
                yield from matches


def all_steps(netfilter: Netfilter) -> Iterator[Step]:
    """Every step of a ruleset."""
    for table in netfilter.tables:
        for chain in table.chains.values():
            for rule in chain.rules:
                yield from steps_within(rule.steps)
        for own in table.sets.values():
            for case in own.cases or ():
                yield from steps_within(case.steps)


def looks_at(step: Step) -> tuple[Selector, ...]:
    """All selectors that a step reads."""
    if isinstance(step, Assign):
        return tuple(term.selector for term in step.terms)
    if isinstance(step, HashLimit):
        return tuple(name for name, _ in step.key)
    return selectors_of(step)


def asks_connection(step: Step) -> bool:
    """Whether a step reads or writes something of a connection."""
    if isinstance(step, TRACKING):
        return True
    target = step.target if isinstance(step, Assign) else ""
    return any(isinstance(selector, str) and selector.startswith("ct_") for selector in (*looks_at(step), target))


def is_tracked(netfilter: Netfilter) -> bool:
    """Whether the kernel tracks packets for this ruleset."""
    return any(asks_connection(step) for step in all_steps(netfilter))


def sees_later_fragments(netfilter: Netfilter) -> bool:
    """Whether a packet without a transport header may get to a chain."""
    early = any(
        other.priority <= REASSEMBLY for table in netfilter.tables for other in table.chains.values() if other.hooks
    )
    return early or not is_tracked(netfilter)
