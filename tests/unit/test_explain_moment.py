"""What the firewall knew before a packet and knows after it."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.terms import TcpState, Verdict
from tests.deciding import EDGE, HERE, HERE6, THERE, THERE6, Rules, Wall, handshake, icmp, tcp, udp
from tests.explaining import RAW, moment_of


def test_an_opening_is_known_after_it_and_not_before() -> None:
    moment = moment_of(Wall(EDGE), tcp())
    assert not moment.known
    assert moment.connection_before is None
    assert moment.connection_after is not None
    assert moment.connection_after["state"] == TcpState.SYN_SENT
    assert moment.ghost is None


def test_a_connection_is_there_as_it_was_and_as_it_is() -> None:
    wall = Wall(EDGE)
    wall.ask(tcp())
    moment = moment_of(wall, tcp("SA", THERE, HERE, ports=(443, 40000), seq=5000, ack=1001))
    assert moment.known
    assert moment.connection_before is not None
    assert moment.connection_after is not None
    assert (moment.connection_before["state"], moment.connection_after["state"]) == (
        TcpState.SYN_SENT,
        TcpState.SYN_RECV,
    )


def test_a_connection_that_the_packet_ended_is_not_there_after_it() -> None:
    wall = Wall(EDGE)
    wall.ask(tcp())
    moment = moment_of(wall, tcp("R", seq=1001))
    assert moment.connection_before is not None
    assert moment.connection_after is None


def test_a_refused_opening_is_not_there_after_it() -> None:
    moment = moment_of(Wall(EDGE), tcp("S", THERE, HERE))
    assert (moment.connection_before, moment.connection_after) == (None, None)


def test_the_ghost_that_a_packet_follows_is_there() -> None:
    wall = Wall(EDGE)
    wall.ask(tcp("S", THERE, HERE))
    moment = moment_of(wall, tcp("SA", HERE, THERE, ports=(443, 40000)))
    assert moment.ghost is not None
    assert moment.ghost["opened_frame"] == 1


@pytest.mark.parametrize("packet", [tcp(ttl=9), udp()], ids=["dropped in raw", "notrack"])
def test_a_packet_that_is_not_tracked_inherits_nothing_of_the_one_before_it(packet: Any) -> None:
    wall = Wall(RAW)
    handshake(wall)
    wall.ask(tcp("A", seq=1001 + 900_000, ack=5001))  # invalid, in a connection
    moment = moment_of(wall, packet)
    assert (moment.result["reason"], moment.result["fresh"], moment.result["connection"]) == (0, 0, -1)
    assert (moment.known, moment.connection_before, moment.connection_after, moment.ghost) == (False, None, None, None)


@pytest.mark.parametrize(
    ("rules", "packet", "tracked"),
    [
        (RAW, tcp(ttl=9), False), (RAW, tcp(), True), (RAW, udp(), True), (EDGE, icmp(135, HERE6, THERE6), True),
        ([{"verdict": "accept"}], tcp(), True),
    ],
)  # fmt: skip
def test_only_what_a_raw_rule_drops_does_not_come_to_tracking(rules: Rules, packet: Any, tracked: bool) -> None:
    assert moment_of(Wall(rules), packet).tracked is tracked


def test_memories_are_those_before_the_packet() -> None:
    wall = Wall([{"limit": {"rate": "1/hour", "burst": 2}, "verdict": "accept"}])
    wall.ask(tcp())
    moment = moment_of(wall, tcp())
    now = wall.simulator.stateful.mode.course.memory.buckets[0]["tokens"]
    assert 0 <= now < moment.stateful_memory.buckets[0]["tokens"] == moment.stateless_memory.buckets[0]["tokens"]
    assert moment.stateful_memory.hits[0] == 1


def test_both_decisions_are_there() -> None:
    moment = moment_of(Wall(EDGE), tcp("SA", THERE, HERE, ports=(443, 40000)))
    verdicts = moment.decision("stateless")["verdict"], moment.decision("stateful")["verdict"]
    assert verdicts == (Verdict.ACCEPT, Verdict.DROP)
