"""What rules need of the connection table.

Read first: `fwsim.netfilter.steps`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fwsim.netfilter.fields import Selector
from fwsim.netfilter.model import Chain, NetfilterRule, Table, selectors_of
from fwsim.netfilter.steps import Alter, AnyOf, Assign, Choose, Connections, Nat, SetHelper, Step, Unknown, Update


def is_of_conntrack(selector: Selector) -> bool:
    """Whether it is told by tracking."""
    return isinstance(selector, str) and selector.startswith("ct_")


def asks_for_ct(rule: NetfilterRule) -> bool:
    """Whether a rule asks for anything of conntrack."""
    steps = (step for step in every_step(rule.steps) if not isinstance(step, Alter))
    return any(_lost(step) or _translates(step) or any(map(is_of_conntrack, selectors_of(step))) for step in steps)


def _lost(step: Step) -> bool:
    """Whether a step asks conntrack for something that is not told."""
    return isinstance(step, Unknown) and step.tracks


def _translates(step: Step) -> bool:
    """Whether a step translates connections; one that hands packets to a program asks for none (nft_tproxy_init)."""
    return isinstance(step, Nat) and step.kind != "tproxy"


def needs_tracking(rule: NetfilterRule) -> bool:
    """Whether a rule has an expression that makes Linux track at all (nf_ct_netns_get in nft_ct.c; not `notrack`)."""
    return any(_tracks(step) for step in every_step(rule.steps))


def _tracks(step: Step) -> bool:
    """Whether one step does."""
    if isinstance(step, (Connections, SetHelper)) or _translates(step) or _lost(step):
        return True
    asked: list[Selector] = list(selectors_of(step))
    if isinstance(step, Assign):
        asked += [step.target, *(term.selector for term in step.terms)]
    return any(map(is_of_conntrack, asked))


def gives_helper(rule: NetfilterRule) -> bool:
    """Whether a rule gives connections a helper."""
    return any(isinstance(step, SetHelper) for step in every_step(rule.steps))


def in_maps(running: Iterable[tuple[Table, Chain]]) -> Iterator[NetfilterRule]:
    """What follows from the elements of named maps, and what elements count, each as a rule where the set stands."""
    for table in {id(table): table for table, chain in running if chain.other_hook is None}.values():
        for each in table.sets.values():
            yield NetfilterRule(each.steps, location=each.location)
            yield from (NetfilterRule(case.steps, location=each.location) for case in each.cases or ())


def every_step(steps: Iterable[Step]) -> list[Step]:
    """All steps, with those inside of others."""
    found: list[Step] = []
    for step in steps:
        found.append(step)
        if isinstance(step, AnyOf):
            found += [match for way in step.alternatives for match in way]
        elif isinstance(step, Choose):
            found += every_step(inner for case in step.cases for inner in case.steps)
        elif isinstance(step, Update):
            found += every_step(step.steps)
    return found
