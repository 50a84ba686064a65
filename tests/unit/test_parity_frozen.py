"""A clock that stands still lets nothing expire."""

from __future__ import annotations

from scapy.layers.inet import ICMP, IP, TCP
from scapy.packet import Packet

from fwsim.capture import from_scapy
from fwsim.parity import frozen
from fwsim.result import Result
from fwsim.ruleset import Ruleset
from fwsim.simulator import Simulator
from fwsim.terms import CtState


def at(seconds: float, packet: Packet) -> Packet:
    packet.time = seconds
    return packet


def test_all_packets_come_at_the_time_of_the_first() -> None:
    captures = from_scapy([at(5 + n, IP(dst="192.0.2.1") / TCP()) for n in range(7)], chunk_rows=3)
    chunks = list(frozen(captures))
    assert [int(now) for chunk in chunks for now in chunk.packets["now"]] == [5 * 10**9] * 7
    assert [int(ts) for chunk in chunks for ts in chunk.frames["ts"]] == [n * 10**9 for n in range(5, 12)]


def test_a_connection_outlives_its_timeout() -> None:
    request = IP(src="192.0.2.9", dst="192.0.2.1") / ICMP(id=3)
    answer = IP(src="192.0.2.1", dst="192.0.2.9") / ICMP(type=0, id=3)
    rules = Ruleset.model_validate({"policy": "accept", "rules": [{"ct_state": "invalid", "verdict": "drop"}]})

    def states(still: bool) -> list[int]:
        captures = from_scapy([at(5, request.copy()), at(500, answer.copy())])
        (batch,) = Result(frozen(captures) if still else captures, Simulator(rules))
        return [int(state) for state in batch.stateful["ct_state"]]

    assert states(still=False) == [CtState.NEW, CtState.INVALID]
    assert states(still=True) == [CtState.NEW, CtState.ESTABLISHED]
