"""Regions of packets that two rulesets decide about differently: on one way, of one family, over all packets.

Read first: `aligning` (which lines are changed), `walking`. Only packets that meet a changed line, or get to a changed
policy, can differ. For a changed line that decides, it is asked which lines of the other ruleset may decide otherwise
about its packets, and each such pair is looked for by itself: a pair is found as soon as one packet is. Of any other
changed line (one that calls, or changes the packet) all packets are followed through both rulesets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from fwsim.engine.program import FALSE, TRUE, V_UNKNOWN
from fwsim.space import Goal, Leaf
from fwsim.space.index import bits_of
from fwsim.space.intervals import Set, narrowed
from fwsim.space.model import FINAL, SpaceChain, SpaceRule
from fwsim.space.node import POLICY
from fwsim.space.ways import Base
from fwsim.terms import Verdict

from .aligning import Alignment
from .keys import Keys
from .seen import Seen
from .universe import Universe
from .walking import Walker

REJECT = int(Verdict.REJECT)
EVERY = Goal(frozenset(FINAL))
DECIDES = frozenset(FINAL)
ATTEMPTS = (100, 1_000, 10_000, None)
"""Steps that are taken to find a pair, one way and the other; then as many as are left."""
MANY = 200
"""Regions, after which of each pair only one is told."""
DECIDERS = (*FINAL, V_UNKNOWN)


@dataclass(frozen=True)
class Outcome:
    """What becomes of packets under one ruleset: the verdict (and the answer), who decided, and what was left."""

    verdict: int
    answer: int
    rule: int
    """The number of the rule as it was written, or POLICY."""
    chain: int
    """-1 if no chain decided."""
    left: tuple[object, ...] = ()
    """What rules did to the packet, its connection, and what they remember."""
    doing: tuple[int, ...] = ()
    """The rules that left that."""
    doubts: tuple[int, ...] = ()
    """The rules of which it hangs on more than the packet whether they apply."""
    applied: tuple[int, ...] = ()
    """Those of `doing` that apply: what counts leaves something even where it does not."""


@dataclass(frozen=True)
class Found:
    """A region, by common numbers, and what becomes of its packets under the old and under the new ruleset.

    `parts` are regions in it all of whose values go together.
    """

    region: Mapping[int, Set | None]
    parts: tuple[Mapping[int, Set | None], ...]
    old: Outcome
    new: Outcome

    @property
    def pair(self) -> tuple[Outcome, Outcome]:
        """What differences are grouped by."""
        return self.old, self.new


class Comparing:
    """The two rulesets on one way."""

    def __init__(
        self,
        walkers: tuple[Walker, Walker],
        keys: tuple[Keys, Keys],
        universe: Universe,
        alignment: Alignment,
        most: int | None,
    ) -> None:
        """Of each pair of deciding lines at most so many regions are told; None: all, however long that takes."""
        self.walkers = walkers
        self.keys = keys
        self.universe = universe
        self.alignment = alignment
        self.seen = tuple(Seen(walker.side, walker.way) for walker in walkers)
        self.most = most
        self.told = 0
        self.cut: set[tuple[Outcome, Outcome]] = set()
        """Pairs of which there may be more regions than were told."""

    def differences(self) -> Iterator[Found]:
        """All differences; a region may come twice, or overlap another."""
        for side in (0, 1):
            plain = frozenset(line for line in self.alignment.changed[side] if self._is_decisive(side, line))
            for line in sorted(plain):
                yield from self._of_line(side, self._line(side, line))
            others = frozenset(self.alignment.changed[side]) - plain
            if others:
                yield from self._limited(self._of_goal(side, Goal(lines=others)))
            ends = frozenset(self.alignment.ends[side])
            if side == 1:
                ends -= set(self.alignment.chains.values())  # all these have been told
            if ends:
                yield from self._limited(self._of_goal(side, Goal(ends=ends)), first_pair=True)

    def _of_goal(self, side: int, goal: Goal) -> Iterator[Found]:
        """The differences among all packets that reach a goal under one ruleset."""
        for reached in self.walkers[side].reach(goal, self.universe.start):
            if any(True for _ in self.universe.real(reached.region)):
                yield from self.compare(reached.region)

    def _limited(self, found: Iterator[Found], *, first_pair: bool = False) -> Iterator[Found]:
        """As many regions of each pair as are told; with `first_pair` no more is asked once there are so many of one.

        Packets that differ and get to a policy without meeting a changed line have all the same pair.
        """
        told: dict[tuple[Outcome, Outcome], int] = {}
        for one in found:
            count = told[one.pair] = told.get(one.pair, 0) + 1
            if self._most is None or count <= self._most:
                yield one
            else:
                self.cut.add(one.pair)
                if first_pair and one.old.rule == one.new.rule == POLICY:
                    return

    # --- any region -------------------------------------------------------------------------------------------------

    def compare(self, region: Mapping[int, Set | None]) -> Iterator[Found]:
        """The differences among the packets of a region."""
        for old in self.walkers[0].reach(EVERY, region):
            for new in self.walkers[1].reach(self._goal(old.leaf), old.region):
                if not self._agree_in_doubt(old.leaf, new.leaf):
                    continue
                outcomes = self.outcome(0, old.leaf), self.outcome(1, new.leaf)
                if is_alike(*outcomes):
                    continue
                yield from self._told(new.region, *outcomes)

    def _told(self, region: Mapping[int, Set | None], old: Outcome, new: Outcome) -> Iterator[Found]:
        """A difference, if there are packets in its region."""
        parts = tuple(self.universe.real(region))
        if parts:
            yield Found(region, parts, old, new)

    def _goal(self, old: Leaf) -> Goal:
        """What is not the same as an outcome, as far as verdicts tell."""
        alike = old.verdict if not self.does and (old.verdict != REJECT or not self._answers_differ) else -1
        return Goal(DECIDES - {alike})

    def outcome(self, side: int, leaf: Leaf) -> Outcome:
        """What a leaf of a search says."""
        keys = self.keys[side]
        rules = [self._line(side, line) for line, _ in leaf.trail]
        truths = [truth for _, truth in leaf.trail]
        refused = leaf.verdict in FINAL and leaf.verdict != Verdict.ACCEPT
        left: list[object] = []
        doing: list[int] = []
        applied: list[int] = []
        for rule, truth in zip(rules, truths, strict=True):
            identity = self.alignment.identity(side, rule.number)
            there = rule.does and (truth != FALSE or rule.counts)
            what = keys.does(rule, self.universe.family, refused=refused, alone=identity < 0) if there else ()
            if what:
                left.append(what if truth == TRUE and not rule.counts else (identity, truth))
                doing.append(rule.source)
                applied += [rule.source] if truth != FALSE else []
        line = self._line(side, leaf.rule) if leaf.rule >= 0 else None
        answer = keys.answer(line, self.universe.family) if line is not None and leaf.verdict == REJECT else 0
        doubts = tuple(dict.fromkeys(self._line(side, number).source for number in leaf.doubts))
        source = POLICY if line is None else line.source
        return Outcome(leaf.verdict, answer, source, leaf.chain, tuple(left), tuple(doing), doubts, tuple(applied))

    def _agree_in_doubt(self, old: Leaf, new: Leaf) -> bool:
        """Whether lines that are the same, and hang on more than the packet, were taken alike."""
        taken = {self.alignment.identity(0, line): truth for line, truth in old.trail}
        return all(taken.get(self.alignment.identity(1, line), truth) == truth for line, truth in new.trail)

    # --- a line that decides ----------------------------------------------------------------------------------------

    def _of_line(self, side: int, rule: SpaceRule) -> Iterator[Found]:
        """The differences among the packets that a changed line decides about, by who decides in the other ruleset."""
        box = self._as_come(side, rule)
        start = {f: narrowed(self.universe.start.get(f), box.get(f)) for f in {*self.universe.start, *box}}
        if any(values == () for values in start.values()):
            return
        for goal, limits in self._others(side, rule, start):
            region = {f: narrowed(start.get(f), limits.get(f)) for f in {*start, *limits}}
            yield from self._limited(self._between(side, rule, goal, region))

    def _between(self, side: int, rule: SpaceRule, goal: Goal, region: Mapping[int, Set | None]) -> Iterator[Found]:
        """The differences among packets that meet a line, and in the other ruleset what the goal says.

        Which of both is asked first makes much of a difference if there is none: so each way is tried a little, then
        more. What is found on the way is enough.
        """
        budget = self.walkers[0].budget
        mine = Goal(lines=frozenset((rule.number,)))
        for steps in ATTEMPTS if self.most is not None else (None,):
            for first in (side, 1 - side):
                goals = (mine, goal) if first == side else (goal, mine)
                with budget.of_these(steps):
                    found = list(islice(self._meeting(first, *goals, region), self._most))
                if found or not budget.fell_short:
                    self.told += len(found)
                    if budget.fell_short or len(found) == self._most:
                        self.cut.update(one.pair for one in found)
                    yield from found
                    return

    def _meeting(self, first: int, goal: Goal, other: Goal, region: Mapping[int, Set | None]) -> Iterator[Found]:
        """The differences among packets that reach a goal in one ruleset, and another one in the other."""
        for one in self.walkers[first].reach(goal, region):
            for two in self.walkers[1 - first].reach(other, one.region):
                leaves = (one.leaf, two.leaf) if first == 0 else (two.leaf, one.leaf)
                yield from self._met(*leaves, two.region)

    def _met(self, old: Leaf, new: Leaf, region: Mapping[int, Set | None]) -> Iterator[Found]:
        """The differences among packets that have met lines that decide, if no chain is left that may refuse them."""
        if self._is_final and not old.trail and not new.trail:
            outcomes = self._decided(0, old), self._decided(1, new)
            yield from self._told(region, *outcomes)
        else:
            yield from self.compare(region)

    def _decided(self, side: int, leaf: Leaf) -> Outcome:
        """What becomes of packets that have met a line that decides, or a policy."""
        verdict = leaf.verdict if leaf.rule < 0 else self._line(side, leaf.rule).verdict
        return self.outcome(side, replace(leaf, verdict=verdict))

    def _others(
        self, side: int, rule: SpaceRule, start: Mapping[int, Set | None]
    ) -> Iterator[tuple[Goal, Mapping[int, Set | None]]]:
        """Who may decide otherwise in the other ruleset, each with what it asks.

        Only base chains that correspond matter: if a packet's fate changes in others, it meets a changed line there.
        """
        mine, other = self.walkers[side].side, self.walkers[1 - side].side
        chain = int(mine.model.program.rules[rule.number]["chain"])
        partners = self.alignment.chains if side == 0 else self._chains_back
        own = other.own(self.seen[1 - side].of(start))
        for base in (one for one in self._bases[side] if chain in mine.model.calls(one)):
            partner = partners.get(base)
            if partner is None:
                if rule.verdict != Verdict.ACCEPT:
                    yield Goal(frozenset((int(Verdict.ACCEPT),))), {}
                continue
            for number in sorted(other.model.calls(partner)):
                found = other.model.chains[number]
                for place in bits_of(found.index.view(other.model.region(own), 0).touching):
                    line = found.rules[place]
                    if line.verdict in DECIDERS and not self._is_settled(side, rule, line):
                        yield Goal(lines=frozenset((line.number,))), self._as_come(1 - side, line)
            if other.model.chains[partner].policy != rule.verdict:
                yield Goal(ends=frozenset((partner,))), {}

    def _is_settled(self, side: int, rule: SpaceRule, other: SpaceRule) -> bool:
        """Whether nothing can come of two lines, the second of the other ruleset: or it has been told already."""
        if self._is_alike(side, rule, other) or (side == 1 and other.number in self.alignment.changed[0]):
            return True
        line = (self._back if side == 0 else self.alignment.same).get(other.number)
        if line is None or line >= rule.number or not other.is_plain:
            return False
        rules = self.walkers[side].side.model.program.rules
        if rules[line]["chain"] != rules[rule.number]["chain"]:
            return False
        # It would have decided before, if it is seen in the chain as it is in the other ruleset.
        box = self.walkers[1 - side].side.in_common(other.box)
        return self._is_final or all(seen.is_constant(box) for seen in self.seen)

    def _as_come(self, side: int, rule: SpaceRule) -> dict[int, Set | None]:
        """What is certain of packets, as they come, that meet a line."""
        return self.seen[side].as_come(self.walkers[side].side.in_common(rule.box))

    def _is_alike(self, side: int, rule: SpaceRule, other: SpaceRule) -> bool:
        """Whether two lines decide alike."""
        if rule.verdict != other.verdict:
            return False
        lines = zip((side, 1 - side), (rule, other), strict=True)
        answers = [self.keys[each].answer(line, self.universe.family) for each, line in lines if line.verdict == REJECT]
        return len(set(answers)) < 2

    @cached_property
    def _back(self) -> dict[int, int]:
        """The lines of the old ruleset by those of the new one."""
        return {new: old for old, new in self.alignment.same.items()}

    @cached_property
    def _chains_back(self) -> dict[int, int]:
        """The chains of the old ruleset by those of the new one."""
        return {new: old for old, new in self.alignment.chains.items()}

    @property
    def _most(self) -> int | None:
        """How many regions are told of a pair: of each only one, if there are very many."""
        return self.most if self.most is None or self.told < MANY else 1

    @cached_property
    def _is_final(self) -> bool:
        """Whether what the one chain decides is what becomes of packets."""
        return all(len(bases) == 1 for bases in self._bases) and all(
            sum(isinstance(stop, Base) for stop in walker.way) == 1 for walker in self.walkers
        )

    # --- what the rulesets are like ---------------------------------------------------------------------------------

    def _line(self, side: int, number: int) -> SpaceRule:
        """A line by its number."""
        model = self.walkers[side].side.model
        chain = model.chains[int(model.program.rules[number]["chain"])]
        return chain.rules[number - chain.first]

    def _is_decisive(self, side: int, number: int) -> bool:
        """Whether it is enough to ask who else decides about the packets of a line."""
        rule = self._line(side, number)
        return rule.verdict in FINAL and not self.does

    @cached_property
    def _bases(self) -> tuple[list[int], list[int]]:
        """The base chains of both ways that are for the family."""
        family = self.universe.family
        found = [
            list(dict.fromkeys(s.chain for s in walker.way if isinstance(s, Base) and s.family in (0, family)))
            for walker in self.walkers
        ]
        return found[0], found[1]

    def _chains(self, side: int) -> Iterator[SpaceChain]:
        """All chains on a way."""
        model = self.walkers[side].side.model
        for number in sorted({chain for base in self._bases[side] for chain in model.calls(base)}):
            yield model.chains[number]

    @cached_property
    def does(self) -> bool:
        """Whether any line on either way leaves anything but a verdict."""
        return any(rule.does for side in (0, 1) for chain in self._chains(side) for rule in chain.rules if rule.steps)

    @cached_property
    def _answers_differ(self) -> bool:
        """Whether there are rejections with different answers on the ways."""
        answers = {
            self.keys[side].answer(rule, self.universe.family)
            for side in (0, 1)
            for chain in self._chains(side)
            for rule in chain.rules
            if rule.verdict == REJECT
        }
        return len(answers) > 1


def is_alike(old: Outcome, new: Outcome) -> bool:
    """Whether two outcomes are the same, whoever decided."""
    return (old.verdict, old.answer, old.left) == (new.verdict, new.answer, new.left)
