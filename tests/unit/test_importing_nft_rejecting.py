"""Rejections in all their kinds."""

from __future__ import annotations

import pytest

from tests.nft_importing import imported, refused_rule, script, told


@pytest.mark.parametrize(
    ("rule", "family", "steps"),
    [
        ("reject", "ip", ["reject ICMP_PORT_UNREACHABLE"]),
        ("reject", "ip6", ["reject ICMPV6_PORT_UNREACHABLE"]),
        ("reject with icmp type host-prohibited", "ip", ["reject ICMP_HOST_PROHIBITED"]),
        ("reject with icmp 2", "ip", ["reject ICMP_PROT_UNREACHABLE"]),
        ("reject with icmpv6 5", "ip6", ["reject ICMPV6_POLICY_FAIL"]),
        ("reject with icmpx host-unreachable", "inet", ["reject ICMPX_HOST_UNREACHABLE"]),
        ("reject with icmp port-unreachable", "inet", ["family=4", "reject ICMP_PORT_UNREACHABLE"]),
        ("ip6 saddr ::1 reject", "inet", ["family=6", "src=::1", "reject ICMPV6_PORT_UNREACHABLE"]),
        ("tcp dport 5 reject with tcp reset", "inet", ["proto=6", "dport=5", "reject TCP_RESET"]),
    ],
)
def test_a_rejection_has_the_default_of_its_family(rule: str, family: str, steps: list[str]) -> None:
    assert told(rule, family) == steps


@pytest.mark.parametrize(
    ("rule", "family", "what"),
    [
        ("reject with icmpx no-route", "ip", "tables that see both families"),
        ("reject with icmpv6 no-route", "ip", "conflicting protocols"),
        ("ip6 saddr ::1 reject with icmp port-unreachable", "inet", "conflicting protocols"),
        ("udp dport 53 reject with tcp reset", "inet", "cannot answer udp"),
        ("reject with icmp foo", "ip", "cannot be read as icmp_code"),
        ("reject", "arp", "tables of arp"),
    ],
)
def test_what_nft_refuses_is_refused(rule: str, family: str, what: str) -> None:
    assert what in refused_rule(rule, family, head="")


def test_a_code_without_a_name_is_remarked() -> None:
    netfilter = imported(script("reject with icmp 4", "ip"))
    assert "told as icmp 4" in netfilter.remarks[0].what
