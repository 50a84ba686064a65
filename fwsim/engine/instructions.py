"""The instructions of one rule against one packet, in Kleene's three-valued logic.

Read first: INSTRUCTION in `fwsim.tables`, `fwsim.engine.program`. A match on a field that is not there is false; on a
field whose value is not known it is MAYBE. A rule is false as soon as one match is; else MAYBE if one is. What a rule
changes is only known if the rule surely applies: otherwise the mark, the ct state or the bucket becomes unknown.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.index import forget
from fwsim.engine.intervals import place_of, place_of_address
from fwsim.engine.limits import doubt_about, has_tokens
from fwsim.engine.program import (
    FALSE,
    MAYBE,
    OP_ADDRESS,
    OP_LAST_MATCH,
    OP_LIMIT,
    OP_SET_CT_MARK,
    OP_SET_HELPER,
    OP_SET_MARK,
    OP_VALUE,
    TRUE,
    Memory,
    Numbers,
    Program,
)
from fwsim.tables import PACKET, number_of
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, CtStatus, Proto, Reason

Row = Any

IIF = number_of(PACKET, "iif")
OIF = number_of(PACKET, "oif")
MARK = number_of(PACKET, "mark")
CT_STATE = number_of(PACKET, "ct_state")
CT_DIRECTION = number_of(PACKET, "ct_direction")
CT_STATUS = number_of(PACKET, "ct_status")
CT_MARK = number_of(PACKET, "ct_mark")

NOT_TRACKED_YET = int(CtState.NONE)
INVALID = int(CtState.INVALID)
UNTRACKED = int(CtState.UNTRACKED)
CONFIRMED = int(CtStatus.CONFIRMED)
HELPER = int(CtStatus.HELPER)
TCP = int(Proto.TCP)
R_CUT = int(Reason.CUT)
R_NO_INTERFACE = int(Reason.NO_INTERFACE)
R_TENTATIVE = int(Reason.TENTATIVE)


@hot
def follow(program: Program, memory: Memory, rule: int, start: int, seen: Row, words: Numbers, quiet: int) -> int:
    """Whether a rule applies, from its instruction `start` on: TRUE, FALSE or MAYBE. Does what it does on the way."""
    state = memory.state[0]
    truth = TRUE
    cause = 0
    for at in range(start, program.rules[rule]["last"]):
        step = program.instructions[at]
        if step["op"] <= OP_LAST_MATCH:
            result = match(step, program.numbers, words)
            why = cause_of(step["field"], seen) if result == MAYBE else 0
        elif step["op"] == OP_LIMIT:
            limit = program.limits[step["first"]]
            bucket = memory.buckets[step["first"]]
            if truth == TRUE:
                cause = 0 if state["sure"] else state["cause"]
            why = doubt_about(bucket, cause, quiet)
            result = MAYBE if why else has_tokens(limit, bucket, seen["now"], seen["length"], quiet)
        else:
            change(step, seen, truth == TRUE and state["sure"] == 1)
            forget(state)
            result = TRUE
            why = 0
        if result == FALSE:
            return FALSE
        if result == MAYBE:
            truth = MAYBE
            cause = cause if cause else why
    state["doubt"] = cause
    return truth


@hot
def match(step: Row, numbers: Numbers, words: Numbers) -> int:
    """Whether one field is as a match instruction wants it."""
    field = step["field"]
    value = words[0, field]
    if value < 0:
        return MAYBE if value == UNKNOWN_VALUE else FALSE
    op = step["op"]
    if op == OP_VALUE:
        return place_of(numbers, step["first"], step["count"], value) & 1
    if op == OP_ADDRESS:
        return place_of_address(numbers, step["first"], step["count"], step["value"], words, field) & 1
    return is_chosen(numbers, step["first"], step["count"], value) ^ int(step["negate"])


@hot
def is_chosen(numbers: Numbers, first: int, count: int, value: int) -> int:
    """Whether a value, masked, lies in the range of one of the choices."""
    for n in range(count):
        at = first + 3 * n
        masked = value & numbers[at]
        if numbers[at + 1] <= masked and masked <= numbers[at + 2]:
            return TRUE
    return FALSE


@hot
def change(step: Row, seen: Row, certain: bool) -> None:
    """Set a mark or a helper, or take a packet out of tracking.

    If it is not certain that this happens, the result is unknown.
    """
    op = step["op"]
    if op == OP_SET_MARK:
        seen["mark"] = changed(seen["mark"], step["mask"], step["value"], certain)
    elif op == OP_SET_CT_MARK:
        if seen["ct_mark"] != ABSENT:
            seen["ct_mark"] = changed(seen["ct_mark"], step["mask"], step["value"], certain)
    elif op == OP_SET_HELPER:
        set_helper(step["value"], seen, certain)
    elif seen["ct_state"] == INVALID or seen["ct_state"] == NOT_TRACKED_YET:
        # nft_notrack_eval: only a packet to which nothing is attached
        seen["ct_state"] = UNTRACKED if certain else UNKNOWN_VALUE


@hot
def set_helper(helper: int, seen: Row, certain: bool) -> None:
    """Give a helper to the connection that a packet opens: one of TCP, not confirmed yet (`nft_ct_helper_obj_eval`)."""
    status = seen["ct_status"]
    if seen["proto"] != TCP or status == ABSENT or (status > 0 and status & CONFIRMED):
        return
    if certain and status >= 0:
        seen["ct_helper"] = helper
        seen["ct_status"] = status | HELPER
    elif seen["ct_helper"] <= 0:
        seen["ct_helper"] = UNKNOWN_VALUE


@hot
def changed(old: int, mask: int, value: int, certain: bool) -> int:
    """A mark after `(old & ~mask) | value`, of 32 bits."""
    new = UNKNOWN_VALUE
    if mask == 0xFFFFFFFF:
        new = value
    elif old >= 0:
        new = (old & ~mask & 0xFFFFFFFF) | value
    return new if certain or new == old else UNKNOWN_VALUE


@hot
def cause_of(field: int, seen: Row) -> int:
    """The reason why a field's value is not known."""
    if field == IIF or field == OIF:
        return R_NO_INTERFACE
    if field == CT_STATE or field == CT_DIRECTION or field == CT_STATUS or field == CT_MARK:
        return R_TENTATIVE
    if field == MARK and (seen["iif"] == UNKNOWN_VALUE or seen["oif"] == UNKNOWN_VALUE):
        return R_NO_INTERFACE  # set by a rule that asked for an interface
    return R_CUT
