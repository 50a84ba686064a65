"""Traffic through a translating firewall, made with one that translates by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from fwsim.capture.ends import ends_of
from fwsim.fuzz.nat.places import HOSTS, INTERFACES, OWN, behind
from fwsim.fuzz.nat.traffic import is_judged_alike, traffic

PUBLIC = OWN[4]["wan"]


def hides(packets: Sequence[tuple[str, bytes]]) -> dict[int, bytes]:
    """A relay that hides the hosts of the lan behind a public address, in IPv4."""
    return {
        place: data[:12] + bytes(map(int, PUBLIC.split("."))) + data[16:]
        for place, (name, data) in enumerate(packets)
        if name == "lan" and data[0] >> 4 == 4 and data[6:8] in (b"\0\0", b"\x40\0")
    }


def test_the_same_seed_gives_the_same_traffic() -> None:
    assert list(traffic(1, 400, hides)) == list(traffic(1, 400, hides)) != list(traffic(2, 400, hides))


def test_answers_are_addressed_to_what_the_firewall_made_of_the_questions() -> None:
    packets = list(traffic(3, 3000, hides))
    assert {name for name, _ in packets} == {*INTERFACES}
    towards = Counter(ends[2] for name, data in packets if name == "wan" and (ends := ends_of(data)))
    inside = sum(towards[host] for host in HOSTS[4]["lan"])
    assert towards[PUBLIC] > 2 * inside > 0


def test_errors_come_from_where_the_packets_went_that_they_quote() -> None:
    errors = [
        (name, data) for name, data in traffic(4, 3000, hides) if data[0] == 0x45 and data[9] == 1 and data[20] == 3
    ]
    quoted = [(name, ends) for name, data in errors if (ends := ends_of(data[28:])) and len(data) >= 52]
    assert len(quoted) > 20
    about_hidden = [name for name, ends in quoted if ends[0] == PUBLIC]
    assert about_hidden
    assert {behind(ends[2]) for name, ends in quoted if ends[0] == PUBLIC and name == "wan"} >= {"wan"}


@pytest.mark.parametrize(
    ("packet", "alike"),
    [
        (IP(proto=6) / Raw(bytes(20)), True),
        (IP(proto=6) / Raw(bytes(19)), False),
        (IP(proto=17) / Raw(bytes(8)), False),
        (IP(proto=17) / Raw(bytes(20)), True),
        (IP(proto=6, frag=5) / Raw(bytes(20)), True),
        (IP(proto=89), True),
        (IPv6(nh=17) / Raw(bytes(8)), True),
        (IPv6(nh=17) / Raw(bytes(7)), False),
        (IPv6(nh=51) / Raw(bytes(40)), False),
        (IPv6(nh=60) / Raw(bytes([51, 0] + [0] * 40)), False),
        (IPv6(nh=60) / Raw(bytes([17, 0] + [0] * 14)), True),
        (IPv6(nh=44) / Raw(bytes([17, 0, 0, 8] + [0] * 6)), True),
        (IPv6(nh=44) / Raw(bytes([17, 0, 0, 1] + [0] * 6)), False),
    ],
)
def test_what_linux_is_known_to_see_otherwise_is_left_out(packet: Any, alike: bool) -> None:
    assert is_judged_alike(bytes(packet)) == alike
