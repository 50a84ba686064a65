"""All differences of two rulesets, in both modes: every way, both families.

Read first: `comparing`, `twin`, `segments`, `universe`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from fwsim.checking.traffic import HOOKS
from fwsim.headers.selecting import There
from fwsim.netfilter.fields import Option, Raw
from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host
from fwsim.space.fields import MARK, TTL
from fwsim.space.intervals import Set

from .aligning import Aligning, Alignment
from .comparing import Comparing, Found, Outcome
from .keys import Keys
from .seen import Seen, seen_by_any
from .segments import Segment, segments_of
from .settings import Setting, not_walked, settings_that_differ
from .sides import FIRST_SLOT, sides_of
from .twin import MIRRORED, Twins
from .universe import FAMILIES, Universe, any_state, start_of, tracked_kinds, untracked_kinds
from .walking import STEPS, Budget, Walker

STATEFUL, STATELESS = "stateful", "stateless"
MODES = (STATEFUL, STATELESS)
PORTS_BITS = 32
EXTENSIONS = ("exthdr", "ip6")
"""What options that are extension headers belong to."""
REGIONS, REGIONS_OF_FEW = 4, 64
"""How many regions are told of each pair of rules; of rulesets with few rules."""
FEW_RULES = 500


@dataclass(frozen=True)
class Difference:
    """A region of packets with this hook that is treated differently, in a mode, on a part of their way."""

    mode: str
    hook: int
    family: int
    whole_way: bool
    found: Found


class Comparison:
    """Two rulesets being compared."""

    def __init__(
        self,
        old: Ruleset,
        new: Ruleset,
        host: Host | None = None,
        *,
        steps: int = STEPS,
        most: int | None = 0,
        families: Sequence[int] = FAMILIES,
    ) -> None:
        """At most `steps` are taken, and `most` regions told of each pair of rules; None: all; 0: as is usual."""
        both = sides_of(old, new, host)
        self.sides = both.old, both.new
        self.slots = both.slots
        self.interface_words = [both.told.get(name, name) for name in both.old.topology.names]
        self.keys = Keys(self.sides[0]), Keys(self.sides[1])
        self.budget = Budget(steps)
        self.most = most if most != 0 else REGIONS if self.rules > FEW_RULES else REGIONS_OF_FEW
        self.families = tuple(families)
        self.settings: list[Setting] = settings_that_differ(*self.sides)
        self.left_out: list[str] = []
        """What was not compared, in sentences: it forbids to say that the rulesets are equivalent."""
        if not_walked(old.netfilter) != not_walked(new.netfilter):
            self._leave_out("chains at ingress and egress, and of arp, bridge and netdev tables, differ: not compared")
        self.cut: set[tuple[str, Outcome, Outcome]] = set()

    @property
    def tracks(self) -> bool:
        """Whether either tracks connections."""
        return any(side.lowered.tracking for side in self.sides)

    @property
    def stateless_is_the_same(self) -> bool:
        """Whether both modes do the same with both rulesets."""
        return not self.tracks and not any(side.lowered.uses_ct for side in self.sides)

    def differences(self, modes: tuple[str, ...] = MODES) -> Iterator[Difference]:
        """All of them, by mode, hook and family."""
        for mode in MODES:
            if mode not in modes:
                continue
            if mode == STATELESS and self.stateless_is_the_same and STATEFUL in modes:
                continue
            for hook in HOOKS:
                for family in self.families:
                    yield from self._on(mode, hook, family)

    def _on(self, mode: str, hook: int, family: int) -> Iterator[Difference]:
        """The differences in a mode on the way of packets with a hook."""
        twins = mode == STATELESS and any(side.lowered.uses_ct for side in self.sides)
        if twins and self.translates:
            if any(self._may_change(way, family) for way in sorted({hook, MIRRORED[hook]})):
                self._leave_out("replies in the stateless mode, as a ruleset translates addresses")
            return
        for segment in segments_of(self.sides, hook, stateful=mode == STATEFUL):
            comparing = self._comparing(segment, family, mode)
            if twins:
                found = self._twins(comparing, hook, family)
            else:
                found = comparing.differences() if comparing.alignment.any else iter(())
            for one in found:
                yield Difference(mode, hook, family, segment.first, one)
            self.cut |= {(mode, *pair) for pair in comparing.cut}

    def _may_change(self, hook: int, family: int) -> bool:
        """Whether any packet may be treated differently, whatever is said of its connection."""
        for segment in segments_of(self.sides, hook, stateful=False):
            comparing = self._comparing(segment, family, STATELESS)
            comparing.universe = replace(comparing.universe, kinds=any_state(family))
            if comparing.alignment.any and next(comparing.differences(), None) is not None:
                return True
        return self.budget.exceeded

    def _twins(self, direct: Comparing, hook: int, family: int) -> Iterator[Found]:
        """The differences of the twins."""
        (segment,) = segments_of(self.sides, MIRRORED[hook], stateful=False) or [Segment(hook, ([], []), True)]
        back = self._comparing(segment, family, STATELESS)
        if direct.alignment.any or back.alignment.any:
            yield from Twins(direct, back).differences()

    def _comparing(self, segment: Segment, family: int, mode: str) -> Comparing:
        """The comparison on a part of a way."""
        start = self.start(segment.hook, family, first=segment.first)
        kinds = self._kinds(family, mode, first=segment.first)
        alignment = self._aligned(segment, start, family)
        walkers = [Walker(side, way, self.budget) for side, way in zip(self.sides, segment.ways, strict=True)]
        universe = Universe(segment.hook, family, start, kinds, self.there, self.headers)
        return Comparing((walkers[0], walkers[1]), self.keys, universe, alignment, self.most)

    def start(self, hook: int, family: int, *, first: bool) -> dict[int, Set | None]:
        """All packets at the beginning of a part of their way."""
        start = start_of(hook, family, self.interfaces)
        return start if first else {field: values for field, values in start.items() if field not in (MARK, TTL)}

    def _aligned(self, segment: Segment, start: Mapping[int, Set | None], family: int) -> Alignment:
        """What corresponds on a part of a way."""
        seen = [Seen(side, way) for side, way in zip(self.sides, segment.ways, strict=True)]
        return Aligning(self.keys, seen_by_any(seen, start)).along(segment.ways, family)

    def _kinds(self, family: int, mode: str, *, first: bool) -> tuple[Mapping[int, Set], ...]:
        """The packets that there are, with their ct states."""
        if mode == STATELESS or not self.tracks:
            return untracked_kinds(family)
        settings = [side.lowered.settings[0] for side in self.sides]
        loose = any(bool(each["loose"]) for each in settings)
        helped = any(bool(each["helping"]) for each in settings)
        return tracked_kinds(family, loose=loose, helped=helped, marked=not first)

    def _leave_out(self, what: str) -> None:
        """Note what is not compared."""
        if what not in self.left_out:
            self.left_out.append(what)

    @property
    def rules(self) -> int:
        """How many lines both rulesets have."""
        return sum(len(side.lowered.program.rules) for side in self.sides)

    @cached_property
    def there(self) -> dict[int, int]:
        """The common numbers of what asks whether the first bytes of a transport header are there; and how many."""
        asked = [(number, one.raw) for number, one in enumerate(self.slots, FIRST_SLOT) if isinstance(one, There)]
        return {number: (raw.offset + raw.length + 7) // 8 for number, raw in asked if _is_in_front(raw)}

    @cached_property
    def headers(self) -> dict[int, str | None]:
        """The common numbers of what is read of the fragment header of IPv6."""
        asked = enumerate(self.slots, FIRST_SLOT)
        options = {number: one for number, one in asked if isinstance(one, Option) and one.header in EXTENSIONS}
        return {number: one.field for number, one in options.items() if one.option == "frag"}

    @property
    def interfaces(self) -> int:
        """How many interfaces there are, the loopback interface being the last."""
        return len(self.sides[0].topology.names)

    @property
    def translates(self) -> bool:
        """Whether either ruleset translates addresses."""
        return any(base["nat"] for side in self.sides for base in side.model.bases)


def _is_in_front(raw: Raw) -> bool:
    """Whether bits are among those that every transport header has."""
    return raw.base == "th" and raw.offset + raw.length <= PORTS_BITS
