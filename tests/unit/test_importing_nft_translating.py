"""nat, redirect, masquerade and tproxy."""

from __future__ import annotations

import pytest

from tests.nft_importing import refused_rule, told

PRE = "type nat hook prerouting priority -100;"
POST = "type nat hook postrouting priority 100;"
ONE = 0x0A000001


@pytest.mark.parametrize(
    ("rule", "head", "steps"),
    [
        ("dnat to 10.0.0.1", PRE, [f"dnat 4 ({ONE}, {ONE}) None"]),
        ("tcp dport 80 dnat to 10.0.0.1:8080", PRE, ["proto=6", "dport=80", f"dnat 4 ({ONE}, {ONE}) (8080, 8080)"]),
        ("meta l4proto udp dnat to :5-9", PRE, ["proto=17", "dnat None None (5, 9)"]),
        ("snat to 10.0.0.1-10.0.0.9 random,persistent", POST, [f"snat 4 ({ONE}, {ONE + 8}) None persistent random"]),
        ("masquerade fully-random", POST, ["masquerade None None None fully-random"]),
        ("tcp dport 1 redirect to :8080", PRE, ["proto=6", "dport=1", "redirect None None (8080, 8080)"]),
        ("dnat to tcp dport map { 80 : 10.0.0.1 }", PRE, ["proto=6", f"dport map 80: dnat 4 ({ONE}, {ONE}) None"]),
        ("dnat ip to tcp dport map { 80 : 10.0.0.1 . 90 }", PRE,
         ["proto=6", f"dport map 80: dnat 4 ({ONE}, {ONE}) (90, 90)"]),
        (
            "dnat ip addr . port to ip saddr . tcp dport map { 10.0.0.1 . 80 : 10.0.0.1 . 90 }", PRE,
            ["proto=6", f"src . dport map 10.0.0.1 . 80: dnat 4 ({ONE}, {ONE}) (90, 90)"],
        ),
        (
            "snat ip prefix to ip saddr map { 10.0.0.0/24 : 10.0.0.0/24 }", POST,
            [f"src map 10.0.0.0-10.0.0.255: netmap 4 ({ONE - 1}, {ONE + 254}) None"],
        ),
        ("tcp dport 1 redirect to :tcp sport map { 5 : 6 }", PRE,
         ["proto=6", "dport=1", "sport map 5: redirect None None (6, 6)"]),
        ("numgen inc mod 2 0 dnat to 10.0.0.1", PRE, ["numgen(inc 2+0)=0", f"dnat 4 ({ONE}, {ONE}) None"]),
    ],
)  # fmt: skip
def test_a_translation_becomes_its_step(rule: str, head: str, steps: list[str]) -> None:
    assert told(rule, "ip", head=head) == steps


def test_an_address_from_the_packet_is_unknown() -> None:
    assert told("snat to ip daddr", "ip", head=POST) == ["unknown snat to ip daddr", "snat 4 None None"]


def test_tproxy_stands_behind_a_protocol() -> None:
    head = "type filter hook prerouting priority -150;"
    assert told("meta l4proto tcp tproxy to :3128 accept", "ip", head=head) == [
        "proto=6", "tproxy 4 None (3128, 3128)", "accept",
    ]  # fmt: skip
    assert "behind a match on the protocol" in refused_rule("tproxy to :3128", "ip", head=head)


@pytest.mark.parametrize(
    ("rule", "family", "what"),
    [
        ("snat to 1.2.3.4", "inet", "the family is not known here"),
        ("ip saddr 1.2.3.4 dnat ip6 to ::1", "inet", "conflicting protocols"),
        ("dnat ip6 to ::1", "ip", "conflicting protocols"),
        ("dnat to ::1", "ip", "expected an IPv4 address"),
        ("redirect to :80", "ip", "behind a match on the protocol"),
        ("dnat to ip saddr map { 1.2.3.4 : 10.0.0.1 . 90 }", "ip", "behind a match on the protocol"),
        ("dnat to meta l4proto map { tcp : 10.0.0.1 . 90 }", "ip", "behind a match on the protocol"),
        ("tcp dport 5 dnat to 10.0.0.1:70000", "ip", "at most 65535"),
        ("masquerade", "bridge", "tables of ip, ip6 and inet only"),
    ],
)
def test_what_nft_refuses_is_refused(rule: str, family: str, what: str) -> None:
    assert what in refused_rule(rule, family, head="")
