"""Ports, protocols, types and other numbers, by number, name or range."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.ruleset import Rule
from fwsim.ruleset.values import (
    Numbers,
)


def value(key: str, raw: object, **more: object) -> Any:
    return getattr(Rule.model_validate({key: raw, **more}), key)


@pytest.mark.parametrize(
    ("key", "raw", "intervals"),
    [
        ("dport", 22, ((22, 22),)),
        ("dport", "22", ((22, 22),)),
        ("dport", "0x16", ((22, 22),)),
        ("dport", [80, 443], ((80, 80), (443, 443))),
        ("dport", [80, 81, "82-90"], ((80, 90),)),
        ("dport", "1024-65535", ((1024, 65535),)),
        ("dport", "ssh", ((22, 22),)),
        ("dport", "http-alt", ((8080, 8080),)),
        ("dport", "ftp-data-ssh", ((20, 22),)),
        ("dport", "ftp-data - http-alt", ((20, 8080),)),
        ("dport", "http, https", ((80, 80), (443, 443))),
        ("sport", 0, ((0, 0),)),
        ("proto", "tcp", ((6, 6),)),
        ("proto", ["tcp", "udp", 132], ((6, 6), (17, 17), (132, 132))),
        ("proto", "icmpv6", ((58, 58),)),
        ("proto", "ipv6-icmp", ((58, 58),)),
        ("icmp_type", "echo-request", ((8, 8),)),
        ("icmp_type", ["echo-reply", 3], ((0, 0), (3, 3))),
        ("icmp_code", "port-unreachable", ((3, 3),)),
        ("icmpv6_type", "nd-router-solicit-nd-redirect", ((133, 137),)),
        ("icmpv6_code", "port-unreachable", ((4, 4),)),
        ("dscp", "ef", ((46, 46),)),
        ("dscp", ["cs1", "af41"], ((8, 8), (34, 34))),
        ("ttl", "0-1", ((0, 1),)),
        ("length", "1500-65575", ((1500, 65575),)),
        ("vlan", 4095, ((4095, 4095),)),
        ("family", "ipv6", ((6, 6),)),
        ("family", ["ipv4", "ipv6"], ((4, 4), (6, 6))),
        ("fragment", "later", ((2, 2),)),
        ("fragment", True, ((1, 2),)),
        ("fragment", False, ((0, 0),)),
        ("ct_direction", "reply", ((1, 1),)),
    ],
)
def test_numbers_and_their_names_are_read_as_intervals(key: str, raw: object, intervals: object) -> None:
    assert value(key, raw) == Numbers(intervals)  # type: ignore[arg-type]
