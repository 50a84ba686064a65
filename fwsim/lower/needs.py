"""What rules need of the connection table.

Read first: `fwsim.netfilter.steps`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fwsim.netfilter.fields import Selector
from fwsim.netfilter.model import Chain, NetfilterRule, Table, every_step, selectors_of
from fwsim.netfilter.steps import Alter, Assign, Connections, Nat, SetHelper, Step, Unknown


def is_of_conntrack(selector: Selector) -> bool:
    """Whether it is told by tracking."""
    return isinstance(selector, str) and selector.startswith("ct_")


def asks_for_ct(rule: NetfilterRule) -> bool:
    """Whether a rule asks for anything of conntrack."""
    return any(map(asks_conntrack, every_step(rule.steps)))


def asks_conntrack(step: Step) -> bool:
    """Whether one step does."""
    if isinstance(step, Alter):
        return False
    return _lost(step) or _translates(step) or any(map(is_of_conntrack, selectors_of(step)))


def _lost(step: Step) -> bool:
    """Whether a step asks conntrack for something that is not told."""
    return isinstance(step, Unknown) and step.tracks


def _translates(step: Step) -> bool:
    """Whether a step translates connections; one that hands packets to a program asks for none (nft_tproxy_init)."""
    return isinstance(step, Nat) and step.kind != "tproxy"


def needs_tracking(rule: NetfilterRule) -> bool:
    """Whether a rule has an expression that makes Linux track at all (nf_ct_netns_get in nft_ct.c; not `notrack`)."""
    return any(map(tracks, every_step(rule.steps)))


def tracks(step: Step) -> bool:
    """Whether one step does."""
    if isinstance(step, (Connections, SetHelper)) or _translates(step) or _lost(step):
        return True
    asked: list[Selector] = list(selectors_of(step))
    if isinstance(step, Assign):
        asked += [step.target, *(term.selector for term in step.terms)]
    return any(map(is_of_conntrack, asked))


def gives_helper(steps: Iterable[Step]) -> bool:
    """Whether one of all steps gives connections a helper."""
    return any(isinstance(step, SetHelper) for step in steps)


def in_maps(running: Iterable[tuple[Table, Chain]]) -> Iterator[NetfilterRule]:
    """What follows from the elements of named maps, and what elements count, each as a rule where the set stands."""
    for table in {id(table): table for table, each in running if each.other_hook is None}.values():
        for own in table.sets.values():
            yield NetfilterRule(own.steps, location=own.location)
            yield from (NetfilterRule(case.steps, location=own.location) for case in own.cases or ())


def different(steps: Iterable[Step]) -> list[Step]:
    """The same, each object once."""
    return list({id(step): step for step in every_step(steps)}.values())
