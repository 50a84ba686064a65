"""Differences put together by who is responsible: the rule that decided before, and the one that does now.

Read first: `differences`, `witnessing`, `describing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fwsim.lower import Lowered
from fwsim.space.intervals import Set, union
from fwsim.space.node import POLICY
from fwsim.terms import RejectWith, Verdict, word

from .comparing import Outcome
from .describing import EXACT, FEW, Describing, shortness
from .differences import Comparison, Difference
from .sides import Side
from .witnessing import Witness, Witnessing

TRIED = 6
"""Regions of a group of which a witness is looked for."""


@dataclass(frozen=True)
class Responsible:
    """A rule, the policy of a chain, or nobody, as output names it; and what becomes of the packets."""

    verdict: str
    reject_with: str | None
    rule: str | None
    """The name of a rule, or its position; None if it is a policy."""
    chain: str | None
    """None if no chain decides."""
    path: str
    line: int | None
    text: str


@dataclass(frozen=True)
class RegionTold:
    """A region in words, and its fields."""

    hook: int
    family: int
    text: str
    fields: dict[int, Set]
    """By common numbers."""
    exact: str
    """The same words, and nothing left out."""


@dataclass
class Group:
    """Regions for whose treatment the same two are responsible; without `witness` it is not known if it differs."""

    mode: str
    old: Responsible
    new: Responsible
    leaves: bool
    """Whether the verdict is the same, and what else is done differs."""
    differences: list[Difference] = field(default_factory=list)
    regions: list[RegionTold] = field(default_factory=list)
    complete: bool = True
    """Whether these are all its regions."""
    witness: Witness | None = None
    witnessed: Difference | None = None
    doubts: tuple[str, ...] = ()

    @property
    def worth(self) -> int:
        """In how many regions a witness is looked for: fewer if it hangs on what no packet tells."""
        return 2 if self.doubts else TRIED

    @property
    def length(self) -> tuple[int, int, int, str]:
        """How much there is to say: what groups are sorted by."""
        least = min((shortness(one.fields) for one in self.regions), default=0)
        return least, len(self.regions), len(self.regions[0].text) if self.regions else 0, self.identity

    @property
    def identity(self) -> str:
        """What is the same as long as this is the same change: without lines and paths."""
        sides = [(each.verdict, each.reject_with, each.rule, each.chain, each.text) for each in (self.old, self.new)]
        return repr((self.mode, sides, [(one.hook, one.family, one.exact) for one in self.regions]))


def groups_of(comparison: Comparison, modes: Sequence[str]) -> list[Group]:
    """All differences, the shortest to tell first in each mode, with witnesses."""
    found: dict[object, Group] = {}
    for difference in comparison.differences(tuple(modes)):
        key = _key(difference)
        group = found.get(key)
        if group is None:
            group = found[key] = _new(comparison, difference)
        group.differences.append(difference)
    describing = [Describing(comparison.interface_words, comparison.slots, few) for few in (FEW, EXACT)]
    for group in found.values():
        group.complete = not any((one.mode, *one.found.pair) in comparison.cut for one in group.differences)
        group.regions = _regions(comparison, group, describing)
    _witness(comparison, list(found.values()))
    order = {mode: place for place, mode in enumerate(modes)}
    return sorted(found.values(), key=lambda group: (order[group.mode], group.witness is None, group.length))


def _key(difference: Difference) -> object:
    """What differences are put together by."""
    found = difference.found
    ends = [(outcome.verdict, outcome.answer) for outcome in found.pair]
    return difference.mode, *ends, *_who(*found.pair)


def _who(old: Outcome, new: Outcome) -> tuple[tuple[int, int], tuple[int, int], bool]:
    """The rule and chain responsible under each ruleset; and whether only what else they do differs."""
    if (old.verdict, old.answer) != (new.verdict, new.answer):
        return (old.rule, old.chain), (new.rule, new.chain), False
    at = next((n for n, (one, other) in enumerate(zip(old.left, new.left, strict=False)) if one != other), None)
    place = min(len(old.left), len(new.left)) if at is None else at
    who = [(each.doing[place], -1) if place < len(each.doing) else (each.rule, each.chain) for each in (old, new)]
    return who[0], who[1], True


def _new(comparison: Comparison, difference: Difference) -> Group:
    """A group without regions."""
    old, new = difference.found.old, difference.found.new
    first, second, leaves = _who(old, new)
    sides = comparison.sides
    hanging = [(side, rule) for side, outcome in zip(sides, (old, new), strict=True) for rule in outcome.doubts]
    opaque = [(side, rule) for side, rule in hanging if side.lowered.rules[rule].not_simulated]
    doubts = [_doubt(side, rule) for side, rule in opaque or hanging]
    return Group(
        difference.mode,
        _responsible(sides[0], old, *first),
        _responsible(sides[1], new, *second),
        leaves,
        doubts=tuple(dict.fromkeys(doubts)),
    )


def _responsible(side: Side, outcome: Outcome, rule: int, chain: int) -> Responsible:
    """Who is responsible under one ruleset."""
    lowered: Lowered = side.lowered
    verdict = word(Verdict(outcome.verdict)) if outcome.verdict <= Verdict.REJECT else "elsewhere"
    answer = word(RejectWith(outcome.answer)) if outcome.verdict == Verdict.REJECT else None
    if rule == POLICY:
        if chain < 0:
            return Responsible(verdict, answer, None, None, "", None, "")
        info = lowered.chains[chain]
        path = next((one.path for one in lowered.rules if one.path), "")
        return Responsible(verdict, answer, None, info.name, path, info.line, "")
    told = lowered.rules[rule]
    text = " ".join(told.text.split())
    return Responsible(verdict, answer, told.label, lowered.chains[told.chain].name, told.path, told.line, text)


def _doubt(side: Side, number: int) -> str:
    """A rule on which it hangs, with what of it is not simulated."""
    rule = side.lowered.rules[number]
    what = "; ".join(rule.not_simulated) or "what it counts, or what is not known of the packet"
    place = f" ({rule.path}:{rule.line})" if rule.line and rule.path else f" (line {rule.line})" if rule.line else ""
    return f"rule {rule.label} of {side.lowered.chains[rule.chain].name}{place}: {what}"


def _regions(comparison: Comparison, group: Group, describing: Sequence[Describing]) -> list[RegionTold]:
    """The regions of a group in words, as few as can be, the shortest first."""
    by_place: dict[tuple[int, int, bool], list[dict[int, Set | None]]] = {}
    for one in group.differences:
        by_place.setdefault((one.hook, one.family, one.whole_way), []).append(dict(one.found.region))
    told = []
    for (hook, family, first), regions in by_place.items():
        start = comparison.start(hook, family, first=first)
        for region in joined(regions) if len(regions) <= 200 else regions:
            text, exact = (each.text(region, start) for each in describing)
            told.append(RegionTold(hook, family, text, describing[0].fields(region, start), exact))
    unique = {(one.hook, one.family, one.exact): one for one in told}
    places = {
        place: number for number, place in enumerate(dict.fromkeys((hook, family) for hook, family, _ in by_place))
    }
    return sorted(unique.values(), key=lambda one: (shortness(one.fields), places[one.hook, one.family], one.text))


def joined(regions: list[dict[int, Set | None]]) -> list[dict[int, Set | None]]:
    """The same packets in fewer regions: two that differ in one field become one."""
    again = True
    while again:
        again = False
        for field_ in sorted({each for region in regions for each in region}):
            groups: dict[object, list[dict[int, Set | None]]] = {}
            for region in regions:
                groups.setdefault(tuple(sorted((f, v) for f, v in region.items() if f != field_)), []).append(region)
            if len(groups) < len(regions):
                again = True
                regions = [_united(alike, field_) for alike in groups.values()]
    return regions


def _united(alike: list[dict[int, Set | None]], place: int) -> dict[int, Set | None]:
    """Regions that are the same but for one field, as one."""
    values = [region.get(place) for region in alike]
    known = [each for each in values if each is not None]
    return {**alike[0], place: union(known) if len(known) == len(values) else None}


def _witness(comparison: Comparison, groups: list[Group]) -> None:
    """Look for a witness of every group."""
    witnessing = Witnessing(comparison)
    for attempt in range(TRIED):
        open_groups = [one for one in groups if one.witness is None and attempt < min(len(one.differences), one.worth)]
        tried = [one.differences[attempt] for one in open_groups]
        for group, difference, witness in zip(open_groups, tried, witnessing.witnesses(tried), strict=True):
            if witness is not None:
                group.witness, group.witnessed = witness, difference
