"""Packets taken apart, and changed: equal to what is made anew."""

from __future__ import annotations

import pytest

from fwsim.attack.segment import changed, taken_apart
from fwsim.attack.wire import icmp, tcp, udp

PATHS = [("192.0.2.1", "192.0.2.2", "198.51.100.7"), ("2001:db8::1", "2001:db8::2", "2001:db8:7::7")]


@pytest.mark.parametrize(("src", "dst", "other"), PATHS)
@pytest.mark.parametrize("data", [b"", b"odd", b"even"])
def test_a_changed_segment_is_what_scapy_makes(src: str, dst: str, other: str, data: bytes) -> None:
    model = tcp(src, dst, (1, 2), "PA", seq=3, ack=4, data=data)
    new = changed(model, src=other, ports=(1025, 443), seq=0xFFFF_FFFF, ack=0x8000_0000)
    assert new == tcp(other, dst, (1025, 443), "PA", seq=0xFFFF_FFFF, ack=0x8000_0000, data=data)


@pytest.mark.parametrize(("src", "dst", "other"), PATHS)
def test_a_changed_datagram_is_what_scapy_makes(src: str, dst: str, other: str) -> None:
    assert changed(udp(src, dst, (1, 2), b"abc"), src=other, ports=(9, 53)) == udp(other, dst, (9, 53), b"abc")


def test_the_id_of_ipv4_changes_with_its_checksum() -> None:
    assert changed(tcp(*PATHS[0][:2], (1, 2), "S"), ip_id=77) == tcp(*PATHS[0][:2], (1, 2), "S", ip_id=77)


@pytest.mark.parametrize(("src", "dst", "other"), PATHS)
def test_taken_apart_is_what_was_put_in(src: str, dst: str, other: str) -> None:
    segment = taken_apart(tcp(src, dst, (5, 6), "SA", seq=7, ack=8, win=9, options=[("MSS", 1460)], ttl=10, data=b"d"))
    assert (segment.src, segment.dst, segment.ttl, segment.sport, segment.dport) == (src, dst, 10, 5, 6)
    assert (segment.seq, segment.ack, segment.flags, segment.win, segment.data) == (7, 8, 0x12, 9, b"d")
    assert (segment.sound, segment.length) == (True, 2)
    assert taken_apart(udp(src, dst, (5, 6), b"abc")).data == b"abc"
    error = taken_apart(icmp(src, dst, 3, 4, 1500, b"quoted"))
    assert (error.kind, error.code, error.quoted) == (3, 4, b"quoted")


@pytest.mark.parametrize("fault", [{"checksum": 1}, {"offset": 4}, {"offset": 6}])
def test_a_segment_that_a_host_discards_is_not_sound(fault: dict[str, int]) -> None:
    assert not taken_apart(tcp("192.0.2.1", "192.0.2.2", (5, 6), "A", **fault)).sound  # type: ignore[arg-type]
