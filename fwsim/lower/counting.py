"""Steps that count as instructions: limits, quotas, statistics, drawn numbers, and all that is kept by key.

Read first: `fwsim.engine.counted`, OP_XT_LIMIT to OP_BY_KEY in `fwsim.engine.program`, `keying`. A number is drawn
once, by an instruction of its own, and asked for by as many as a map has cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias, TypeVar

from fwsim.engine.program import (
    OP_BY_KEY,
    OP_DRAW,
    OP_DRAWN,
    OP_DRAWN_TERM,
    OP_LIMIT,
    OP_LUCK,
    OP_QUOTA,
    OP_TURN,
    OP_XT_LIMIT,
)
from fwsim.netfilter.fields import Numgen, Selector
from fwsim.netfilter.model import Table, selectors_of
from fwsim.netfilter.steps import (
    Assign,
    Choose,
    Connections,
    HashLimit,
    Lookup,
    Match,
    Quota,
    Rate,
    Recent,
    Statistic,
    Step,
    Term,
    Update,
)
from fwsim.ruleset.values import Masked, MatchValue, Numbers, merged

from .asking import Operands
from .boundaries import of_numbers
from .counts import CountRow, numgen_row, quota_row, statistic_row
from .credits import XtLimitRow, xt_limit_row
from .fields import NO_SLOTS, Fields
from .keying import Keying
from .limits import limit_row
from .stretches import Stretches

KEYS = {
    Rate: "limit", Quota: "quota", Statistic: "statistic", HashLimit: "hashlimit", Recent: "recent",
    Connections: "ct count", Lookup: "set", Update: "set",
}  # fmt: skip
"""What a step is called in explanations."""

MOST_DRAWN = 65_536
"""Numbers of a generator that are compared under a mask."""

DRAWN = "drawn"
"""The mode of a Numgen whose number was drawn by an earlier instruction."""

Drawing = TypeVar("Drawing", Match, Lookup, Choose, Assign)
Name: TypeAlias = "tuple[str, str, str]"


class Counted(NamedTuple):
    """A row of INSTRUCTION, and what it is called."""

    operands: Operands
    key: str


class Counting:
    """The rows of what counts, under construction."""

    def __init__(self, interfaces: Sequence[str], stretches: Stretches, fields: Fields = NO_SLOTS) -> None:
        """`interfaces` are the declared names, by number; `fields` those of the ruleset."""
        self.stretches = stretches
        self.keying = Keying(interfaces, fields)
        self.limits: list[tuple[int, ...]] = []
        self.xt_limits: list[XtLimitRow] = []
        self.counts: list[CountRow] = []
        self._named: dict[tuple[str, Name], int] = {}
        self._numgens: dict[int, int] = {}

    def instruction(self, step: Step, table: Table) -> Counted | None:
        """A step that counts; None for any other, and for what is not simulated."""
        key = KEYS.get(type(step), "")
        if isinstance(step, Rate) and step.kernel != "nft":
            self.xt_limits.append(xt_limit_row(step.limit))
            return Counted((OP_XT_LIMIT, 0, len(self.xt_limits) - 1, 0, 0, 0, 0, 0), key)
        if isinstance(step, Rate):
            return Counted((OP_LIMIT, 0, self._limit(step, table), 0, 0, 0, 0, 0), key)
        if isinstance(step, Quota):
            return Counted((OP_QUOTA, 0, self._quota(step, table), 0, 0, 0, 0, 0), key)
        if isinstance(step, Statistic):
            self.counts.append(statistic_row(step, len(self.counts) + 1))
            op = OP_LUCK if step.every is None else OP_TURN
            return Counted((op, 0, len(self.counts) - 1, 0, 0, 0, 0, 0), key)
        if isinstance(step, Match):
            return self._drawn(step)
        use = self.keying.use(step, table)
        return None if use is None else Counted((OP_BY_KEY, 0, use, 0, 0, 0, 0, 0), key)

    def _limit(self, step: Rate, table: Table) -> int:
        """The row of a limit; one that is named is shared by all who name it."""
        return self._shared("limit", step.object, table, self.limits, limit_row(step.limit))

    def _quota(self, step: Quota, table: Table) -> int:
        """The row of a quota, likewise."""
        return self._shared("quota", step.object, table, self.counts, quota_row(step))

    def _shared(self, kind: str, name: str | None, table: Table, rows: list[CountRow], row: CountRow) -> int:
        """The number of a row, which is new unless its name is known."""
        known = self._named.get((kind, (table.family, table.name, name or "")))
        if name is not None and known is not None:
            return known
        rows.append(row)
        if name is not None:
            self._named[kind, (table.family, table.name, name)] = len(rows) - 1
        return len(rows) - 1

    # --- numbers that are drawn -------------------------------------------------------------------------------------

    def draws(self, step: Match | Lookup | Choose | Assign) -> list[Counted]:
        """What draws the numbers that a step asks for."""
        selectors = [term.selector for term in step.terms] if isinstance(step, Assign) else selectors_of(step)
        return [
            self._draw(selector) for selector in selectors if isinstance(selector, Numgen) and selector.mode != DRAWN
        ]

    def _draw(self, selector: Numgen) -> Counted:
        """What draws the next number of a generator."""
        if selector.number not in self._numgens:
            self.counts.append(numgen_row(selector, len(self.counts) + 1))
            self._numgens[selector.number] = len(self.counts) - 1
        by_chance = int(selector.mode == "random")
        return Counted((OP_DRAW, 0, self._numgens[selector.number], 0, 0, by_chance, 0, 0), "numgen")

    def term(self, term: Term) -> Operands | None:
        """What takes the number drawn last into a new value; None for any other part of it."""
        drawn = term.selector
        if not isinstance(drawn, Numgen) or drawn.mode != DRAWN:
            return None
        return OP_DRAWN_TERM, 0, self._numgens[drawn.number], term.shift, term.mask, drawn.offset, 0, 0

    def _drawn(self, step: Match) -> Counted | None:
        """Whether the number drawn last is among some."""
        if not isinstance(step.selector, Numgen):
            return None
        found = _drawable(step.selector, step.value)
        if found is None:
            return None
        first, count = self.stretches.of_values(of_numbers(found))
        row = self._numgens[step.selector.number]
        return Counted((OP_DRAWN, 0, first, count, step.selector.offset, row, 0, 0), "numgen")


def _drawable(drawn: Numgen, value: MatchValue) -> Numbers | None:
    """A value that a drawn number is compared with as numbers; None if it is of another kind, or they are too many."""
    if isinstance(value, Numbers) and not value.sets:
        return value
    if not isinstance(value, Masked) or value.sets or drawn.modulus > MOST_DRAWN:
        return None
    every = range(drawn.offset, drawn.offset + drawn.modulus)
    inside = (n for n in every if any(low <= n & mask <= high for low, high, mask in value.choices))
    return Numbers(merged((n, n) for n in inside), value.negated)


def asking_drawn(step: Drawing) -> Drawing:
    """A step that asks for numbers that were drawn before it."""
    if isinstance(step, Assign):
        return replace(step, terms=tuple(replace(term, selector=_drawn_before(term.selector)) for term in step.terms))
    if isinstance(step, Match):
        return replace(step, selector=_drawn_before(step.selector))
    return replace(step, selectors=tuple(map(_drawn_before, step.selectors)))


def _drawn_before(selector: Selector) -> Selector:
    """A selector, of numgen one whose number is there."""
    return replace(selector, mode=DRAWN) if isinstance(selector, Numgen) else selector
