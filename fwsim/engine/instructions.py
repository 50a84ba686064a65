"""The instructions of one rule against one packet, in Kleene's three-valued logic.

Read first: INSTRUCTION in `rule_rows`, `fwsim.engine.program`. A match on a field that is not there is false; on a
field whose value is not known it is MAYBE. A rule is false as soon as one match is; else MAYBE if one is. What a rule
changes is only known if the rule surely applies: otherwise the mark, the ct state or the bucket becomes unknown.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.asked import FIRST as FIRST_SLOT
from fwsim.engine.asked import is_cut
from fwsim.engine.counted import THIS_RULE, ask_counted
from fwsim.engine.index import candidate, forget
from fwsim.engine.intervals import place_of, place_of_address
from fwsim.engine.limits import doubt_about, has_tokens
from fwsim.engine.program import (
    FALSE,
    MAYBE,
    OP_ADDRESS,
    OP_ALTER,
    OP_ASSIGN,
    OP_KEEP,
    OP_LAST_MATCH,
    OP_LAST_QUESTION,
    OP_LIMIT,
    OP_NAT,
    OP_RECALL,
    OP_SET_HELPER,
    OP_TERM,
    OP_UNKNOWN,
    OP_VALUE,
    TRUE,
    Memory,
    Numbers,
    Program,
)
from fwsim.tables import PACKET, number_in_seen, number_of
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, CtStatus, Proto, Reason

Row = Any

IIF = number_of(PACKET, "iif")
OIF = number_of(PACKET, "oif")
MARK = number_of(PACKET, "mark")
CT_STATE = number_of(PACKET, "ct_state")
CT_DIRECTION = number_of(PACKET, "ct_direction")
CT_STATUS = number_of(PACKET, "ct_status")
CT_MARK = number_of(PACKET, "ct_mark")
WANTED = number_in_seen("wanted")
TH_SPORT = number_in_seen("th_sport")
TH_DPORT = number_in_seen("th_dport")

NOT_TRACKED_YET = int(CtState.NONE)
INVALID = int(CtState.INVALID)
UNTRACKED = int(CtState.UNTRACKED)
CONFIRMED = int(CtStatus.CONFIRMED)
HELPER = int(CtStatus.HELPER)
TCP = int(Proto.TCP)
R_CUT = int(Reason.CUT)
R_NO_INTERFACE = int(Reason.NO_INTERFACE)
R_TENTATIVE = int(Reason.TENTATIVE)
R_NOT_SIMULATED = int(Reason.NOT_SIMULATED)


@hot
def follow(program: Program, memory: Memory, rule: int, start: int, seen: Row, words: Numbers, quiet: int) -> int:
    """Whether a rule applies, from its instruction `start` on: TRUE, FALSE or MAYBE. Does what it does on the way."""
    state = memory.state[0]
    truth = TRUE
    cause = 0
    blamed = 0
    for at in range(start, program.rules[rule]["last"]):
        step = program.instructions[at]
        op = step["op"]
        state["doubt"] = 0
        if op <= OP_LAST_MATCH:
            result = match(step, program.numbers, words)
            if result == MAYBE:
                state["doubt"] = cause_of(step["field"], seen, state, words)
        elif op <= OP_LAST_QUESTION:
            if truth == TRUE:
                cause = 0 if state["sure"] else state["cause"]
            result = answer(program, memory, step, seen, words, cause, quiet)
        else:
            result = change(step, state, seen, words, truth, blamed - 1 if blamed else rule, cause)
        if result == FALSE:
            return FALSE
        if result == MAYBE:
            truth = MAYBE
            if cause == 0:
                cause = state["doubt"]
                blamed = lost_since(step["field"], state) if op <= OP_LAST_MATCH else 0
    state["doubt"] = cause
    state["blamed"] = blamed
    return truth


@hot
def match(step: Row, numbers: Numbers, words: Numbers) -> int:
    """Whether one field is as a match instruction wants it."""
    field = step["field"]
    value = words[0, field]
    if value < 0:
        return MAYBE if value == UNKNOWN_VALUE else int(step["absent"])
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
def answer(program: Program, memory: Memory, step: Row, seen: Row, words: Numbers, cause: int, quiet: int) -> int:
    """The truth of a question that is no match; leaves in `doubt` why it is not clear.

    `cause` is the Reason why the packet may not be here at all, or 0.
    """
    state = memory.state[0]
    op = step["op"]
    if op == OP_LIMIT:
        limit = program.limits[step["first"]]
        bucket = memory.buckets[step["first"]]
        state["doubt"] = doubt_about(bucket, cause, quiet)
        return MAYBE if state["doubt"] else has_tokens(limit, bucket, seen["now"], seen["length"], quiet)
    if op > OP_LIMIT:
        return ask_counted(program, memory, step, seen, words, cause, quiet)
    if op == OP_RECALL:
        state["doubt"] = state["cause"] if state["cause"] else R_NOT_SIMULATED
        return int(state["kept"] >> 2 * step["first"] & 3)
    state["doubt"] = R_NOT_SIMULATED
    if op == OP_UNKNOWN:
        return MAYBE if step["mask"] >> state["hook"] & 1 else int(step["value"] >> state["hook"] & 1)
    return is_element(program, memory, step, words)


@shared
def is_element(program: Program, memory: Memory, step: Row, words: Numbers) -> int:
    """Whether the packet is in one of the elements of a set, or with `negate` in none."""
    chain = program.chains[step["first"]]
    state = memory.state[1]
    forget(state)
    found = candidate(chain, program.columns, program.numbers, memory.element_places, state, chain["first"], words)
    if found == chain["last"]:
        return int(step["negate"])
    if state["vague"] or chain["policy"]:
        return MAYBE
    return 1 - int(step["negate"])


# --- what a rule changes -----------------------------------------------------------------------------------------


@hot
def change(step: Row, state: Row, seen: Row, words: Numbers, truth: int, rule: int, cause: int) -> int:
    """Do what a step does; its own truth. If it is not certain that the packet is here, the result is unknown.

    `cause` is why the rule may not apply, or 0; `rule` is to blame for it.
    """
    op = step["op"]
    certain = truth == TRUE and state["sure"] == 1
    if op == OP_KEEP:
        digit = 2 * step["first"]
        state["kept"] = state["kept"] & ~(3 << digit) | (truth if step["value"] else FALSE) << digit
        return TRUE
    if op == OP_TERM:
        return take_term(step, state, words)
    forget(state)
    if op == OP_ASSIGN:
        assign(step, state, seen, words, certain)
        lost = why_lost(words[0, step["field"]], state, certain, rule, cause)
        if step["field"] == MARK:
            state["lost"] = lost
        elif step["field"] == CT_MARK:
            state["lost_ct"] = lost
        state["blame"] = 0
    elif op == OP_ALTER:
        if step["absent"] or words[0, step["field"]] != ABSENT:
            words[0, step["field"]] = step["value"] if certain else UNKNOWN_VALUE
    elif op == OP_SET_HELPER:
        set_helper(step["value"], seen, certain)
    elif op == OP_NAT:
        if step["mask"] and seen["family"] != step["mask"]:
            return FALSE  # nft_nat_inet_eval
        if not step["value"] or seen["src0"] != 0:
            state["chosen"] = step["first"] if certain else UNKNOWN_VALUE
    elif seen["ct_state"] == INVALID or seen["ct_state"] == NOT_TRACKED_YET:
        # nft_notrack_eval, nft_ct_set_zone_eval: only a packet to which nothing is attached
        seen["ct_state"] = UNTRACKED if certain and not step["value"] else UNKNOWN_VALUE
    return TRUE


@hot
def take_term(step: Row, state: Row, words: Numbers) -> int:
    """Take a part of a new value; a field that is not there ends the rule (NFT_BREAK), or leaves no value."""
    value = UNKNOWN_VALUE if step["field"] < 0 else words[0, step["field"]]
    if value == ABSENT or state["value"] == ABSENT:
        state["value"] = ABSENT if step["absent"] else 0
        return int(step["absent"])
    shift = step["count"]
    if value == UNKNOWN_VALUE:
        state["blame"] = lost_since(step["field"], state) if step["field"] >= 0 else THIS_RULE
    if value == UNKNOWN_VALUE or state["value"] == UNKNOWN_VALUE:
        state["value"] = UNKNOWN_VALUE
    elif shift >= 0:
        state["value"] ^= value << shift & step["mask"]
    else:
        state["value"] ^= value >> -shift & step["mask"]
    return TRUE


@hot
def assign(step: Row, state: Row, seen: Row, words: Numbers, certain: bool) -> None:
    """Give a field the value that the terms and the constant make."""
    new = state["value"]
    state["value"] = 0
    if new >= 0:
        new ^= step["value"]
    old = words[0, step["field"]]
    if old == ABSENT or new == ABSENT:
        return  # a connection's mark where there is none
    words[0, step["field"]] = new if certain or new == old else UNKNOWN_VALUE


@hot
def why_lost(new: int, state: Row, certain: bool, rule: int, cause: int) -> int:
    """The rule (plus 1) that is why a mark, which was set, is not known, if that is something not simulated; else 0."""
    if new != UNKNOWN_VALUE:
        return 0
    if state["blame"]:
        return rule + 1 if state["blame"] == THIS_RULE else int(state["blame"])
    if certain:
        return 0
    if cause == R_NOT_SIMULATED:
        return rule + 1
    return int(state["cause_rule"] + 1) if cause == 0 and state["cause"] == R_NOT_SIMULATED else 0


@hot
def lost_since(field: int, state: Row) -> int:
    """The rule (plus 1) since which a mark is not known because something is not simulated; else 0."""
    if field == MARK:
        return int(state["lost"])
    return int(state["lost_ct"]) if field == CT_MARK else 0


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
def cause_of(field: int, seen: Row, state: Row, words: Numbers) -> int:
    """The reason why a field's value is not known."""
    if lost_since(field, state):
        return R_NOT_SIMULATED
    if field == IIF or field == OIF:
        return R_NO_INTERFACE
    if field == CT_STATE or field == CT_DIRECTION or field == CT_STATUS or field == CT_MARK:
        return R_TENTATIVE
    if field == MARK and (seen["iif"] == UNKNOWN_VALUE or seen["oif"] == UNKNOWN_VALUE):
        return R_NO_INTERFACE  # set by a rule that asked for an interface
    if field >= FIRST_SLOT and not is_cut(words, field):
        return R_NOT_SIMULATED
    if (field == TH_SPORT and seen["sport"] == ABSENT) or (field == TH_DPORT and seen["dport"] == ABSENT):
        return R_NOT_SIMULATED  # what stands there in protocols without ports, such as ESP
    return R_CUT
