"""Translation without a memory: each packet as if it opened a connection, and all ports were free.

Read first: `fwsim.engine.translating`, what a firewall that keeps state does. Without one nobody can say to whom the
answer to a translated packet goes: it stays what it is, and is for whoever it is addressed to.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.address_range import choose_address
from fwsim.engine.binding import (
    DNAT,
    DNAT_DONE,
    SNAT,
    SNAT_DONE,
    Nat,
    keep_address,
    keep_host,
    take_own_address,
    take_rule,
)
from fwsim.engine.path import Course
from fwsim.engine.program import TO_NETWORK, TO_UNKNOWN
from fwsim.engine.rerouting import reroute, reroute_own
from fwsim.engine.translating import lose, lose_asked
from fwsim.engine.vague import has_ports
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Hook

Row = Any

INPUT = int(Hook.INPUT)
OUTPUT = int(Hook.OUTPUT)
POSTROUTING = int(Hook.POSTROUTING)


@shared
def translate_alone(course: Course, nat: Nat, option_fault: int, out: int) -> None:
    """Translate a packet where its way has been interrupted for it; `out` 1 if routing has let it through."""
    state = course.memory.state[0]
    seen = course.seen[0]
    source = 1 if state["hook"] == INPUT or state["hook"] == POSTROUTING else 0
    chosen = state["chosen"]
    state["chosen"] = ABSENT
    state["bound"] |= SNAT_DONE if source else DNAT_DONE
    if chosen == ABSENT:
        return
    change(course, nat, chosen, source)
    if source:
        return
    if state["hook"] == OUTPUT:
        reroute_own(nat.places, state, seen)
    elif state["stage"] == 0:
        reroute(nat.places, state, seen, option_fault, out)


@hot
def change(course: Course, nat: Nat, chosen: int, source: int) -> None:
    """Change one side of a packet as row `chosen` of TRANSLATION says."""
    seen = course.seen[0]
    reply, proposed = nat.tuples[0], nat.tuples[1]
    turn_round(seen, reply, proposed)
    wanted = nat.wanted[0]
    keep_address(reply, wanted, source)
    if chosen >= 0:
        take_rule(course.program.translations[chosen], wanted)
        take_own_address(course, nat.places, wanted, source)
    if chosen < 0 or wanted["to"] == TO_UNKNOWN or wanted["low0"] < 0:
        lose(course, source)
        seen["ct_status"] = UNKNOWN_VALUE if seen["ct_status"] >= 0 else seen["ct_status"]
        return
    if wanted["to"] == TO_NETWORK:
        keep_host(reply, wanted, source)
    choose_address(proposed, wanted, source)
    lose_asked(course)
    same = is_same_end(proposed, reply, source)
    if source:
        seen["src0"], seen["src1"] = proposed["src0"], proposed["src1"]
        seen["src2"], seen["src3"] = proposed["src2"], proposed["src3"]
    else:
        seen["dst0"], seen["dst1"] = proposed["dst0"], proposed["dst1"]
        seen["dst2"], seen["dst3"] = proposed["dst2"], proposed["dst3"]
    port = seen["sport"] if source else seen["dport"]
    new = new_port(wanted, port) if has_ports(seen["proto"]) else port
    if source:
        seen["sport"] = new
    else:
        seen["dport"] = new
    if seen["ct_status"] >= 0 and (not same or port != new):
        seen["ct_status"] |= SNAT if source else DNAT


@hot
def is_same_end(proposed: Row, reply: Row, source: int) -> bool:
    """Whether the address of one side stays what it is; `reply` is the answer to what came."""
    if source:
        return bool(
            proposed["src0"] == reply["dst0"]
            and proposed["src1"] == reply["dst1"]
            and proposed["src2"] == reply["dst2"]
            and proposed["src3"] == reply["dst3"]
        )
    return bool(
        proposed["dst0"] == reply["src0"]
        and proposed["dst1"] == reply["src1"]
        and proposed["dst2"] == reply["src2"]
        and proposed["dst3"] == reply["src3"]
    )


@hot
def turn_round(seen: Row, reply: Row, proposed: Row) -> None:
    """The addresses of a packet, and those of the answer to it."""
    reply["src0"], reply["src1"], reply["src2"] = seen["dst0"], seen["dst1"], seen["dst2"]
    reply["dst0"], reply["dst1"], reply["dst2"] = seen["src0"], seen["src1"], seen["src2"]
    reply["src3"], reply["dst3"] = seen["dst3"], seen["src3"]
    proposed["src0"], proposed["src1"], proposed["src2"] = seen["src0"], seen["src1"], seen["src2"]
    proposed["dst0"], proposed["dst1"], proposed["dst2"] = seen["dst0"], seen["dst1"], seen["dst2"]
    proposed["src3"], proposed["dst3"] = seen["src3"], seen["dst3"]


@hot
def new_port(wanted: Row, port: int) -> int:
    """The port behind a translation: kept, if it may be."""
    if port < 0 or (wanted["random"] and not (wanted["ports"] and wanted["low_port"] == wanted["high_port"])):
        return port if port == ABSENT else UNKNOWN_VALUE
    if not wanted["ports"]:
        return port
    low, size = wanted["low_port"], wanted["high_port"] - wanted["low_port"] + 1
    if size == 1:
        return int(low)
    if wanted["offset"] and size > 0:
        return int(low + (port - wanted["base_port"] & 0xFFFF) % size)
    return port if low <= port and port < low + size else UNKNOWN_VALUE
