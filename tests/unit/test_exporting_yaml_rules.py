"""Rules as keys: order, repeated keys, needs of ports and answers, limits and marks."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.exporting.saying import CannotSay
from fwsim.exporting.yaml_rules import limit_keys, set_written, without_implied
from fwsim.exporting.yaml_ruleset import ruleset_of
from fwsim.netfilter.model import Set
from fwsim.ruleset.values import Addresses, Limit, Numbers
from tests.exporting import assert_same_walks, read


@pytest.mark.parametrize(
    ("limit", "keys"),
    [
        (Limit(5, 10**9), {"rate": "5/second", "burst": 5}),
        (Limit(64, 3600 * 10**9, 7, True, "bytes"), {"rate": "64 bytes/hour", "burst": "7 bytes", "over": True}),
    ],
)
def test_a_limit_as_a_mapping(limit: Limit, keys: dict[str, Any]) -> None:
    assert limit_keys(limit) == keys


def test_a_limit_per_some_other_time_is_refused() -> None:
    with pytest.raises(CannotSay):
        limit_keys(Limit(5, 7))


@pytest.mark.parametrize(
    ("keys", "left"),
    [
        ({"proto": "tcp", "tcp_flags": "syn"}, {"tcp_flags": "syn"}),
        ({"proto": "tcp", "tcp_flags": "syn", "dport": 1}, {"proto": "tcp", "tcp_flags": "syn", "dport": 1}),
        ({"family": "ipv4", "proto": "icmp", "icmp_type": 8}, {"icmp_type": 8}),
        ({"family": "ipv6", "proto": "icmp", "icmp_type": 8}, {"family": "ipv6", "icmp_type": 8}),
    ],
)
def test_what_other_keys_imply_is_left_away(keys: dict[str, Any], left: dict[str, Any]) -> None:
    assert without_implied(keys) == left


@pytest.mark.parametrize(
    ("own", "found"),
    [
        (Set("s", ("inet_service",), value=Numbers(((22, 22),))), {"type": "port", "elements": [22]}),
        (Set("s", ("ipv4_addr",), value=Addresses(((1, 1),))), {"type": "address", "elements": ["0.0.0.1"]}),
        (Set("s", ("ipv4_addr",), value=Addresses(((1, 1),)), dynamic=True), None), (Set("s", ("mark",)), None),
    ],
)  # fmt: skip
def test_named_sets(own: Set, found: object) -> None:
    assert set_written(own) == found


@pytest.mark.parametrize(
    "rule",
    [
        "ct state new ct state { new, established } accept",
        "ct mark set ct mark & 0xff | 0x100 accept",
        "tcp dport 22 tcp dport != 23 accept",
        "meta l4proto { tcp, udp } th dport 53 reject with icmpx no-route",
        "ip saddr 10.0.0.0/8 reject with icmp host-unreachable",
        'log prefix "a" limit rate 5/second accept',
        "meta mark set 0x5 meta mark 0x5 accept",
        'iifname != "a" oifname "b" drop',
        "icmp type 3 icmp code { 1, 4 } accept",
        "ip6 hoplimit != 255 counter drop",
    ],
)
def test_a_rule_decides_the_same_as_keys(rule: str) -> None:
    base = "type filter hook forward priority 0; policy accept;"
    foreign = read(f"table inet t {{\n\tchain c {{\n\t\t{base}\n\t\t{rule}\n\t}}\n}}\n")
    assert_same_walks(foreign, ruleset_of(foreign.netfilter), count=150)
