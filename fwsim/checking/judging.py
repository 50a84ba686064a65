"""Rules that never apply, and what becomes of the packets that they ask for: shadowed, redundant, or neither.

Read first: `unreachable`, `pairs`, `removing`. What these find is put into sentences here, by the numbers of rules.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.space import Goal, Leaf, Search
from fwsim.space.model import FINAL
from fwsim.space.walking import Walk
from fwsim.space.ways import Base, Stop
from fwsim.terms import Verdict

from .confirming import fitting
from .found import Found
from .ground import Budget, Ground, Sample
from .kinds import Kind, Level
from .pairs import Pairs
from .removing import Removing
from .traffic import FAMILIES
from .unreachable import Reaching, Unreachable

MOST_TAKERS = 4
"""Rules that are named of those that take the packets of another."""
IN_ALL = 10_000
"""Regions that are looked at to tell what becomes of packets."""
ACCEPT = int(Verdict.ACCEPT)
ALL = frozenset(FINAL)
STAYS = "; it is the only rule that asks for connections: without it packets are not tracked, nor put together"


def listed(count: int, most: int = MOST_TAKERS) -> str:
    """Places for so many names in a sentence; of many only the first."""
    names = [f"{{{number}}}" for number in range(min(count, most))]
    more = [f"{count - most} more"] if count > most else []
    return ", ".join([*names, *more])


class Judging:
    """A program whose rules that never apply are told apart."""

    def __init__(
        self, reaching: Reaching, waiting: frozenset[int] = frozenset(), tracking: frozenset[int] = frozenset()
    ) -> None:
        """Nothing is looked at yet; rules `waiting` ask for sets that are empty as they are written.

        `tracking` is the rule, if there is one, that alone makes packets be tracked.
        """
        self.waiting = waiting
        self.tracking = tracking
        self.ground: Ground = reaching.ground
        self.reaching = reaching
        self._budget = Budget(IN_ALL)

    def never_applying(self) -> Iterator[Found]:
        """The rules that no packet reaches."""
        for one in self.reaching.unreachable():
            if not self.ground.lowered.rules[one.rule].not_simulated:  # that is told
                yield self._found(one)

    def _found(self, one: Unreachable) -> Found:
        """What is said of a rule that no packet reaches."""
        chain = self.ground.lowered.rules[one.rule].chain
        if not one.covered_by:
            level = Level.NOTE if one.rule in self.waiting else None
            return Found(Kind.UNREACHABLE, one.rule, chain, self._nothing(one.rule), (), one.sample, level=level)
        kind, sample = self._kind(one)
        takers = listed(len(one.covered_by))
        takes = "takes" if len(one.covered_by) == 1 else "together take"
        what = f"{takers} {takes} every packet before it" + STAYS * (one.rule in self.tracking)
        return Found(kind, one.rule, chain, what, one.covered_by, sample)

    def _nothing(self, rule: int) -> str:
        """Why no packet is as a rule asks."""
        if rule in self.waiting:
            return "no packet is as it asks: a set that it names is empty"
        boxes = [line.box for line in self.ground.lines.get(rule, ())]
        if any(all(box.values()) for box in boxes):
            return "no packet that gets to its chain is as it asks"
        return "no packet is as it asks"

    def _kind(self, one: Unreachable) -> tuple[Kind, Sample | None]:
        """Whether rules that do the same take all its packets, or others do something else; with one that shows it."""
        verdict = self.ground.verdict_of(one.rule)
        if verdict is None or verdict[0] not in FINAL:
            return Kind.UNREACHABLE, one.sample
        if all(self.ground.verdict_of(taker) == verdict for taker in one.covered_by):
            return Kind.REDUNDANT, one.sample
        if one.sample is not None and self._gets_another(one.rule, verdict[0], one.sample):
            return Kind.SHADOWED, one.sample
        different = self._different(one.rule, verdict[0])
        if different is not None:
            return Kind.SHADOWED, different
        return Kind.UNREACHABLE, one.sample

    def _way(self, rule: int, verdict: int, hook: int) -> list[Stop]:
        """A way as far as the verdict of a rule matters: what later chains do with what it accepts is theirs."""
        way, chain = self.ground.ways[hook], self.ground.lowered.rules[rule].chain
        if verdict != ACCEPT:
            return way
        calls = self.ground.model.calls
        stops = [number for number, stop in enumerate(way) if isinstance(stop, Base) and chain in calls(stop.chain)]
        return way[: stops[-1] + 1]

    def _gets_another(self, rule: int, verdict: int, sample: Sample) -> bool:
        """Whether a packet that a rule asks for is seen to get another verdict."""
        trip = Walk(self.ground.model, self._way(rule, verdict, sample.hook)).trip(sample.packet)
        return trip is not None and trip.verdict != verdict

    def _different(self, rule: int, verdict: int) -> Sample | None:
        """A packet that a rule asks for and that gets another verdict."""
        ground = self.ground
        for hook in ground.hooks_of_chains.get(ground.lowered.rules[rule].chain, ()):
            for family in FAMILIES:
                for line in ground.lines.get(rule, ()):
                    steps = self._budget.steps
                    search = Search(ground.model, self._way(rule, verdict, hook), Goal(ALL - {verdict}), steps)
                    leaves = search.leaves(ground.packets(family, line.box, hook))
                    found = next(filter(None, (self._sample(hook, family, leaf) for leaf in leaves)), None)
                    self._budget.left -= steps - search.left
                    if found is not None and self._gets_another(rule, verdict, found):
                        return found
        return None

    def _sample(self, hook: int, family: int, leaf: Leaf) -> Sample | None:
        """An ordinary packet of a region on its way."""
        part = next(fitting(leaf.packets, self.ground.ordinary.shapes[family]), None)
        return None if part is None else self.ground.sample(hook, self.ground.ordinary.usual(part))


def removable(removing: Removing) -> Iterator[Found]:
    """Rules that change nothing."""
    lowered = removing.ground.lowered
    for one in removing.redundant():
        by = "the policy" if one.instead is None else "{0}"
        by = by if one.alone else "rules behind it, or the policy,"
        what = f"changes nothing: {by} would do the same with all that it takes"
        others = () if one.instead is None else (one.instead,)
        level = Level.NOTE if one.instead is None else Level.WARNING
        yield Found(Kind.REDUNDANT, one.rule, lowered.rules[one.rule].chain, what, others, one.sample, level=level)
    for one in removing.in_vain():
        by = "the policy of a later chain refuses" if one.instead is None else "{0} refuses"
        others = () if one.instead is None else (one.instead,)
        what = f"to no effect: {by} what it accepts"
        yield Found(Kind.NO_EFFECT, one.rule, lowered.rules[one.rule].chain, what, others, one.sample)


def pairing(pairs: Pairs) -> Iterator[Found]:
    """Rules that do the opposite to the same packets."""
    pairs.find()
    lowered = pairs.ground.lowered
    for rule, general in sorted(pairs.general.items()):
        are = "is an exception" if len(general.rules) == 1 else "are exceptions"
        what = f"does the opposite of {listed(len(general.rules))}, which {are} from it"
        chain = lowered.rules[rule].chain
        yield Found(Kind.GENERALISATION, rule, chain, what, tuple(general.rules), general.sample)
    for rule, others in sorted(pairs.correlated.items()):
        do = "does" if len(others.rules) == 1 else "do"
        what = (
            f"some of its packets are for {listed(len(others.rules))} too, which {do} the opposite: the order decides"
        )
        yield Found(Kind.CORRELATION, rule, lowered.rules[rule].chain, what, tuple(others.rules), others.sample)
