"""How a translated packet left, in a few words."""

from __future__ import annotations

import pytest

from fwsim.report.departure import became
from fwsim.tables import V6, plain
from fwsim.terms import ABSENT, UNKNOWN_VALUE
from tests.deciding import icmp, tcp, udp
from tests.natted import HOST, PEER, PUBLIC, Gateway

HERE, THERE, OTHER = 0x0A000001, 0xCB007150, 0xC6336401
CAME = {
    "src0": HERE, "src1": 0, "src2": 0, "src3": 0, "dst0": THERE, "dst1": 0, "dst2": 0, "dst3": 0,
    "sport": 1024, "dport": 443, "icmp_id": 6,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({}, ""),
        ({"left": 0, "src0": 0}, ""),
        ({"src0": OTHER}, "nat 10.0.0.1.1024 => 198.51.100.1.1024"),
        ({"sport": UNKNOWN_VALUE}, "nat 10.0.0.1.1024 => 10.0.0.1.?"),
        ({"dst0": OTHER, "dport": 80}, "nat 203.0.113.80.443 => 198.51.100.1.80"),
        (
            {"src0": UNKNOWN_VALUE, "dst0": OTHER},
            "nat 10.0.0.1.1024 => ?.1024, 203.0.113.80.443 => 198.51.100.1.443",
        ),
        ({"src0": UNKNOWN_VALUE, "dst0": UNKNOWN_VALUE, "sport": UNKNOWN_VALUE}, "nat ?"),
        ({"left": 2, "src0": OTHER}, "nat 198.51.100.1.1024 => 10.0.0.1.1024"),
        ({"left": 2, "src0": UNKNOWN_VALUE, "dst0": UNKNOWN_VALUE}, "nat ?"),
        ({"left": 2, "src0": UNKNOWN_VALUE, "sport": UNKNOWN_VALUE}, "nat ?.? => 10.0.0.1.1024"),
        ({"dst0": V6, "dst3": 1}, "nat 203.0.113.80.443 => ::1.443"),
        ({"icmp_id": 7}, "nat id 6 => 7"),
        ({"src0": OTHER, "icmp_id": UNKNOWN_VALUE}, "nat 10.0.0.1.1024 => 198.51.100.1.1024, id 6 => ?"),
        ({"left": 2, "icmp_id": UNKNOWN_VALUE}, "nat id ? => 6"),
    ],
)
def test_only_what_has_changed_is_told(changed: dict[str, int], text: str) -> None:
    assert became({"left": 1, **CAME, **changed}, CAME) == text


def test_of_a_fragment_without_ports_those_of_its_datagram_are_no_change() -> None:
    later = CAME | {"sport": ABSENT, "dport": ABSENT}
    assert became({"left": 1, **CAME, "src0": OTHER}, later) == "nat 10.0.0.1 => 198.51.100.1"


def test_real_translations_read_so() -> None:
    gate = Gateway()

    def asked(packet: object) -> str:
        gate.ask(packet)  # type: ignore[arg-type]
        return became(plain(gate.batch.departures["stateful"][0]), plain(gate.batch.packets[0]))

    assert asked(tcp("S", HOST, PEER)) == f"nat {HOST}.40000 => {PUBLIC}.40000"
    assert asked(tcp("SA", PEER, PUBLIC, ports=(443, 40000), ack=1001)) == f"nat {PUBLIC}.40000 => {HOST}.40000"
    assert asked(udp(HOST, PEER, ports=(123, 123))) == f"nat {HOST}.123 => {PUBLIC}.?"
    assert asked(icmp(8, HOST, PEER)) == f"nat {HOST} => {PUBLIC}"
