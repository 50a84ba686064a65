"""Each match of a rule in nft's words."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fwsim.convert import to_nft
from fwsim.errors import UsageError
from tests.converting import chain, ruleset

MATCHES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, [""]),
    ({"family": "ipv4"}, ["meta nfproto ipv4"]),
    ({"family": "!ipv4"}, ["meta nfproto ipv6"]),
    ({"iif": "lan"}, ['iifname "lan"']),
    ({"oif": ["lan", "wan*"]}, ['oifname { "lan", "wan*" }']),
    ({"iif": ["!lan", "!wan*"]}, ['iif != 0 iifname != { "lan", "wan*" }']),
    ({"iif": "*"}, ["iif != 0"]),
    ({"src": "10.0.0.0/8"}, ["ip saddr 10.0.0.0/8"]),
    ({"dst": ["10.0.0.1", "10.0.0.3-10.0.0.9"]}, ["ip daddr { 10.0.0.1, 10.0.0.3-10.0.0.9 }"]),
    ({"src": "!2001:db8::/32"}, ["ip6 saddr != 2001:db8::/32"]),
    ({"src": "any"}, [""]),
    ({"src": "0.0.0.0/0"}, ["meta nfproto ipv4"]),
    ({"src": ["10.0.0.1", "::1"]}, ["ip saddr 10.0.0.1", "ip6 saddr ::1"]),
    ({"src": ["!10.0.0.1", "!::1"]}, ["ip saddr != 10.0.0.1", "ip6 saddr != ::1"]),
    ({"src": "10.0.0.1", "dst": ["10.0.0.2", "::2"]}, ["ip saddr 10.0.0.1 ip daddr 10.0.0.2"]),
    ({"src": "!0.0.0.0/0"}, []),
    ({"proto": "tcp"}, ["meta l4proto tcp"]),
    ({"proto": ["!tcp", "!udp"]}, ["meta l4proto != { tcp, udp }"]),
    ({"proto": "tcp", "dport": 22}, ["tcp dport 22"]),
    ({"proto": "sctp", "sport": ["1-9", 80]}, ["sctp sport { 1-9, 80 }"]),
    ({"proto": ["tcp", "udp"], "dport": "!53"}, ["meta l4proto { tcp, udp } th dport != 53"]),
    ({"tcp_flags": "syn"}, ["tcp flags & syn != 0x0"]),
    ({"tcp_flags": "!syn"}, ["tcp flags & syn == 0x0"]),
    ({"tcp_flags": ["syn,ack"]}, ["tcp flags & (syn | ack) != 0x0"]),
    ({"tcp_flags": "syn / syn,ack"}, ["tcp flags & (syn | ack) == syn"]),
    ({"tcp_flags": "== syn,ack"}, ["tcp flags == syn | ack"]),
    ({"tcp_flags": "!= syn"}, ["tcp flags != syn"]),
    (
        {"tcp_flags": ["syn", "fin / fin,ack"]},
        ["tcp flags & syn != 0x0", "tcp flags & syn == 0x0 tcp flags & (fin | ack) == fin"],
    ),
    ({"icmp_type": "echo-request"}, ["meta nfproto ipv4 icmp type echo-request"]),
    ({"icmpv6_type": "135-136", "icmpv6_code": 0}, ["meta nfproto ipv6 icmpv6 type 135-136 icmpv6 code 0"]),
    ({"dscp": "ef"}, ["ip dscp 46", "ip6 dscp 46"]),
    ({"dscp": "ef", "dst": "::1"}, ["ip6 daddr ::1 ip6 dscp 46"]),
    ({"ttl": "!64"}, ["ip ttl != 64", "ip6 hoplimit != 64"]),
    ({"length": "1000-1500"}, ["meta length 1000-1500"]),
    ({"fragment": "later", "family": "ipv4"}, ["ip frag-off & 0x1fff != 0x0"]),
    (
        {"fragment": "whole", "family": "ipv6"},
        ["meta nfproto ipv6 exthdr frag missing", "meta nfproto ipv6 frag frag-off 0 frag more-fragments 0"],
    ),
    ({"mark": 1}, ["meta mark 0x1"]),
    ({"mark": [1, "4-7"]}, ["meta mark { 0x1, 0x4-0x7 }"]),
    ({"mark": "!0x10/0x30"}, ["meta mark & 0x30 != 0x10"]),
    ({"mark": [1, "0x10/0x30"]}, ["meta mark 0x1", "meta mark != 0x1 meta mark & 0x30 == 0x10"]),
    ({"mark": ["!1", "!0x10/0x30"]}, ["meta mark != 0x1 meta mark & 0x30 != 0x10"]),
    ({"ct_mark": 3}, ["ct mark 0x3"]),
    ({"ct_state": ["established", "related"]}, ["ct state established,related"]),
    ({"ct_state": ["!invalid", "!new"]}, ["ct state != { invalid, new }"]),
    ({"ct_direction": "!reply"}, ["ct direction original"]),
    ({"ct_status": "assured"}, ["ct status & assured != 0x0"]),
    ({"ct_status": ["!assured", "!snat"]}, ["ct status & (assured | snat) == 0x0"]),
]


@pytest.mark.parametrize(("matches", "expected"), MATCHES, ids=lambda value: str(value)[:50])
def test_each_match_is_said_in_nfts_words(matches: dict[str, Any], expected: list[str]) -> None:
    lines = chain(to_nft(ruleset(matches, tracking="on")), "rules")
    if not expected:
        assert lines == ["# rule 1 of chain rules can match no packet"]
    else:
        assert lines == [f"{match} accept".strip() for match in expected]


def test_what_stands_in_a_later_fragment_is_taken_for_no_port() -> None:
    web = {"proto": "tcp", "dport": 80, "verdict": "accept"}
    chains = {
        "raw": {"hook": "prerouting", "priority": -400, "rules": [web]},
        "late": {"hook": "forward", "rules": [web, {"proto": "tcp", "verdict": "accept"}]},
    }
    guarded, bare = "@th,0,24 >= 0x0 tcp dport 80 accept", "tcp dport 80 accept"
    untracked, tracked = (to_nft(ruleset(chains=chains, tracking=switch)) for switch in ("off", "on"))
    assert [chain(untracked, "raw"), chain(untracked, "late")] == [[guarded], [guarded, "meta l4proto tcp accept"]]
    assert [chain(tracked, "raw"), chain(tracked, "late")] == [[guarded], [bare, "meta l4proto tcp accept"]]


@pytest.mark.parametrize(
    ("matches", "expected"),
    [
        (
            {"proto": "udp", "sport": 53},
            [
                "ip frag-off & 0x1fff == 0x0 udp sport 53", "meta nfproto ipv6 exthdr frag missing udp sport 53",
                "meta nfproto ipv6 frag frag-off 0 udp sport 53",
            ],
        ),
        ({"icmp_type": "echo-reply"}, ["ip frag-off & 0x1fff == 0x0 icmp type echo-reply"]),
        ({"proto": "udp", "sport": 53, "dport": 1}, ["@th,0,24 >= 0x0 udp sport 53 udp dport 1"]),
        ({"proto": "udp", "sport": 53, "fragment": "later"}, []),
        (
            {"proto": "udp", "dport": 53, "fragment": ["first", "later"], "family": "ipv4"},
            ["ip frag-off & 0x3fff == 0x2000 udp dport 53"],
        ),
    ],
)  # fmt: skip
def test_a_header_cut_short_is_met_by_what_asks_for_its_first_bytes(
    matches: dict[str, Any], expected: list[str]
) -> None:
    lines = chain(to_nft(ruleset(matches, tracking="off")), "rules")
    assert lines == ([f"{match} accept" for match in expected] or ["# rule 1 of chain rules can match no packet"])


def test_a_negated_interface_asks_for_one_where_a_packet_may_have_none() -> None:
    rules = [{"iif": "!lan", "oif": "!lan", "verdict": "accept"}]
    hooks = ("prerouting", "input", "forward", "output")
    text = to_nft(ruleset(chains={hook: {"hook": hook, "rules": rules} for hook in hooks}))
    bare, asked = '{}name != "lan"', '{0} != 0 {0}name != "lan"'
    assert [chain(text, hook)[0] for hook in hooks] == [
        f"{bare.format('iif')} {asked.format('oif')} accept",
        f"{bare.format('iif')} {asked.format('oif')} accept",
        f"{bare.format('iif')} {bare.format('oif')} accept",
        f"{asked.format('iif')} {bare.format('oif')} accept",
    ]


def test_interfaces_become_the_devices_given_for_them() -> None:
    document: dict[str, Any] = {"interfaces": {name: {"networks": []} for name in ("lan", "wan", "wan.7")}}
    given = ruleset({"iif": ["lan", "lo"], "oif": "wan*"}, **document)
    text = to_nft(given, devices={"lan": "eth0", "wan": "eth1", "wan.7": "eth1.7"})
    assert chain(text, "rules") == ['iifname { "eth0", "lo" } oifname { "eth1", "eth1.7" } accept']
    with pytest.raises(UsageError, match="no interface is called 'lam'"):
        to_nft(given, devices={"lam": "eth0"})


def test_a_beginning_of_device_names_is_written_as_nft_has_it() -> None:
    given = ruleset({"iif": "lan"}, interfaces={"lan": {"networks": []}, "wan": {"networks": []}})
    assert 'iifname "eth*"' in to_nft(given, devices={"lan": "eth*"})


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        ({"lan": "*"}, "lan=*: every device: expected one, or the beginning of names before the *"),
        ({"lan": "eth*", "wan": "eth1"}, "lan=eth*: that is eth1, the device of wan, too"),
        ({"lan": "wa*"}, "lan=wa*: that is wan, the device of wan, too"),
        ({"lan": "eth*", "wan": "eth1*"}, "lan=eth*: that is eth1*, the device of wan, too"),
    ],
)
def test_a_beginning_that_is_another_interfaces_too_is_refused(devices: dict[str, str], message: str) -> None:
    given = ruleset({"iif": "lan"}, interfaces={"lan": {"networks": []}, "wan": {"networks": []}})
    with pytest.raises(UsageError, match=re.escape(message)):
        to_nft(given, devices=devices)
