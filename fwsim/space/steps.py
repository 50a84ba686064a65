"""The steps of a rule behind its box, done with a region of packets instead of one.

Read first: `fwsim.engine.instructions`, which does the same with one packet; `node`. A step that only some packets of
the region pass cuts it: both parts take the step again. What hangs on anything else than the packet (limits, what is
not simulated) is MAYBE, and so is what looks at a value that is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from fwsim.engine.program import (
    FALSE,
    MAYBE,
    OP_ALTER,
    OP_ASSIGN,
    OP_DRAW,
    OP_ELEMENT,
    OP_KEEP,
    OP_LAST_MATCH,
    OP_LAST_QUESTION,
    OP_NAT,
    OP_NOTRACK,
    OP_RECALL,
    OP_SET_HELPER,
    OP_TERM,
    OP_UNKNOWN,
    TRUE,
)
from fwsim.tables import Row
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, Hook

from .fields import CT_STATE, CT_STATUS, DST, FAMILY, HOOK, SPORT, SRC
from .intervals import Set, meet, only, point, touches, within
from .model import SpaceRule, Step
from .node import Node

ELSEWHERE = 3
"""Instead of a truth: what becomes of the packet is not followed any further (it has another destination)."""
ROUTED_BEHIND = (int(Hook.PREROUTING), int(Hook.OUTPUT))
"""The hooks behind which it is decided where packets go."""
NOT_YET = ((int(CtState.NONE), int(CtState.INVALID)),)
UNTRACKED = int(CtState.UNTRACKED)
NOT_THERE = point(ABSENT)


class Cut(NamedTuple):
    """A step that only packets with these values of a field pass."""

    place: int
    chosen: Set


class Stepping:
    """A rule being followed from the step that a node is at; afterwards `truth`, or the cut that `follow` returns."""

    def __init__(self, node: Node, places: Mapping[int, int], hook: int) -> None:
        """Take over what the node knows."""
        self.places = places
        self.hook = hook
        self.region = list(node.region)
        self.under = dict(node.under)
        self.kept = dict(node.kept)
        self.step, self.truth, self.value = node.step, node.truth, node.value
        self.changed = False
        self.unsure = False
        """Of what goes ELSEWHERE: whether it may not, as the rule may not apply."""

    def follow(self, rule: SpaceRule) -> Cut | None:
        """Take all steps that are left, as far as no cut is needed."""
        while self.step < len(rule.steps) and self.truth not in (FALSE, ELSEWHERE):
            result = self._take(rule.steps[self.step])
            if isinstance(result, Cut):
                return result
            self.step += 1
            if result != TRUE:
                self.unsure = self.truth == MAYBE
                self.truth = result
        return None

    def _take(self, step: Step) -> int | Cut:
        """The truth of one step, which is done."""
        op = step.row["op"]
        if op <= OP_LAST_MATCH and step.ask is not None:
            place = self.places[step.ask.field]
            found = self.region[place]
            return MAYBE if found is None else _truth(place, found, step.ask.chosen(found))
        if op == OP_ELEMENT:
            return self._look_up(step)
        if op <= OP_LAST_QUESTION:
            return self._answer(step.row)
        return self._change(step.row)

    def _answer(self, row: Row) -> int:
        """The truth of a question that no field answers."""
        if row["op"] == OP_UNKNOWN:
            return MAYBE if row["mask"] >> self.hook & 1 else int(row["value"] >> self.hook & 1)
        if row["op"] == OP_RECALL:
            return self.kept.get(row["first"], FALSE)
        return TRUE if row["op"] == OP_DRAW else MAYBE

    # --- sets of elements -------------------------------------------------------------------------------------------

    def _look_up(self, step: Step) -> int | Cut:
        """Whether the region is in an element; a cut at the first element that holds part of it."""
        found, missed = TRUE - step.row["negate"], int(step.row["negate"])
        if step.elements is None:
            return MAYBE
        for element in step.elements:
            answer = self._is_in(element)
            if isinstance(answer, Cut) or answer == MAYBE:
                return answer
            if answer == TRUE:
                return int(found)
        return missed

    def _is_in(self, element: Mapping[int, Set]) -> int | Cut:
        """Whether the region lies in an element, beside it, or partly in it."""
        pairs = [(self.places[field], wanted) for field, wanted in element.items()]
        known = [(place, found, wanted) for place, wanted in pairs if (found := self.region[place]) is not None]
        if not all(touches(found, wanted) for _, found, wanted in known):
            return FALSE
        for place, found, wanted in known:
            if not within(found, wanted):
                return Cut(place, meet(found, wanted))
        return TRUE if len(known) == len(pairs) else MAYBE

    # --- what a rule changes ----------------------------------------------------------------------------------------

    def _change(self, row: Row) -> int | Cut:
        """Do what a step does."""
        op = row["op"]
        if op == OP_KEEP:
            self.kept[row["first"]] = self.truth if row["value"] else FALSE
            return TRUE
        if op == OP_TERM:
            return self._term(row)
        if op == OP_ASSIGN:
            return self._assign(row)
        if op == OP_ALTER:
            return self._alter(row)
        if op == OP_NOTRACK:
            return self._exempt(row)
        if op == OP_SET_HELPER:
            self._set(self.places[CT_STATUS], None)
            return TRUE
        return self._translate(row) if op == OP_NAT else ELSEWHERE

    def _translate(self, row: Row) -> int:
        """What is behind a translation of the source sees another one; of the destination, goes another way."""
        family = self.region[self.places[FAMILY]]
        if row["mask"] and family is not None and not touches(family, point(row["mask"])):
            return FALSE
        if self.hook in ROUTED_BEHIND:
            return ELSEWHERE
        for field in (SRC, SPORT, CT_STATUS):
            self._set(self.places[field], None)
        return TRUE

    def _term(self, row: Row) -> int | Cut:
        """Take a part of a new value."""
        place = self.places.get(row["field"])
        found = None if place is None else self.region[place]
        if place is not None and found is not None and found != NOT_THERE and touches(found, NOT_THERE):
            return Cut(place, NOT_THERE)
        if found == NOT_THERE or self.value == ABSENT:
            self.value = ABSENT if row["absent"] else 0
            return int(row["absent"])
        value = None if found is None else only(found)
        if value is None or self.value == UNKNOWN_VALUE:
            self.value = UNKNOWN_VALUE
        else:
            shift = row["count"]
            self.value ^= (value << shift if shift >= 0 else value >> -shift) & row["mask"]
        return TRUE

    def _assign(self, row: Row) -> int | Cut:
        """Give a field the value that the terms and the constant make."""
        place = self.places[row["field"]]
        old = self.region[place]
        if old is not None and old != NOT_THERE and touches(old, NOT_THERE):
            return Cut(place, NOT_THERE)
        new = self.value ^ row["value"] if self.value >= 0 else self.value
        self.value = 0
        if old != NOT_THERE and new != ABSENT:
            self._give(place, new)
        return TRUE

    def _alter(self, row: Row) -> int | Cut:
        """Change a header field."""
        place = self.places[row["field"]]
        old = self.region[place]
        if old is not None and not row["absent"]:
            if old == NOT_THERE:
                return TRUE
            if touches(old, NOT_THERE):
                return Cut(place, NOT_THERE)
        self._give(place, row["value"])
        return ELSEWHERE if row["field"] in (DST, HOOK) and self.hook in ROUTED_BEHIND else TRUE

    def _exempt(self, row: Row) -> int | Cut:
        """Exempt a packet from tracking, if nothing is attached to it yet."""
        place = self.places[CT_STATE]
        old = self.region[place]
        if old is not None:
            if not touches(old, NOT_YET):
                return TRUE
            if not within(old, NOT_YET):
                return Cut(place, meet(old, NOT_YET))
        self._give(place, UNKNOWN_VALUE if row["value"] or old is None else UNTRACKED)
        return TRUE

    def _give(self, place: int, value: int) -> None:
        """Give a field a value, for certain only if the rule applies for certain."""
        old = self.region[place]
        if old is not None and only(old) == value:
            return
        self._set(place, None if value < 0 or self.truth == MAYBE else point(value))

    def _set(self, place: int, values: Set | None) -> None:
        """Let a field be seen with other values; what the packet came with stays known."""
        self.under.setdefault(place, self.region[place])
        self.region[place] = values
        self.changed = True


def _truth(place: int, found: Set, chosen: Set | None) -> int | Cut:
    """Whether all, none or some values are chosen; None: they are too many to tell."""
    if chosen is None:
        return MAYBE
    if not chosen:
        return FALSE
    return TRUE if chosen == found else Cut(place, chosen)
