"""Options that a fuzzer puts into IP headers: of every kind, well-formed often, and of the length that they say."""

from __future__ import annotations

from collections import Counter
from random import Random

from fwsim.capture.crafting import UDP, Ip, udp_datagram
from fwsim.fuzz import traffic
from fwsim.fuzz.options import with_options
from fwsim.terms import Reason
from tests.captures_by_hand import decoded

PAIRS = [("10.1.0.11", "198.51.100.21"), ("fd00:1::11", "2001:db8:2::21")]


def packets(pair: tuple[str, str], count: int = 2_000) -> list[Ip]:
    plain = Ip(*pair, UDP, udp_datagram(*pair, (5000, 53), b"hello"))
    return [with_options(Random(seed), plain) for seed in range(count)]


def faults(pair: tuple[str, str]) -> Counter[Reason]:
    return Counter(Reason(decoded(ip.encode(), 101).frame["option_fault"]) for ip in packets(pair))


def test_ipv4_options_are_right_and_wrong() -> None:
    found = faults(PAIRS[0])
    assert set(found) == {Reason.NONE, Reason.BAD_IP_OPTIONS, Reason.SOURCE_ROUTED}
    assert min(found[Reason.NONE], found[Reason.BAD_IP_OPTIONS]) > 500
    assert found[Reason.SOURCE_ROUTED] > 50


def test_ipv6_options_are_right_and_wrong() -> None:
    found = faults(PAIRS[1])
    assert set(found) == {Reason.NONE, Reason.BAD_HOP_BY_HOP}
    assert min(found.values()) > 500


def test_headers_for_options_and_for_routing_come_first() -> None:
    assert {ip.proto for ip in packets(PAIRS[1])} == {0, 43, 60}


def test_an_option_area_fits_its_header() -> None:
    sizes = Counter(len(ip.ip_options) for ip in packets(PAIRS[0]))
    assert set(sizes) <= set(range(4, 41, 4))
    assert sizes[40] > 0


def test_the_payload_is_left_as_it_is() -> None:
    for pair in PAIRS:
        plain = udp_datagram(*pair, (5000, 53), b"hello")
        assert all(ip.encode().endswith(plain) for ip in packets(pair, 300))


def test_traffic_has_as_many_as_wanted() -> None:
    def share(options: float) -> float:
        sent = [one.packet for one in traffic(1, 3_000, fragments=0, options=options)]
        return sum(packet[0] > 0x45 if packet[0] >> 4 == 4 else packet[6] == 0 for packet in sent) / len(sent)

    assert share(0) < 0.02 < 0.4 < share(0.5) < 0.6
