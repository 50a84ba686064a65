"""One packet on its way through the rules, by what `index` knows of them: much faster than a region, and as exact.

Read first: `model`, `ways`, `fwsim.space.search`, which does the same with regions. Nothing is guessed: where the way
hangs on what is not known of the packet, or on what is not simulated, there is no trip.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fwsim.engine.program import FALSE, MAYBE, TRUE, V_CONTINUE, V_GOTO, V_JUMP, V_RETURN
from fwsim.terms import CtState, CtStatus, Verdict

from .fields import CT_DIRECTION, CT_MARK, CT_STATE, CT_STATUS, DST, FAMILY, SLOT_FIELDS, TTL
from .index import bits_of
from .intervals import holds, only, point
from .model import FINAL, Model, SpaceRule
from .node import POLICY, Node
from .steps import Stepping
from .ways import CONFIRMED, MARKS, OPENING, Base, Hide, Pass, Show, Stop, Track, Translate, seen_behind

ACCEPT = int(Verdict.ACCEPT)
INVALID = int(CtState.INVALID)
DNAT_DONE = int(CtStatus.DNAT_DONE)
OPEN = -1
"""Instead of a verdict: none yet."""
LOST = -2
"""Instead of a verdict: it is not known where the packet goes."""


class Visit(NamedTuple):
    """A rule that applied: its line, in which chain, at which stop of the way.

    `meeting` are the rules of the chain that the packet meets there, whether it gets to them or not.
    """

    line: int
    chain: int
    stop: int
    meeting: int


class Trip(NamedTuple):
    """The way of a packet: how it ended, by which line (or POLICY) of which chain, and all the rules that applied."""

    verdict: int
    rule: int
    chain: int
    visits: tuple[Visit, ...]


class Walk:
    """Packets on one way. As if rules `without` (by `source`) were not there."""

    def __init__(self, model: Model, way: Sequence[Stop], without: frozenset[int] = frozenset()) -> None:
        """Nothing is under way yet."""
        self.model = model
        self.way = way
        self.without = without

    def trip(self, packet: Mapping[int, int | None]) -> Trip | None:
        """The way of a packet with these fields; those that it lacks are not known. None if that is not known."""
        return _Walker(self, [packet.get(field) for field in self.model.fields]).trip()


class _Walker:
    """A packet on its way: `values` as rules see it now, `under` what it came with where that is another."""

    def __init__(self, walk: Walk, values: list[int | None]) -> None:
        """At the beginning of the way."""
        self.model = walk.model
        self.way = walk.way
        self.without = walk.without
        self.values = values
        self.under: dict[int, int | None] = {}
        self.kept: dict[int, int] = {}
        self.looked_at = 0  # the ends, as bits of a status, of which it is settled how they are translated
        self.visits: list[Visit] = []
        self.chain, self.at = -1, 0
        self.stack: list[tuple[int, int]] = []
        self.by = (POLICY, -1)
        self._met: dict[int, tuple[int, int]] = {}

    def trip(self) -> Trip | None:
        """Go the whole way."""
        for number, stop in enumerate(self.way):
            verdict = self._at(number, stop)
            if verdict == LOST:
                return None
            if verdict not in (OPEN, ACCEPT):
                return Trip(verdict, *self.by, tuple(self.visits))
        return Trip(ACCEPT, *self.by, tuple(self.visits))

    def _at(self, number: int, stop: Stop) -> int:
        """Pass one stop: its verdict, if it has one."""
        if isinstance(stop, Base):
            return self._at_base(number, stop)
        if isinstance(stop, Hide):
            self._hide({field: only(values) for field, values in stop.fields.items()})
        elif isinstance(stop, Show):
            self._show(stop.fields)
        elif isinstance(stop, Track):
            self._track()
        elif isinstance(stop, Translate):
            self._translate(stop)
        else:
            assert isinstance(stop, Pass)
            self._pass()
        return OPEN

    def _place(self, field: int) -> int:
        """Where a field stands among the values."""
        return self.model.places[field]

    def _hide(self, fields: Mapping[int, int | None]) -> None:
        """Fields are seen with other values."""
        for field, value in fields.items():
            place = self._place(field)
            self.under.setdefault(place, self.values[place])
            self.values[place] = value
        self._met.clear()

    def _show(self, fields: Sequence[int]) -> None:
        """Fields are seen as they are."""
        for place in map(self._place, fields):
            if place in self.under:
                self.values[place] = self.under.pop(place)
        self._met.clear()

    def _track(self) -> None:
        """What tracking attaches, unless a rule has exempted the packet."""
        seen = self.values[self._place(CT_STATE)]
        if seen == INVALID:
            self._show((CT_STATE, CT_DIRECTION, CT_STATUS, CT_MARK))
        else:
            self._hide(dict.fromkeys((CT_DIRECTION, CT_STATUS, CT_MARK), None if seen is None else -1))

    def _translate(self, stop: Translate) -> None:
        """What rules see behind the place where connections are translated: it is not known any more.

        Only that nothing has translated the destination of what is new is known: who does loses the packet.
        """
        family, state, status = (self.values[self._place(field)] for field in (FAMILY, CT_STATE, CT_STATUS))
        if family is None or family == stop.family:
            self.looked_at |= MARKS[stop.fields[0]][1]
            states, statuses = (None if value is None else point(value) for value in (state, status))
            hidden: dict[int, int | None] = dict.fromkeys(seen_behind(stop.fields, states, statuses))
            if DST in stop.fields and CT_STATUS in hidden and status is not None:
                hidden[CT_STATUS] = status | DNAT_DONE
            self._hide(hidden)

    def _pass(self) -> None:
        """One hop less is left; what else is read of the headers may have changed with it."""
        place = self._place(TTL)
        left = self.values[place]
        if left is not None:
            self.values[place] = max(left - 1, 0)
        self._hide(dict.fromkeys(field for field in SLOT_FIELDS if field in self.model.places))

    # --- in a base chain --------------------------------------------------------------------------------------------

    def _at_base(self, number: int, stop: Base) -> int:
        """Enter a base chain, if it is for the packet."""
        family, state, status = (self.values[self._place(field)] for field in (FAMILY, CT_STATE, CT_STATUS))
        if stop.family and family != stop.family:
            return OPEN if family is not None else LOST
        if stop.nat & self.looked_at:
            return OPEN
        if stop.nat:
            if state is None or status is None:
                return LOST
            if not holds(OPENING, state) or status < 0 or status & (CONFIRMED | stop.nat):
                return OPEN
        self.chain, self.at, self.stack = stop.chain, 0, []
        verdict = OPEN
        while verdict == OPEN:
            verdict = self._go_on(number, stop)
        return verdict

    def _go_on(self, number: int, stop: Base) -> int:
        """Take the next rule that the packet meets, or leave the chain."""
        line = self._next(number, self.chain, self.at)
        if line == LOST:
            return LOST
        if line == OPEN:
            return self._leave(stop)
        chain = self.chain
        rule = self.model.chains[chain].rules[line]
        certain = self._meeting(chain)[1]
        truth = self._truth(rule, number, stop)
        self.at = line + 1
        if truth == TRUE:
            self.visits.append(Visit(rule.number, chain, number, certain))
            return self._apply(rule)
        return OPEN if truth == FALSE or (truth == MAYBE and rule.verdict == V_CONTINUE) else LOST

    def _leave(self, stop: Base) -> int:
        """Return from a chain, or get to the policy."""
        if not self.stack:
            return self._ended(self.model.chains[stop.chain].policy, POLICY, stop.chain)
        self.chain, self.at = self.stack.pop()
        return OPEN

    def _apply(self, rule: SpaceRule) -> int:
        """What a rule that applies makes of the packet."""
        verdict = rule.verdict
        if verdict in FINAL:
            return self._ended(verdict, rule.number, self.chain)
        if verdict == V_RETURN:
            self.at = len(self.model.chains[self.chain].rules)
        elif verdict in (V_JUMP, V_GOTO):
            if verdict == V_JUMP:
                self.stack.append((self.chain, self.at))
            self.chain, self.at = rule.target, 0
        elif verdict != V_CONTINUE:
            return LOST
        return OPEN

    def _next(self, number: int, chain: int, at: int) -> int:
        """The next line that the packet meets and that makes a difference; OPEN at the end of the chain."""
        here = self.model.chains[chain]
        possible, certain = self._meeting(chain)
        rest = possible >> at << at
        if self.without:
            rest &= ~here.sources(self.without)
        busy = rest & ~here.idle
        first = busy & -busy
        for idle in bits_of(rest & certain & here.idle & (first - 1)):
            self.visits.append(Visit(here.first + idle, chain, number, certain))
        if not busy:
            return OPEN
        return first.bit_length() - 1 if first & certain else LOST

    def _meeting(self, chain: int) -> tuple[int, int]:
        """The lines of a chain that the packet may meet, and those that it meets for sure."""
        found = self._met.get(chain)
        if found is None:
            found = self._met[chain] = self.model.chains[chain].index.meeting(self.values)
        return found

    def _truth(self, rule: SpaceRule, number: int, stop: Base) -> int:
        """Whether a rule applies whose box the packet is in; what it does is done."""
        if not rule.steps:
            return TRUE
        region = tuple(None if value is None else point(value) for value in self.values)
        under = tuple((place, None if value is None else point(value)) for place, value in self.under.items())
        node = Node(number, region, under, kept=tuple(self.kept.items()), step=0)
        stepping = Stepping(node, self.model.places, stop.hook)
        cut = stepping.follow(rule)
        assert cut is None, "one value is not divided"
        self.kept = stepping.kept
        if stepping.changed:
            self.values = [None if values is None else only(values) for values in stepping.region]
            self.under = {place: None if values is None else only(values) for place, values in stepping.under.items()}
            self._met.clear()
        return stepping.truth

    def _ended(self, verdict: int, rule: int, chain: int) -> int:
        """A base chain gives a verdict."""
        if verdict != ACCEPT or rule != POLICY or self.by[0] == POLICY:
            self.by = (rule, chain)
        return verdict
