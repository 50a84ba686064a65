"""Findings on what rules make of connections: new ones without a SYN, invalid packets, what is exempted from tracking.

Read first: `ground`, `traffic`, conntrack-spec. What rules accept is told, not what a policy accepts, and nothing
of the loopback interface.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from fwsim.engine.program import OP_NOTRACK
from fwsim.space import Goal, Leaf, Search
from fwsim.space.fields import CT_STATE, IIF, MARK
from fwsim.space.intervals import narrowed, point
from fwsim.space.model import FINAL
from fwsim.space.node import POLICY
from fwsim.space.search import GETS_THROUGH
from fwsim.space.ways import Base, Stop, Track
from fwsim.terms import CtState, Hook, Verdict, word

from .bringing import Bringing
from .confirming import Region, fitting
from .found import Found
from .ground import Budget, Ground, Sample
from .kinds import Kind
from .traffic import FAMILIES, Shape, arriving, invalid, midway, opening
from .traffic import Kind as Packets

ACCEPT = int(Verdict.ACCEPT)
FROM_OUTSIDE = (int(Hook.FORWARD), int(Hook.INPUT))
IN_ALL = 4_000
"""Regions that are looked at for each kind."""
REGIONS = 200
"""Regions in which rules are looked for that do the same; behind that, each rule is looked at by itself."""
ONE_BY_ONE = 60_000
"""Regions that are looked at for all those rules together."""
PARTS = 20
"""Regions of one rule that are looked at."""
TRIES = 3
"""Packets of a rule that are brought about to see whether one shows what is said of it."""

LOOSE = "accepts TCP packets without SYN that belong to no connection: conntrack takes them for new (tcp_loose)"
STRANGE = "accepts packets that conntrack calls invalid"
EXEMPTED = "takes packets out of tracking that {0} would accept as new: untracked, they are dropped"


class States:
    """A program whose rules ask for connections."""

    def __init__(self, ground: Ground, reached: Collection[int] | None = None) -> None:
        """Nothing is looked at yet; `reached` are the rules that a packet gets to, if that is known."""
        self.ground = ground
        self.reached = range(len(ground.lowered.rules)) if reached is None else reached
        self.open: list[Kind] = []
        """Kinds of which it was not found out, or not of all rules."""
        self.bringing = Bringing(ground.lowered)
        self._loose = bool(ground.lowered.settings[0]["loose"])

    def found(self) -> Iterator[Found]:
        """All findings of these kinds; there are none where packets are not tracked."""
        lowered = self.ground.lowered
        if not (lowered.tracking and lowered.uses_ct):
            return
        if self._loose:
            yield from self._accepted(Kind.NEW_WITHOUT_SYN, dict.fromkeys(FAMILIES, midway()), LOOSE)
        strange = {family: invalid(family, loose=self._loose) for family in FAMILIES}
        yield from self._accepted(Kind.INVALID_ACCEPTED, strange, STRANGE)
        yield from self._exempted()

    def _accepted(self, kind: Kind, packets: Mapping[int, Packets], what: str) -> Iterator[Found]:
        """Rules that accept packets that come from outside; `packets` by family."""
        for hook in FROM_OUTSIDE:
            rules: dict[int, Sample] = {}
            for family, those in packets.items():
                every = {**arriving(hook, family), **those.seen, IIF: self.ground.outside}
                for shape in those.shapes:
                    for region in fitting(every, [shape]):
                        if not _Accepting(self, hook, family, shape, rules).is_done(region):
                            self._note(kind)
            refusing = self._refusing(hook, CtState.INVALID) if kind == Kind.INVALID_ACCEPTED else ()
            words = what + ", before {0} drops them" * bool(refusing)
            for rule, sample in sorted(rules.items()):
                chain = self.ground.lowered.rules[rule].chain
                yield Found(kind, rule, chain, words, refusing, sample, together=word(Hook(hook)))

    def _note(self, kind: Kind) -> None:
        """Not all was found out."""
        if kind not in self.open:
            self.open.append(kind)

    def samples(self, hook: int, region: Region, shapes: Iterable[Shape]) -> Iterator[Sample]:
        """Ordinary packets of a region, one for each shape, on their way."""
        for part in fitting(region, shapes):
            sample = self.ground.sample(hook, self.ground.ordinary.usual(part))
            if sample is not None:
                yield sample

    def is_exempt(self, sample: Sample) -> bool:
        """Whether a rule has exempted a packet from tracking, so that it is in no other state than untracked."""
        return any(visit.line in self._exempting for visit in sample.trip.visits)

    @cached_property
    def _exempting(self) -> frozenset[int]:
        """The lines that exempt packets from tracking."""
        lines = (line for lines in self.ground.lines.values() for line in lines)
        return frozenset(line.number for line in lines if any(step.row["op"] == OP_NOTRACK for step in line.steps))

    def _refusing(self, hook: int, state: CtState) -> tuple[int, ...]:
        """The first rule at a hook that refuses just the packets of a state."""
        bases = [stop for stop in self.ground.ways[hook] if isinstance(stop, Base) and stop.hook == hook]
        chains = sorted({chain for stop in bases for chain in self.ground.model.calls(stop.chain)})
        for line in (line for chain in chains for line in self.ground.model.chains[chain].rules):
            if line.verdict in FINAL and line.verdict != ACCEPT and line.box == {CT_STATE: point(int(state))}:
                return (line.source,)
        return ()

    # --- exempted from tracking -------------------------------------------------------------------------------------

    def _exempted(self) -> Iterator[Found]:
        """Rules that exempt packets from tracking that are then dropped, and would be accepted if they were tracked."""
        for rule in sorted({self.ground.sources[line] for line in self._exempting}):
            for hook in self.ground.hooks_of_chains.get(self.ground.lowered.rules[rule].chain, ()):
                found = self._missing(rule, hook)
                if found is not None:
                    yield found
                    break

    def _missing(self, rule: int, hook: int) -> Found | None:
        """A packet that is dropped since a rule has exempted it from tracking."""
        ground, way = self.ground, self.ground.ways[hook]
        tracked = [stop for number, stop in enumerate(way) if number > _tracking(way)]
        exempting = Search(ground.model, way, Goal(rules=frozenset((rule,))), Budget(IN_ALL).steps)
        complete = True
        for family in FAMILIES:
            new = opening(family, loose=self._loose)
            packets = {**ground.packets(family, {}, hook), MARK: point(0)}
            for leaf in exempting.leaves(packets):
                accepting = Search(ground.model, tracked, GETS_THROUGH, exempting.left)
                for accepted in accepting.leaves({**leaf.packets, **new.seen}):
                    found = self._lost(rule, hook, new.shapes, accepted)
                    if found is not None:
                        return found
                exempting.left = accepting.left
                complete &= accepting.complete
        if not (exempting.complete and complete):
            self._note(Kind.NOTRACK_STATE)
        return None

    def _lost(self, rule: int, hook: int, shapes: Iterable[Shape], leaf: Leaf) -> Found | None:
        """What is lost of a region that would be accepted if it were tracked."""
        if leaf.rule == POLICY:
            return None
        for sample in self.samples(hook, leaf.packets, shapes):
            if sample.trip.verdict == ACCEPT or sample.visit(self._exempting) is None:
                continue
            untracked = replace(sample, packet={**sample.packet, CT_STATE: int(CtState.UNTRACKED)})
            if rule in {self.ground.sources[visit.line] for visit in sample.trip.visits}:
                if self.bringing.shown(untracked):
                    chain = self.ground.lowered.rules[rule].chain
                    return Found(
                        Kind.NOTRACK_STATE, rule, chain, EXEMPTED, (self.ground.sources[leaf.rule],), untracked
                    )
                self._note(Kind.NOTRACK_STATE)
        return None


class _Accepting:
    """Rules that accept packets of a shape at a hook, with one for each that the engine accepts because of it."""

    def __init__(self, states: States, hook: int, family: int, shape: Shape, rules: dict[int, Sample]) -> None:
        """What is found is put into `rules`."""
        self.states, self.ground = states, states.ground
        self.hook, self.family, self.shape = hook, family, shape
        self.rules = rules
        self.failed: dict[int, int] = {}
        """Of rules how many packets were not brought about."""

    def is_done(self, region: Region) -> bool:
        """Look at a region of the shape; whether all rules were found."""
        search = Search(self.ground.model, self.ground.ways[self.hook], GETS_THROUGH, Budget(IN_ALL).steps)
        for count, leaf in enumerate(search.leaves(region)):
            self._look({**region, **leaf.packets})
            if count == REGIONS:
                break
        else:
            if search.complete:
                return self.failed.keys() <= self.rules.keys()
        return self._each(region) and self.failed.keys() <= self.rules.keys()

    def _look(self, region: Region) -> bool:
        """Note the rule that accepts packets of a region that all go the same way; whether there are such packets."""
        for sample in self.states.samples(self.hook, region, [self.shape]):
            rule = self.ground.accepting(sample) if sample.trip.verdict == ACCEPT else None
            if rule is not None and rule not in self.rules and not self.states.is_exempt(sample):
                self._bring(rule, sample)
            return True
        return next(fitting(region, [self.shape]), None) is not None

    def _bring(self, rule: int, sample: Sample) -> None:
        """Bring a packet about; if that does not show what is said of the rule some times, it is left."""
        failed = self.failed.get(rule, 0)
        if failed < TRIES and self.states.bringing.shown(sample):
            self.rules[rule] = sample
        else:
            self.failed[rule] = failed + 1

    def _each(self, region: Region) -> bool:
        """Look at each rule that accepts by itself, in case it takes some of a region; whether all was found out."""
        ground, budget, every = self.ground, Budget(ONE_BY_ONE), True
        for line in (line for lines in ground.lines.values() for line in lines if line.verdict == ACCEPT):
            known = line.source in self.rules or line.source not in self.states.reached
            if known or ground.lowered.rules[line.source].chain not in ground.filtering[self.hook]:
                continue
            asked = ground.packets(self.family, line.box, self.hook)
            part = {field: narrowed(region.get(field), asked.get(field)) for field in {*region, *asked}}
            if all(values is None or values for values in part.values()):
                every &= self._takes(line.source, part, budget)
        return every

    def _takes(self, rule: int, part: Region, budget: Budget) -> bool:
        """Look for packets of a region that a rule accepts; whether it is known if there are any."""
        for goal in (Goal(rules=frozenset((rule,))), GETS_THROUGH):
            search = Search(self.ground.model, self.ground.ways[self.hook], goal, steps := budget.steps)
            count = 0
            for leaf in search.leaves(part):
                count += self._look({**part, **leaf.packets})
                if rule in self.rules or count == PARTS:
                    break
            budget.left -= steps - search.left
            if rule in self.rules or (search.complete and not count):
                return True
        return search.complete and count < PARTS


def _tracking(way: list[Stop]) -> int:
    """Where on a way packets are tracked."""
    return next((number for number, stop in enumerate(way) if isinstance(stop, Track)), -1)
