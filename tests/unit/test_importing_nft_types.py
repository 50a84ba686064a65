"""How words are read by data type."""

from __future__ import annotations

import pytest

from fwsim.importing.nft.types import READERS, TYPES, UnreadableError, seconds


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        ("integer", "0x1F", 31), ("integer", "017", 15), ("ipv4_addr", "10.0.0.1", 0x0A000001), ("ipv4_addr", "5", 5),
        ("ipv4_addr", "010.0.0.1", 0x08000001), ("ipv6_addr", "::1", 1), ("ether_addr", "0:1:2:3:4:5", 0x0102030405),
        ("inet_service", "ssh", 22), ("inet_proto", "udp", 17), ("inet_proto", "comp", 108),
        ("expiration", "1d2h3m4s5ms", 93784005), ("expiration", "30", 30000), ("hour", "10:00:30", 36030),
        ("hour", "90000", 90000), ("day", "Monday", 1), ("time", "2020-01-01", 1577836800 * 10**9),
        ("time", "2020-01-01 10:00", 1577872800 * 10**9), ("classid", "1:2", 0x10002), ("classid", "root", 0xFFFFFFFF),
        ("icmp_type", "echo-request", 8), ("dscp", "ef", 46), ("devgroup", "default", 0),
    ],
)  # fmt: skip
def test_a_word_is_read_by_its_type(kind: str, text: str, number: int) -> None:
    assert READERS[kind](text) == number


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "x"), ("integer", "08"), ("ipv4_addr", "host"), ("ipv4_addr", "10.0.0.256"),
        ("ipv4_addr", "1.2.3.4.5"), ("ipv6_addr", "1.2.3.4"), ("ether_addr", "zz"), ("ether_addr", "0:1:2:3:4:5:6"),
        ("inet_service", "70000"), ("inet_service", "HTTP"), ("inet_proto", "300"), ("expiration", "x"),
        ("hour", "25:00"), ("hour", "x"), ("day", "monday"), ("time", "x"), ("icmp_type", "ECHO"), ("invalid", "1"),
        *((kind, "9" * 5000) for kind in ("integer", "inet_service", "expiration", "hour", "time", "mark")),
        *((kind, "\N{SUPERSCRIPT TWO}") for kind in ("integer", "expiration", "hour", "time", "mark")),
    ],
)  # fmt: skip
def test_a_word_that_the_type_does_not_know_is_refused(kind: str, text: str) -> None:
    with pytest.raises(UnreadableError):
        READERS[kind](text)


def test_flags_may_be_joined_and_ports_not() -> None:
    assert TYPES["tcp_flag"].is_bitmask
    assert not TYPES["inet_service"].is_bitmask


def test_durations_are_told_in_seconds_too() -> None:
    assert seconds("1m30s") == 90
