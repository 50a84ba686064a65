"""What all findings stand on: the rules as sets, and the ways on which packets get to them.

Read first: `fwsim.space`, `ordinary`. A box is what a line of a rule asks of a packet; `Ground.packets` tells
which packets, as they come, may meet it; `Ground.ordinary` has a few of them.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cached_property

from fwsim.engine.path import LOCAL
from fwsim.engine.program import OP_KEEP, V_GOTO, V_JUMP, V_REJECT
from fwsim.lower import Lowered
from fwsim.space import Model, way_through
from fwsim.space.fields import (
    CT_DIRECTION,
    CT_MARK,
    CT_STATE,
    CT_STATUS,
    DPORT,
    DST,
    FAMILY,
    IIF,
    OIF,
    SPORT,
    SRC,
    TTL,
)
from fwsim.space.intervals import Set, holds, minus, narrowed, of_intervals, point, touches
from fwsim.space.model import SpaceRule
from fwsim.space.walking import Trip, Visit, Walk
from fwsim.space.ways import Base, Stop, Track
from fwsim.tables import PACKET
from fwsim.terms import ABSENT, CtState, Hook, Verdict
from fwsim.topology import LOOPBACK

from .ordinary import Ordinary
from .traffic import FAMILIES, HOOKS, INTERFACES

ACCEPT = int(Verdict.ACCEPT)
FORWARD = int(Hook.FORWARD)
STEPS = 5_000
IN_ALL = 100_000
"""How many regions are looked at for one question, and for all questions of a kind together."""
OF_PACKETS = len(PACKET.names or ())
"""Fields behind these are read of headers anew at every hook."""
MOVING = frozenset((TTL, CT_DIRECTION, CT_STATUS, CT_MARK))
"""What rules may see of a packet otherwise than it came."""
ADDRESSED = frozenset((SRC, DST, SPORT, DPORT))
BEFORE_TRACKING = ((int(CtState.INVALID), int(CtState.INVALID)), (int(CtState.UNTRACKED), int(CtState.UNTRACKED)))


@dataclass(frozen=True)
class Sample:
    """A packet by its fields, at a hook, and its way through the rules."""

    hook: int
    packet: Mapping[int, int]
    trip: Trip

    def visit(self, lines: Container[int]) -> Visit | None:
        """When the first of some lines applied."""
        return next((visit for visit in self.trip.visits if visit.line in lines), None)


class Budget:
    """How many regions may still be looked at."""

    def __init__(self, left: int) -> None:
        """Nothing is spent yet."""
        self.left = left

    @property
    def steps(self) -> int:
        """How many for one question."""
        return max(min(STEPS, self.left), 0)


class Ground:
    """A program, its rules and their ways."""

    def __init__(self, lowered: Lowered) -> None:
        """Read the program as sets."""
        self.lowered = lowered
        self.model = Model(lowered)
        self.ways = {hook: way_through(self.model, hook) for hook in HOOKS}
        self.walks = {hook: Walk(self.model, way) for hook, way in self.ways.items()}
        self.ordinary = Ordinary(self.model.fields, lowered.interfaces)
        self.rows = self.model.program.rules
        self.sources: list[int] = self.rows["source"].tolist()
        """Of each line the rule."""

    @cached_property
    def lines(self) -> dict[int, list[SpaceRule]]:
        """The lines of each rule."""
        found: dict[int, list[SpaceRule]] = {}
        for chain in self.model.chains:
            for line in chain.rules:
                found.setdefault(line.source, []).append(line)
        return found

    @cached_property
    def hooks_of_chains(self) -> dict[int, list[int]]:
        """For each chain the ways on which packets may get to it."""
        found: dict[int, list[int]] = {}
        for hook, way in self.ways.items():
            for chain in self._chains_on(way):
                found.setdefault(chain, []).append(hook)
        if not (self.model.altered or self._translates or self._hides):
            for hooks in found.values():
                if LOCAL in hooks and {int(Hook.INPUT), int(Hook.OUTPUT)} & set(hooks):
                    hooks.remove(LOCAL)  # such packets look like others that come in, or go out, by that interface
        return found

    def _chains_on(self, way: list[Stop]) -> set[int]:
        """The chains on a way, and those that they call."""
        return {chain for stop in way if isinstance(stop, Base) for chain in self.model.calls(stop.chain)}

    def verdict_of(self, rule: int) -> tuple[int, int] | None:
        """The verdict that a rule gives, with the kind of a rejection; None if it gives several, or does more."""
        lines = self.lines.get(rule, ())
        verdicts = {(line.verdict, self._rejection(line)) for line in lines}
        does_more = any(step.row["op"] > OP_KEEP for line in lines for step in line.steps)
        return verdicts.pop() if len(verdicts) == 1 and not does_more else None

    def accepting(self, sample: Sample) -> int | None:
        """The rule that accepts a packet where its hook filters; None if it is a policy."""
        way, rows = self.ways[sample.hook], self.rows
        for visit in reversed(sample.trip.visits):
            if _filters(way[visit.stop], sample.hook) and rows[visit.line]["verdict"] == ACCEPT:
                return self.sources[visit.line]
        return None

    @cached_property
    def filtering(self) -> dict[int, frozenset[int]]:
        """For each hook the chains in which rules filter its packets."""
        bases = {
            hook: [stop.chain for stop in way if isinstance(stop, Base) and _filters(stop, hook)]
            for hook, way in self.ways.items()
        }
        return {
            hook: frozenset(one for base in found for one in self.model.calls(base)) for hook, found in bases.items()
        }

    @cached_property
    def outside(self) -> Set:
        """All interfaces but the loopback interface."""
        lo = of_intervals((number, number) for number, name in enumerate(self.lowered.interfaces) if name == LOOPBACK)
        return minus(INTERFACES, lo)

    def guarding(self, hook: int, family: int) -> list[int]:
        """The base chains that filter packets of a family at a hook."""
        stops = [stop for stop in self.ways[hook] if isinstance(stop, Base) and stop.family in (0, family)]
        return [stop.chain for stop in stops if stop.hook == hook and not stop.nat]

    def _rejection(self, line: SpaceRule) -> int:
        """With what a line rejects."""
        return int(self.rows[line.number]["reject_with"]) if line.verdict == V_REJECT else 0

    # --- packets ----------------------------------------------------------------------------------------------------

    def packets(self, family: int, box: Mapping[int, Set], hook: int = FORWARD) -> dict[int, Set | None]:
        """All packets of a family that may meet a box, as they come, and perhaps more; a set is empty if none may."""
        found: dict[int, Set | None] = {**FAMILIES[family], **(self._loop if hook == LOCAL else {})}
        for field, wanted in box.items():
            if field == FAMILY or self._stays(field, wanted):
                found[field] = narrowed(found.get(field), wanted)
        return found

    def _stays(self, field: int, wanted: Set) -> bool:
        """Whether packets that rules see with some of these values have come with them."""
        if field in self.model.altered or field >= OF_PACKETS or (field in ADDRESSED and self._translates):
            return False
        if field in MOVING:
            return False
        if field == CT_STATE:
            return not self._hides or not touches(wanted, BEFORE_TRACKING)
        return field not in (IIF, OIF) or not holds(wanted, ABSENT)

    def is_called_for(self, chain: int, packets: Mapping[int, Set | None]) -> bool:
        """Whether some packets, as they come, may be led to a chain by a rule; those of base chains need none."""
        calling = self._callers.get(chain)
        return calling is None or any(_may_be(packets, box) for box in calling)

    @cached_property
    def _callers(self) -> dict[int, list[dict[int, Set]]]:
        """For each chain that rules lead to, and that is no base chain, what these ask of packets as they come."""
        bases = {base["chain"] for base in self.model.bases}
        found: dict[int, list[dict[int, Set]]] = {}
        for line in (line for lines in self.lines.values() for line in lines):
            if line.verdict in (V_JUMP, V_GOTO) and line.target not in bases:
                box = {field: wanted for field, wanted in line.box.items() if self._stays(field, wanted)}
                found.setdefault(line.target, []).append(box)
        return found

    @cached_property
    def _translates(self) -> bool:
        """Whether addresses may become others on the way."""
        return any(base["nat"] for base in self.model.bases)

    @cached_property
    def _hides(self) -> bool:
        """Whether rules see packets before these are tracked."""
        return any(isinstance(stop, Track) for way in self.ways.values() for stop in way)

    def sample(self, hook: int, packet: Mapping[int, int]) -> Sample | None:
        """A packet on its way; None if that is not known."""
        if hook == LOCAL:
            packet = {**packet, **{field: values[0][0] for field, values in self._loop.items()}}
        trip = self.walks[hook].trip(packet)
        return None if trip is None else Sample(hook, packet, trip)

    @cached_property
    def _loop(self) -> dict[int, Set]:
        """By which interface packets come and go from local to local."""
        names = self.lowered.interfaces
        return dict.fromkeys((IIF, OIF), point(names.index(LOOPBACK))) if LOOPBACK in names else {}


def _filters(stop: Stop, hook: int) -> bool:
    """Whether packets of a hook are filtered at a stop."""
    return isinstance(stop, Base) and not stop.nat and stop.hook in (hook, int(Hook.INPUT))


def _may_be(packets: Mapping[int, Set | None], box: Mapping[int, Set]) -> bool:
    """Whether some packets may be in a box."""
    return all((found := packets.get(field)) is None or touches(found, wanted) for field, wanted in box.items())
