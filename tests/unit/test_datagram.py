"""UDP, UDP-Lite and protocols without a tracker of their own (conntrack-spec §7, §10)."""

from __future__ import annotations

import pytest

from fwsim.terms import CtState, CtStatus, Direction, Proto
from tests.tracking import SECOND, Bench, Datagram, udp

NEW = (int(CtState.NEW), int(Direction.ORIGINAL))
ORIGINAL = (int(CtState.ESTABLISHED), int(Direction.ORIGINAL))
REPLY = (int(CtState.ESTABLISHED), int(Direction.REPLY))
ASSURED = int(CtStatus.ASSURED)

QUESTION = udp("10.0.0.1", 5000, "10.0.1.1", 53)
ANSWER = QUESTION.answer()


def seconds(bench: Bench) -> float:
    return float(bench.only()["timeout"] / SECOND)


def assured(bench: Bench) -> bool:
    return bool(bench.only()["status"] & ASSURED)


def test_udp_is_new_until_it_is_answered() -> None:
    bench = Bench()
    assert [bench.state(QUESTION, at) for at in (0, 1)] == [NEW, NEW]
    assert bench.state(ANSWER, 2) == REPLY
    assert bench.state(QUESTION, 3) == ORIGINAL


def test_the_first_udp_reply_gives_30_seconds_only() -> None:
    bench = Bench()
    bench.see(QUESTION, 0)
    bench.see(ANSWER, 10)
    assert (seconds(bench), assured(bench)) == (30, False)


def test_a_short_udp_exchange_is_never_assured() -> None:
    bench = Bench()
    for at, datagram in ((0.0, QUESTION), (0.1, ANSWER), (0.2, QUESTION), (1.9, ANSWER), (2.0, QUESTION)):
        bench.see(datagram, at)
        assert (seconds(bench), assured(bench)) == (30, False)


@pytest.mark.parametrize("datagram", [QUESTION, ANSWER], ids=["original", "reply"])
def test_udp_active_beyond_two_seconds_from_creation_is_an_assured_stream(datagram: Datagram) -> None:
    bench = Bench()
    bench.see(QUESTION, 0)
    bench.see(ANSWER, 0.1)
    bench.see(datagram, 2.000000001)
    assert (seconds(bench), assured(bench)) == (120, True)


def test_the_two_seconds_count_from_creation_not_from_the_reply() -> None:
    bench = Bench()
    bench.see(QUESTION, 0)
    bench.see(QUESTION, 1.5)
    bench.see(ANSWER, 1.9)
    bench.see(QUESTION, 2.1)
    assert assured(bench)


def test_udp_without_an_answer_stays_at_30_seconds() -> None:
    bench = Bench()
    for at in range(0, 20, 5):
        bench.see(QUESTION, at)
        assert (seconds(bench), assured(bench)) == (30, False)


def test_an_assured_udp_stream_stays_at_120_seconds() -> None:
    bench = Bench()
    for at, datagram in ((0, QUESTION), (1, ANSWER), (3, QUESTION), (100, ANSWER)):
        bench.see(datagram, at)
    assert (seconds(bench), assured(bench)) == (120, True)


def test_udp_port_0_is_a_port_like_any_other() -> None:
    bench = Bench()
    sent = udp("10.0.0.1", 0, "10.0.1.1", 0)
    assert bench.state(sent) == NEW
    assert bench.state(sent.answer()) == REPLY


def test_udp_lite_is_assured_by_the_second_packet_after_a_reply() -> None:
    bench = Bench()
    sent = Datagram("10.0.0.1", "10.0.1.1", int(Proto.UDPLITE), 5000, 53)
    bench.see(sent, 0)
    bench.see(sent.answer(), 0.1)
    assert (seconds(bench), assured(bench)) == (30, False)
    bench.see(sent, 0.2)
    assert (seconds(bench), assured(bench)) == (120, True)


def test_udp_and_udp_lite_with_the_same_ports_are_two_connections() -> None:
    bench = Bench()
    bench.see(QUESTION)
    assert bench.state(Datagram("10.0.0.1", "10.0.1.1", int(Proto.UDPLITE), 5000, 53)) == NEW


@pytest.mark.parametrize("proto", [int(Proto.IPIP), int(Proto.ESP), int(Proto.AH), 89, 112, 33, 255])
def test_another_protocol_is_one_connection_per_pair_of_hosts(proto: int) -> None:
    bench = Bench()
    sent = Datagram("10.0.0.1", "10.0.1.1", proto)
    assert bench.state(sent, 0) == NEW
    assert bench.state(sent, 500) == NEW
    assert bench.state(sent.answer(), 1000) == REPLY
    assert bench.state(sent, 1001) == ORIGINAL
    assert (seconds(bench), assured(bench)) == (600, False)


def test_another_protocol_is_forgotten_after_600_seconds() -> None:
    bench = Bench()
    sent = Datagram("fd00::1", "fd01::1", 89)
    bench.see(sent, 0)
    assert bench.state(sent.answer(), 600) == NEW


def test_a_stream_is_one_two_seconds_after_the_connection_was_created_whenever_it_was_answered() -> None:
    bench = Bench()
    bench.see(QUESTION, 7)
    bench.see(ANSWER, 8)
    bench.see(QUESTION, 9)
    assert (seconds(bench), assured(bench)) == (30, False)
    bench.see(QUESTION, 9.001)
    assert (seconds(bench), assured(bench)) == (120, True)
