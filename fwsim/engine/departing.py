"""How a packet looks when it leaves a firewall that translates addresses.

Read first: DEPARTURE in `fwsim.tables`, `fwsim.engine.translating`. It is for whoever tells of it: no verdict hangs on
it. Of rulesets that do not translate the table has no row, and nothing is noted.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.binding import Nat
from fwsim.engine.icmp import is_icmp_error
from fwsim.engine.path import Course, is_stopped
from fwsim.tables import CAME, LEFT
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Verdict

Row = Any

ACCEPT = int(Verdict.ACCEPT)
UNKNOWN = int(Verdict.UNKNOWN)


@hot
def note_departure(course: Course, nat: Nat, decision: Row, anew: int) -> None:
    """Note how the packet at hand looks when it leaves; `anew` 1 forgets what was noted before."""
    if len(nat.departures) > 0:
        departure = nat.departures[course.extra[0]["row"]]
        if anew:
            forget_departure(departure)
        depart(departure, course.seen[0], course.memory.state[0]["fault"], decision)


@hot
def settle_departure(course: Course, nat: Nat, packet: Row, decision: Row) -> None:
    """Forget what was noted of a packet that did not leave after all, or looks as it came."""
    if len(nat.departures) > 0:
        departure = nat.departures[course.extra[0]["row"]]
        verdict = decision["verdict"]
        if (verdict != ACCEPT and verdict != UNKNOWN) or looks_as(departure, packet):
            forget_departure(departure)


@hot
def note_arrival(course: Course, nat: Nat, packet: Row) -> None:
    """Note of a packet that was captured when it had left, how it came in (`nat.entered`)."""
    if len(nat.departures) > 0:
        arrive(nat.departures[course.extra[0]["row"]], packet, nat.entered[0])


@shared
def depart(departure: Row, seen: Row, fault: int, decision: Row) -> None:
    """Note how a packet looks behind its last hook, if it came so far: `seen` is as rules saw it last.

    Noted a second time, since it may be seen in two ways, what differs is not known.
    """
    verdict = decision["verdict"]
    if (verdict != ACCEPT and verdict != UNKNOWN) or is_stopped(seen["hook"], fault, decision):
        return
    again = departure["left"]
    departure["left"] = LEFT
    note_source(departure, seen, again)
    note_destination(departure, seen, again)
    icmp_id = ABSENT if is_icmp_error(seen) else seen["icmp_id"]
    departure["icmp_id"] = UNKNOWN_VALUE if again and departure["icmp_id"] != icmp_id else icmp_id


@hot
def note_source(departure: Row, seen: Row, again: int) -> None:
    """The source; if nobody knows which way a packet goes, nor does anybody know what its source becomes there."""
    lost = seen["hook"] == UNKNOWN_VALUE
    if lost or seen["src0"] == UNKNOWN_VALUE or (again and not is_source(departure, seen)):
        departure["src0"], departure["src1"] = UNKNOWN_VALUE, 0
        departure["src2"], departure["src3"] = 0, 0
    else:
        departure["src0"], departure["src1"] = seen["src0"], seen["src1"]
        departure["src2"], departure["src3"] = seen["src2"], seen["src3"]
    sport = seen["sport"]
    if (lost and sport != ABSENT) or (again and departure["sport"] != sport):
        sport = UNKNOWN_VALUE
    departure["sport"] = sport


@hot
def note_destination(departure: Row, seen: Row, again: int) -> None:
    """The destination."""
    if seen["dst0"] == UNKNOWN_VALUE or (again and not is_destination(departure, seen)):
        departure["dst0"], departure["dst1"] = UNKNOWN_VALUE, 0
        departure["dst2"], departure["dst3"] = 0, 0
    else:
        departure["dst0"], departure["dst1"] = seen["dst0"], seen["dst1"]
        departure["dst2"], departure["dst3"] = seen["dst2"], seen["dst3"]
    dport = seen["dport"]
    departure["dport"] = UNKNOWN_VALUE if again and departure["dport"] != dport else dport


@hot
def is_source(departure: Row, packet: Row) -> bool:
    """Whether a packet has this source address."""
    return bool(
        departure["src0"] == packet["src0"]
        and departure["src1"] == packet["src1"]
        and departure["src2"] == packet["src2"]
        and departure["src3"] == packet["src3"]
    )


@hot
def is_destination(departure: Row, packet: Row) -> bool:
    """Whether a packet has this destination address."""
    return bool(
        departure["dst0"] == packet["dst0"]
        and departure["dst1"] == packet["dst1"]
        and departure["dst2"] == packet["dst2"]
        and departure["dst3"] == packet["dst3"]
    )


@shared
def arrive(departure: Row, packet: Row, entered: Row) -> None:
    """Note how a packet came in; nothing if it looked the same then."""
    departure["left"] = CAME
    note_source(departure, entered, 0)
    note_destination(departure, entered, 0)
    departure["icmp_id"] = ABSENT if is_icmp_error(entered) else entered["icmp_id"]
    if looks_as(departure, packet):
        forget_departure(departure)


@shared
def looks_as(departure: Row, packet: Row) -> bool:
    """Whether both ends are those of a packet."""
    return (
        is_source(departure, packet)
        and is_destination(departure, packet)
        and departure["sport"] == packet["sport"]
        and departure["dport"] == packet["dport"]
        and (departure["icmp_id"] == ABSENT or departure["icmp_id"] == packet["icmp_id"])
    )


@hot
def forget_departure(departure: Row) -> None:
    """Nothing is told."""
    departure["left"] = 0
    departure["src0"], departure["src1"], departure["src2"], departure["src3"] = 0, 0, 0, 0
    departure["dst0"], departure["dst1"], departure["dst2"], departure["dst3"] = 0, 0, 0, 0
    departure["sport"], departure["dport"], departure["icmp_id"] = 0, 0, 0
