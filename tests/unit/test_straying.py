"""Packets that may belong to connections of which not all is known."""

from __future__ import annotations

import pytest
from scapy.layers.inet import IP, UDP

from fwsim.engine.straying import go_astray, linger
from fwsim.engine.vague import DESTINATION, blur
from fwsim.terms import CtStatus, Proto
from tests.binding import INSIDE, OTHER, PUBLIC, SERVER, Binder, flow, rule
from tests.gateway import IN, Gateway, nat
from tests.tracking import SECOND, Datagram, settings, udp

LOST = int(CtStatus.STRAY | CtStatus.TENTATIVE)


def drawn(*openings: Datagram) -> Binder:
    """Connections whose ports were drawn; they expire at 30 s."""
    table = Binder()
    for opening in openings or (flow(),):
        table.open(opening, rule(random=1))
    return table


def strays(table: Binder, packet: Datagram, at: float = 10, left: int = 0) -> list[int]:
    """The numbers of the connections that are in doubt after a packet."""
    _, packets, quotes, _ = table.tables
    table.track(packet, at)
    found = go_astray(table.tracker, table.tracker.tuples[0], packets[0], quotes, left, table.tracker.tuples[3])
    marked = [one["number"] for one in table.connections() if one["status"] & LOST == LOST]
    assert found or not marked
    return marked


ANSWER = udp(SERVER, 53, PUBLIC, 40000)


def test_all_that_it_may_belong_to_are_in_doubt() -> None:
    table = drawn(flow(), flow(OTHER), flow(dport=54))
    assert strays(table, ANSWER) == [1, 2]


@pytest.mark.parametrize("packet", [udp(SERVER, 99, PUBLIC, 40000), udp(SERVER, 53, INSIDE, 40000), ANSWER.answer()])
def test_no_other_is_in_doubt(packet: Datagram) -> None:
    table = drawn()
    assert strays(table, packet) == []
    assert table.only()["expires"] == 30 * SECOND


def test_what_was_seen_when_it_had_left_may_be_from_who_is_answered() -> None:
    """Its own tuple is nobody's, the answer to it would be a vague one's."""
    table = drawn()
    table.track(ANSWER.answer())
    assert strays(table, ANSWER, left=1) == [1]


def test_each_kind_of_vague_tuple_is_asked_for() -> None:
    table = drawn()
    table.track(flow(OTHER))
    blur(table.tracker.tuples[1], DESTINATION)
    table.settle()
    assert strays(table, ANSWER) == [1, 2]


def expiries(table: Binder) -> list[float]:
    """When each connection expires, in seconds."""
    return [connection["expires"] / SECOND for connection in table.connections()]


@pytest.mark.parametrize(("at", "until"), [(10, 140), (19.9, 149.9), (20, 150)])
def test_one_in_doubt_stays_as_long_as_it_may(at: float, until: float) -> None:
    """It may have become a stream, which lasts 120 s; and to the end of the round."""
    table = drawn()
    strays(table, ANSWER, at=at)
    assert expiries(table) == [until]


def test_every_packet_may_have_kept_it_alive() -> None:
    table = drawn(flow(), flow(OTHER), flow("10.1.0.13"))
    for at in range(5, 500, 50):
        assert strays(table, ANSWER, at=at) == [1, 2, 3]
        assert min(expiries(table)) >= at + 120


def test_newer_ones_do_not_hide_those_behind_them() -> None:
    table = drawn(flow())
    for number in range(1, 30):
        at = 7 * number
        strays(table, ANSWER, at=at)
        table.open(flow(f"10.1.1.{number}"), rule(random=1), at=at + 1)
        strays(table, ANSWER, at=at + 2)
        assert len(expiries(table)) == 1 + number
        assert min(expiries(table)) >= at + 122


def test_in_a_round_those_behind_are_not_looked_at_again() -> None:
    table = drawn(flow(), flow(OTHER))
    strays(table, ANSWER, at=10)
    first = table.connections()[0]["row"]
    table.tracker.connections[first]["status"] &= ~int(CtStatus.STRAY)
    assert strays(table, ANSWER, at=19) == [2]
    assert strays(table, ANSWER, at=21) == [1, 2]


@pytest.mark.parametrize(
    ("proto", "seconds"),
    [
        (Proto.TCP, 432000),
        (Proto.UDP, 120),
        (Proto.UDPLITE, 120),
        (Proto.SCTP, 210),
        (Proto.GRE, 180),
        (Proto.ICMP, 30),
        (Proto.ICMPV6, 30),
        (99, 600),
    ],
)
def test_how_long_depends_on_the_protocol(proto: int, seconds: int) -> None:
    known = settings()[0]
    known["sctp_established"] = 210 * SECOND
    connection = {"expires": 5 * SECOND}
    linger(connection, int(proto), 7 * SECOND, known)
    assert connection["expires"] == (7 + seconds) * SECOND


def test_it_is_never_cut_short() -> None:
    connection = {"expires": 10**6 * SECOND}
    linger(connection, int(Proto.TCP), 0, settings()[0])
    assert connection["expires"] == 10**6 * SECOND


def test_answers_that_go_on_for_long_may_still_be_answers() -> None:
    gateway = Gateway(nat('oifname "wan" masquerade random'))
    said = []
    for second in range(0, 600, 25):
        gateway.number = second * 1000
        if second:
            said.append(gateway.see("wan", IN, IP(src=SERVER, dst=PUBLIC) / UDP(sport=53, dport=41234)))
        else:
            gateway.see("lan", IN, IP(src=INSIDE, dst=SERVER) / UDP(sport=5000, dport=53))
    assert [word for word in said if not word.startswith("unknown")] == []
    gateway.number += 131 * 1000
    assert gateway.see("wan", IN, IP(src=SERVER, dst=PUBLIC) / UDP(sport=53, dport=41234)) == "drop"
