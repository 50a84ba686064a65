"""What is behind a packet that was captured when it had left."""

from __future__ import annotations

from typing import Any

from scapy.layers.inet import IP, TCP, UDP

from fwsim.capture import from_scapy
from fwsim.explain.entered import BLIND, Entered, entry_story, look
from fwsim.naming import address_text
from fwsim.tables import plain
from tests.gateway import FORWARD, IN, MASQUERADE, OUT, OUTSIDE, PUBLIC, RAW, Gateway
from tests.placed import Captures, Interface

ANSWER = IP(src=PUBLIC, dst=OUTSIDE) / TCP(sport=80, dport=5000, flags="SA", seq=9, ack=2)


def found(gate: Gateway, way: int, packet: Any) -> Entered | None:
    deciding = gate.simulator
    (chunk,) = from_scapy([packet], interface="wan", ts=9_000_000)
    chunk.frames["sent_or_received"] = way
    deciding.topology.locate(Captures([Interface(name, RAW) for name in gate.on]), chunk)
    before, _ = deciding.stateful.snapshot()
    return look(deciding, before, plain(chunk.frames[0]), plain(chunk.packets[0]), chunk.quotes)


def test_the_packet_that_came_in_is_found_by_its_connection() -> None:
    gate = Gateway(FORWARD, on=("wan",))
    gate.see("wan", IN, IP(src=OUTSIDE, dst=PUBLIC) / TCP(sport=5000, dport=80, flags="S", seq=1))
    entered = found(gate, OUT, ANSWER)
    assert entered is not None
    assert entered.packet is not None
    assert (address_text([entered.packet["src0"]]), entered.packet["sport"]) == ("10.2.0.2", 8080)
    assert entered.tuple >= 0
    assert entry_story(entered)[0].endswith(f"rules see what it was before, 10.2.0.2.8080 > {OUTSIDE}.5000")


def test_what_came_in_and_what_is_not_translated_is_what_it_is() -> None:
    gate = Gateway(FORWARD, on=("wan",))
    assert found(gate, IN, ANSWER) is None
    assert found(Gateway(on=("wan",)), OUT, ANSWER) is None
    assert entry_story(None) == []


def test_what_somebody_inside_sent_is_not_known() -> None:
    entered = found(Gateway(MASQUERADE, on=("wan",)), OUT, IP(src=PUBLIC, dst=OUTSIDE) / UDP(sport=5000, dport=80))
    assert entered is not None
    assert entered.packet is None
    assert entry_story(entered) == [BLIND]
