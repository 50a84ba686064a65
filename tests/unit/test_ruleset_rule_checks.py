"""What fits together within a rule."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from fwsim.ruleset import Rule, Ruleset


def accepted(*rules: dict[str, Any], **more: object) -> tuple[Rule, ...]:
    return Ruleset.model_validate({"rules": list(rules), **more}).rules


@pytest.mark.parametrize("proto", ["tcp", "udp", ["tcp", "udp"], 132, "dccp", "udplite", "@both"])
def test_ports_fit_every_protocol_that_has_them(proto: object) -> None:
    assert accepted({"proto": proto, "dport": 53}, sets={"both": ["tcp", 17]})


def test_ports_fit_flags_which_only_tcp_has() -> None:
    assert accepted({"tcp_flags": "syn", "dport": 22})


def test_ports_do_not_fit_a_set_of_protocols_without_them() -> None:
    with pytest.raises(ValidationError, match="'dport' needs 'proto'"):
        accepted({"proto": "@both", "dport": 53}, sets={"both": ["tcp", "icmp"]})


@pytest.mark.parametrize(
    "rule",
    [
        {"tcp_flags": "syn", "proto": "tcp"},
        {"icmp_type": 8, "proto": "icmp"},
        {"icmp_type": 8, "icmp_code": 0, "family": "ipv4"},
        {"icmpv6_type": 128, "src": "fd00::/8"},
        {"src": "any", "dst": "::1"},
        {"src": ["10.0.0.1", "::1"], "dst": "10.0.0.2"},
        {"src": "!10.0.0.1", "family": "ipv4"},
        {"verdict": "reject", "reject_with": "tcp-reset", "proto": "tcp"},
        {"verdict": "reject", "reject_with": "tcp-reset", "tcp_flags": "syn"},
        {"verdict": "reject", "reject_with": "icmp-host-unreachable", "family": "ipv4"},
        {"verdict": "reject", "reject_with": "icmp-host-unreachable", "src": "10.0.0.0/8"},
        {"verdict": "reject", "reject_with": "icmpv6-no-route", "dst": "@six"},
        {"verdict": "reject", "reject_with": "icmpx-no-route"},
        {"verdict": "reject"},
        {},
    ],
)
def test_rules_whose_matches_fit_together_are_accepted(rule: dict[str, Any]) -> None:
    assert accepted(rule, sets={"six": ["fd00::/8"]})


def test_any_interface_may_be_named_where_none_is_declared() -> None:
    assert accepted({"iif": "lan", "oif": "wan*"})


def test_loopback_need_not_be_declared() -> None:
    assert accepted({"iif": ["lan", "lo"]}, interfaces={"lan": {}})


def test_a_beginning_must_fit_an_interface_that_is_declared() -> None:
    assert accepted({"iif": "eth*"}, interfaces={"eth0": {}})
    with pytest.raises(ValidationError, match=r"no interface is called 'wlan\*'"):
        accepted({"iif": "wlan*"}, interfaces={"eth0": {}})
