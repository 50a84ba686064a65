"""The ways of packets through two rulesets, cut where addresses are translated.

Read first: `fwsim.space.ways`, `fwsim.engine.path`. Behind a translation a packet may have any address, the same one
under both rulesets if both translate alike. So each part of the way is compared by itself, over all packets that may
get there: if both rulesets treat all packets alike in every part, they do on the whole way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fwsim.engine.path import PATHS
from fwsim.space import way_through
from fwsim.space.ways import TRANSLATED, Base, Hide, Pass, Show, Stop, Track

from .sides import Side

BEFORE, AT, BEHIND = range(3)
"""Where a base chain is in relation to the translation of its hook."""


@dataclass(frozen=True)
class Segment:
    """A part of the way of packets with this hook, for both rulesets; `first` if they come from outside there."""

    hook: int
    ways: tuple[list[Stop], list[Stop]]
    first: bool

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to compare."""
        return not any(isinstance(stop, Base) for way in self.ways for stop in way)


def segments_of(sides: tuple[Side, Side], hook: int, *, stateful: bool) -> list[Segment]:
    """The parts of the way of packets with a hook; one if nothing is translated on it."""
    ways = [way_through(side.model, hook, stateful=stateful) for side in sides]
    at = TRANSLATED.keys() & set(PATHS[hook])
    if not any(base["nat"] for side in sides for base in side.model.bases):
        return [Segment(hook, (ways[0], ways[1]), True)]
    order: list[tuple[int, int]] = []
    for stage in PATHS[hook]:
        if stage >= 0:
            order += [(stage, part) for part in ((BEFORE, AT, BEHIND) if stage in at else (BEFORE,))]
    numbers: dict[tuple[int, int], int] = {}
    number = 0
    for stage, part in order:
        numbers[stage, part] = number
        number += part < BEHIND and stage in at
    cut = [_cut(side, way, numbers, at, number + 1) for side, way in zip(sides, ways, strict=True)]
    found = [Segment(hook, (old, new), n == 0) for n, (old, new) in enumerate(zip(*cut, strict=True))]
    return [segment for segment in found if not segment.is_empty]


def _cut(
    side: Side, way: Sequence[Stop], numbers: dict[tuple[int, int], int], at: set[int], count: int
) -> list[list[Stop]]:
    """The stops of a way by the parts that they are in."""
    parts: list[list[Stop]] = [[] for _ in range(count)]
    hidden: Hide | None = None
    current = 0
    for number, stop in enumerate(way):
        if isinstance(stop, Hide):
            hidden = stop
            parts[current].append(stop)
        elif isinstance(stop, Base):
            place = numbers[stop.hook, _part(side, way, number, stop, at)]
            if place > current:
                parts[place] += [hidden] if hidden is not None else []
                current = place
            parts[current].append(stop)
        elif isinstance(stop, Show):
            parts[current].append(stop)
            hidden = None
        elif isinstance(stop, (Pass, Track)):
            parts[current].append(stop)
    return parts


def _part(side: Side, way: Sequence[Stop], number: int, base: Base, at: set[int]) -> int:
    """Whether a base chain is before the translation of its hook, belongs to it, or is behind."""
    if base.hook not in at:
        return BEFORE
    later = any(isinstance(stop, Base) and stop.nat and stop.hook == base.hook for stop in way[number:])
    earlier = any(isinstance(stop, Base) and stop.nat and stop.hook == base.hook for stop in way[:number])
    if later:
        return AT if base.nat or earlier else BEFORE
    return BEHIND if earlier or side.lowered.chains[base.chain].priority >= TRANSLATED[base.hook][0] else BEFORE
