"""Pairs of rules of one chain that do the opposite to the same packets, so that their order matters (Al-Shaer).

Read first: `ground`, `unreachable`. If the later rule takes all that the earlier one takes, it is a generalisation of
it; if each takes packets that the other does not, they are correlated. (Where the earlier one takes all of the later,
that is shadowed; rules that never apply make no pairs.) Each pair is shown by a packet that the earlier rule decides
about and that the later one would take. Rules that do or ask more than an index knows, limits for example, are left
alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from fwsim.space import Goal, Search
from fwsim.space.index import bits_of
from fwsim.space.intervals import Set, meet
from fwsim.space.model import FINAL, SpaceChain, SpaceRule
from fwsim.terms import Verdict

from .confirming import fitting
from .ground import Budget, Ground, Sample
from .traffic import FAMILIES
from .unreachable import Reaching, holds

ACCEPT = int(Verdict.ACCEPT)
LISTED = 4
"""Partners of a rule that are told."""
MOST = 1_000
"""Correlated rules that are told."""
TRIED = 24
"""Partners that are looked at."""
IN_ALL = 20_000
"""Regions that are looked at for all pairs together."""


@dataclass
class Partners:
    """The rules with which a rule makes pairs, and a packet that shows the first of them."""

    sample: Sample
    rules: list[int] = field(default_factory=list)

    def add(self, rule: int) -> None:
        """One more, unless there are enough."""
        if rule not in self.rules and len(self.rules) < LISTED:
            self.rules.append(rule)


class Pairs:
    """The pairs of a program. `correlated` names the earlier rule first, `general` the later one."""

    def __init__(self, reaching: Reaching) -> None:
        """Look at all rules that `reaching` has a packet for."""
        self.ground: Ground = reaching.ground
        self.reached = reaching.reached
        self.correlated: dict[int, Partners] = {}
        self.general: dict[int, Partners] = {}
        self.open: list[int] = []
        """Rules of which it was not found out whether they are correlated."""
        self.skipped = False
        """Whether there were so many that the rest was not looked at."""
        self._budget = Budget(IN_ALL)

    def find(self) -> None:
        """Look at all rules in order."""
        for rule, sample in sorted(self.reached.items()):
            if len(self.correlated) == MOST:
                self.skipped = True
                return
            lines = self.ground.lines[rule]
            if len(lines) == 1 and self._counts(lines[0]):
                self._look_at(rule, lines[0], sample)

    def _counts(self, line: SpaceRule) -> bool:
        """Whether a line ends the way of all packets in its box, and asks for nothing that rules change."""
        return line.is_plain and line.verdict in FINAL and line.box.keys().isdisjoint(self.ground.model.altered)

    def _look_at(self, rule: int, line: SpaceRule, sample: Sample) -> None:
        """One rule, and those behind it."""
        chain = self.ground.model.chains[self.ground.lowered.rules[rule].chain]
        place = line.number - chain.first
        later = self._opposed[id(chain)][line.verdict == ACCEPT] >> place + 1 << place + 1
        visit = sample.visit((line.number,))
        if visit is None or not later:
            return
        met = visit.meeting & later
        for other in (other for other in bits_of(met) if chain.rules[other].source in self.reached):
            self._note(rule, line, chain.rules[other], sample)
        if rule not in self.correlated:
            self._look_further(rule, line, chain, later & ~met)

    @cached_property
    def _opposed(self) -> dict[int, tuple[int, int]]:
        """For each chain the lines that make pairs with one that refuses, and with one that accepts."""
        found = {}
        for chain in self.ground.model.chains:
            accepting = refusing = 0
            for number, line in enumerate(chain.rules):
                if line.box and self._counts(line) and len(self.ground.lines[line.source]) == 1:
                    accepting |= (line.verdict == ACCEPT) << number
                    refusing |= (line.verdict != ACCEPT) << number
            found[id(chain)] = accepting, refusing
        return found

    def _note(self, rule: int, line: SpaceRule, other: SpaceRule, sample: Sample) -> None:
        """A pair that a packet shows."""
        if holds(other, line):
            self.general.setdefault(other.source, Partners(sample)).add(rule)
        elif not holds(line, other):
            self.correlated.setdefault(rule, Partners(sample)).add(other.source)

    def _look_further(self, rule: int, line: SpaceRule, chain: SpaceChain, among: int) -> None:
        """Look for a packet that a rule decides about and another would take as well; the first one will do."""
        view = chain.index.view(self.ground.model.region(line.box), line.number - chain.first + 1)
        for tried, place in enumerate(bits_of(view.touching & among)):
            other = chain.rules[place]
            if holds(line, other) or other.source not in self.reached:
                continue
            if tried == TRIED or self._budget.left <= 0:
                self.open.append(rule)
                return
            sample = self._shared(rule, line, other)
            if sample is not None:
                self.correlated[rule] = Partners(sample, [other.source])
                return

    def _shared(self, rule: int, line: SpaceRule, other: SpaceRule) -> Sample | None:
        """A packet in the boxes of two lines that gets to the first."""
        box = both_boxes(line, other)
        for sample in self._samples(rule, box):
            if sample.visit((line.number,)) is not None:
                return sample
        return self._searched(rule, line, box)

    def _samples(self, rule: int, box: dict[int, Set]) -> Iterator[Sample]:
        """A few packets of a box on their ways."""
        for hook in self.ground.hooks_of_chains.get(self.ground.lowered.rules[rule].chain, ()):
            for family in FAMILIES:
                for packet in self.ground.ordinary.samples(family, box):
                    sample = self.ground.sample(hook, packet)
                    if sample is not None:
                        yield sample

    def _searched(self, rule: int, line: SpaceRule, box: dict[int, Set]) -> Sample | None:
        """The same by a search over all packets."""
        ground = self.ground
        for hook in ground.hooks_of_chains.get(ground.lowered.rules[rule].chain, ()):
            for family in FAMILIES:
                steps = self._budget.steps
                search = Search(ground.model, ground.ways[hook], Goal(rules=frozenset((rule,))), steps)
                for leaf in search.leaves(ground.packets(family, box, hook)):
                    part = next(fitting(leaf.packets, ground.ordinary.shapes[family]), None)
                    sample = None if part is None else ground.sample(hook, ground.ordinary.usual(part))
                    if sample is not None and sample.visit((line.number,)) is not None:
                        self._budget.left -= steps - search.left
                        return sample
                self._budget.left -= steps - search.left
        return None


def both_boxes(line: SpaceRule, other: SpaceRule) -> dict[int, Set]:
    """What two lines ask together."""
    box = dict(line.box)
    for one, wanted in other.box.items():
        box[one] = meet(box[one], wanted) if one in box else wanted
    return box
