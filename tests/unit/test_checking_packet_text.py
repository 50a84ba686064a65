"""Packets in a line."""

from __future__ import annotations

from fwsim.checking.ground import Ground
from fwsim.checking.packet_text import fields_of, interface, named, sample_fields, sample_text
from fwsim.space.fields import IIF, MARK
from fwsim.terms import Hook
from tests.findings import Json, lowered_of, tcp

FORWARD = int(Hook.FORWARD)


def line(rule: Json, family: int = 4, **more: int) -> str:
    lowered = lowered_of([rule])
    ground = Ground(lowered)
    packet = next(iter(ground.ordinary.samples(family, ground.lines[0][0].box)))
    return sample_text(FORWARD, {**packet, MARK: more.get("mark", 0)}, lowered)


def test_a_packet_says_what_rules_ask_for() -> None:
    assert line(tcp("80")) == "tcp 198.51.100.7:40000 > 203.0.113.7:80 syn"
    assert line(tcp("80", ct_state="established")) == "tcp 198.51.100.7:40000 > 203.0.113.7:80 ack established"
    assert line(tcp("80", iif="wan", oif="lan")).endswith("syn in wan out lan")
    assert line(tcp("80", iif="!lan", ttl=4), mark=16).endswith("syn ttl 4 in wan mark 0x10")


def test_addresses_of_ipv6_and_what_has_no_ports() -> None:
    assert line(tcp("80", src="2001:db8::/64"), 6) == "tcp [2001:db8::7]:40000 > [2001:db8:9::9]:80 syn"
    assert line({"proto": "icmp", "icmp_type": 3, "verdict": "drop"}).startswith(
        "icmp 198.51.100.7 > 203.0.113.7 type 3"
    )
    assert line({"proto": 99, "verdict": "drop"}) == "protocol 99 198.51.100.7 > 203.0.113.7"
    later = line({"proto": "tcp", "fragment": "later", "verdict": "drop"})
    assert later == "tcp 198.51.100.7 > 203.0.113.7 later fragment"


def test_an_interface_that_nobody_names_is_another_one() -> None:
    assert (interface(1, ("lan", "wan")), interface(2, ("lan", "wan"))) == ("wan", "another interface")


def test_fields_are_for_programs() -> None:
    ground = Ground(lowered_of([tcp("80", iif="wan")]))
    packet = next(iter(ground.ordinary.samples(4, ground.lines[0][0].box)))
    told = dict(sample_fields(FORWARD, packet, ("lan", "wan")))
    assert (told["hook"], told["iif"], told["src"], told["dport"]) == ("forward", "wan", "198.51.100.7", 80)
    assert told["ct_state"] == "new"
    assert "icmp_type" not in told
    assert dict(fields_of(named(packet)))["dst"] == "203.0.113.7"
    assert packet[IIF] == 1
