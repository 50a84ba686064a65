"""Rules whose verdict changes nothing: without them every packet would get the same one; or a later chain undoes it.

Read first: `ground`, `unreachable`. Both are proved over all packets. A rule that does more than to give a verdict is
left alone, and one that hangs on more than the packet. What a rule is without is asked of its own chain if it accepts
(what later chains do with the packets stays), and of the whole way if it refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from fwsim.engine.program import OP_ELEMENT, V_REJECT
from fwsim.space import Goal, Search
from fwsim.space.index import bits_of
from fwsim.space.intervals import Set
from fwsim.space.model import FINAL, SpaceRule
from fwsim.space.node import POLICY
from fwsim.space.walking import Trip, Visit, Walk
from fwsim.space.ways import Base, Stop
from fwsim.terms import Verdict

from .confirming import Region
from .ground import Budget, Ground, Sample
from .pairs import both_boxes
from .traffic import FAMILIES
from .unreachable import Reaching, holds

ACCEPT, DROP, REJECT = int(Verdict.ACCEPT), int(Verdict.DROP), int(Verdict.REJECT)
ALL = frozenset((ACCEPT, DROP, REJECT))
IN_ALL = 20_000
"""Regions that are looked at for all rules together."""
FEW = 8
"""Later rules whose packets are tried."""
PARTS = 200
"""Regions of one rule that are looked at one by one."""


Differing = Callable[[int, int, Region], bool]
"""Whether some of the packets of a rule at a hook are an exception."""


@dataclass(frozen=True)
class Idle:
    """A rule whose verdict changes nothing, and the rule that decides instead; without one it is the policy.

    `alone` tells whether that is so for all packets of the rule, or for the packet that shows it.
    """

    rule: int
    instead: int | None
    sample: Sample
    alone: bool = False


class Removing:
    """A program whose rules are left out one by one."""

    def __init__(self, reaching: Reaching, logging: frozenset[int] = frozenset()) -> None:
        """Only those are asked about that `reaching` has a packet for; those of `logging` do more."""
        self.ground: Ground = reaching.ground
        self.reached = reaching.reached
        self.logging = logging
        self.open: list[int] = []
        """Rules of which it was not found out."""
        self._budget = Budget(IN_ALL)

    def redundant(self) -> Iterator[Idle]:
        """The rules without which nothing would change."""
        for rule, sample in sorted(self.reached.items()):
            if not self._is_asked(rule):
                continue
            without = self._without(rule, sample)
            if without is None or not self._is_redundant(rule, sample):
                continue
            instead = None if without.rule == POLICY else self.ground.sources[without.rule]
            yield Idle(rule, instead, sample, self._is_alone(rule, without))

    def in_vain(self) -> Iterator[Idle]:
        """The rules all of whose packets are accepted, and then refused by a later chain."""
        for rule, sample in sorted(self.reached.items()):
            verdict = self.ground.verdict_of(rule)
            if verdict is None or verdict[0] != ACCEPT or sample.trip.verdict not in (DROP, REJECT):
                continue
            if self._is_proved(rule, self._gets_through):
                decided = sample.trip.rule
                yield Idle(rule, None if decided == POLICY else self.ground.sources[decided], sample)

    def _is_asked(self, rule: int) -> bool:
        """Whether a rule only gives a verdict to packets of which all is known."""
        verdict = self.ground.verdict_of(rule)
        if verdict is None or verdict[0] not in FINAL or rule in self.logging:
            return False
        if verdict[0] == REJECT and len(self._rejections) > 1:
            return False
        return all(step.row["op"] <= OP_ELEMENT for line in self.ground.lines[rule] for step in line.steps)

    @cached_property
    def _rejections(self) -> set[int]:
        """The kinds of rejections there are."""
        rows = self.ground.rows
        return set(rows["reject_with"][rows["verdict"] == V_REJECT].tolist())

    def _without(self, rule: int, sample: Sample) -> Trip | None:
        """What becomes of a packet without a rule, if it gets the same verdict; else None."""
        visit = sample.visit(self._numbers(rule))
        if visit is None or self._is_seen_at_once(sample, visit):
            return None
        way = self._way_of(rule, sample.hook, visit.stop)
        trip = Walk(self.ground.model, way, frozenset((rule,))).trip(sample.packet)
        verdict = self.ground.verdict_of(rule)
        return trip if trip is not None and verdict is not None and trip.verdict == verdict[0] else None

    def _is_alone(self, rule: int, without: Trip) -> bool:
        """Whether who decides about a packet without a rule would decide about all of them."""
        lines, number = self.ground.lines[rule], self.ground.lowered.rules[rule].chain
        chain = self.ground.model.chains[number]
        if without.chain != number:
            return False
        if without.rule != POLICY:
            return all(holds(chain.rules[without.rule - chain.first], line) for line in lines)
        some = [line for line in lines if all(line.box.values())]
        views = (chain.index.view(self.ground.model.region(line.box), line.number - chain.first + 1) for line in some)
        return not any(view.touching & ~chain.idle & ~chain.sources(frozenset((rule,))) for view in views)

    def _numbers(self, rule: int) -> set[int]:
        """The lines of a rule."""
        return {line.number for line in self.ground.lines[rule]}

    def _way_of(self, rule: int, hook: int, stop: int) -> list[Stop]:
        """As far as the verdict of a rule matters: that of its chain if it accepts."""
        way = self.ground.ways[hook]
        verdict = self.ground.verdict_of(rule)
        return way[: stop + 1] if verdict is not None and verdict[0] == ACCEPT else way

    def _is_seen_at_once(self, sample: Sample, visit: Visit) -> bool:
        """Whether the next rule behind the one that decides does the opposite, or if there is none, the policy does."""
        chain = self.ground.model.chains[visit.chain]
        place = visit.line - chain.first
        verdict = chain.rules[place].verdict
        stop = self.ground.ways[sample.hook][visit.stop]
        if verdict != ACCEPT or not isinstance(stop, Base):
            return False
        behind = visit.meeting & ~chain.idle & ~((2 << place) - 1)
        if not behind:
            return stop.chain == visit.chain and chain.policy != ACCEPT
        after = chain.rules[(behind & -behind).bit_length() - 1]
        return after.is_plain and after.verdict in (DROP, REJECT)

    def _is_redundant(self, rule: int, sample: Sample) -> bool:
        """Whether all packets get the same verdict without a rule."""
        (line, *more) = self.ground.lines[rule]
        if more or not line.is_plain or line.box.keys() & self.ground.model.altered:
            return self._is_proved(rule, self._changes)
        chain = self.ground.model.chains[self.ground.lowered.rules[rule].chain]
        view = chain.index.view(self.ground.model.region(line.box), line.number - chain.first + 1)
        alike = chain.finals[line.verdict]
        ends = view.certain() & alike
        others = view.touching & ~chain.idle & ~alike
        if ends and not others & (ends & -ends) - 1:
            return True
        return not self._can_be_seen(
            rule, sample.hook, line, [chain.rules[place] for place in islice(bits_of(others), FEW)]
        )

    def _can_be_seen(self, rule: int, hook: int, line: SpaceRule, others: list[SpaceRule]) -> bool:
        """Whether packets get another verdict without a rule; one of those that later rules ask for too, mostly."""
        boxes = (both_boxes(line, other) for other in others)
        if any(self._is_shown(rule, hook, box) for box in boxes) or self._is_shown(rule, hook, line.box):
            return True
        return not self._is_proved(rule, self._changes)

    def _is_shown(self, rule: int, hook: int, box: dict[int, Set]) -> bool:
        """Whether one of a few packets of a box gets another verdict without a rule."""
        for family in FAMILIES:
            for packet in self.ground.ordinary.samples(family, box):
                sample = self.ground.sample(hook, packet)
                if sample is not None and self._gets_another(rule, sample):
                    return True
        return False

    def _gets_another(self, rule: int, sample: Sample) -> bool:
        """Whether a packet to which a rule applies gets another verdict without it."""
        visit = sample.visit(self._numbers(rule))
        if visit is None:
            return False
        way = self._way_of(rule, sample.hook, visit.stop)
        trip = Walk(self.ground.model, way, frozenset((rule,))).trip(sample.packet)
        verdict = self.ground.verdict_of(rule)
        return trip is not None and verdict is not None and trip.verdict != verdict[0]

    # --- proofs -----------------------------------------------------------------------------------------------------

    def _is_proved(self, rule: int, found: Differing) -> bool:
        """Whether no packet of a rule, on any way, is an exception."""
        chain = self.ground.lowered.rules[rule].chain
        for hook in self.ground.hooks_of_chains.get(chain, ()):
            for family in FAMILIES:
                for line in self.ground.lines[rule]:
                    if found(rule, hook, self.ground.packets(family, line.box, hook)):
                        return False
        return rule not in self.open

    def _changes(self, rule: int, hook: int, packets: Region) -> bool:
        """Whether some of the packets that a rule decides about may get another verdict without it."""
        verdict = self.ground.verdict_of(rule)
        assert verdict is not None
        way = self.ground.ways[hook]
        chain = self.ground.lowered.rules[rule].chain
        ways: list[list[Stop]] = [way]
        if verdict[0] == ACCEPT:
            stops = [number for number, stop in enumerate(way) if self._leads(stop, chain)]
            ways = [way[: number + 1] for number in stops]
        others = Goal(ALL - {verdict[0]})
        return any(self._any(rule, one, packets, others, frozenset((rule,))) for one in ways)

    def _gets_through(self, rule: int, hook: int, packets: Region) -> bool:
        """Whether some of the packets that a rule accepts get through in the end."""
        return self._any(rule, self.ground.ways[hook], packets, Goal(frozenset((ACCEPT,))), frozenset())

    def _leads(self, stop: Stop, chain: int) -> bool:
        """Whether packets may get from a stop to a chain."""
        return isinstance(stop, Base) and chain in self.ground.model.calls(stop.chain)

    def _any(self, rule: int, way: list[Stop], packets: Region, goal: Goal, without: frozenset[int]) -> bool:
        """Whether some of the packets to which a rule applies reach a goal; noted if that was not found out."""
        budget, model = self._budget, self.ground.model
        steps = budget.steps
        applying = Search(model, way, Goal(rules=frozenset((rule,))), steps)
        found, left = False, PARTS
        for leaf in applying.leaves(packets):
            further = Search(model, way, goal, max(budget.steps - steps + applying.left, 0), without)
            spent = further.left
            found = next(further.leaves(leaf.packets), None) is not None
            budget.left -= spent - further.left
            left -= 1
            if found or not further.complete or not left:
                self._note(rule, done=found)
                break
        if not applying.complete:
            self._note(rule, done=found)
        budget.left -= steps - applying.left
        return found or rule in self.open

    def _note(self, rule: int, *, done: bool) -> None:
        """A search was ended before its end."""
        if not done and rule not in self.open:
            self.open.append(rule)
