"""What nft asks before a field of a header, and which headers exclude each other."""

from __future__ import annotations

import pytest

from tests.nft_importing import refused_rule, told


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("ip saddr 1.2.3.4 ip6 saddr ::1", "conflicting protocols"),
        ("tcp dport 5 udp dport 5", "conflicting protocols"),
        ("meta l4proto { tcp, udp } tcp dport 5", "conflicting protocols"),
        ("meta nfproto { ipv4, ipv6 } ip saddr 1.2.3.4", "conflicting protocols"),
        ("ip saddr 1.2.3.4 vlan id 5", "conflicting protocols"),
        ("ether type ip6 ip saddr 1.2.3.4", "conflicting protocols"),
        ("icmp type 8 icmpv6 type 128", "conflicting protocols"),
        ("arp operation request", "conflicting protocols"),
        ("icmp type echo-request icmp mtu 5", "have no mtu"),
        ("ip saddr 1.2.3.4 exthdr frag exists", "conflicting protocols"),
    ],
)
def test_headers_that_no_packet_has_together_are_refused(rule: str, what: str) -> None:
    assert what in refused_rule(rule)


def test_a_header_is_asked_for_once() -> None:
    assert told("tcp dport 22 tcp sport 1024-65535") == ["proto=6", "dport=22", "sport=1024-65535"]
    assert told("icmp id 5 icmp sequence 3")[:3] == ["family=4", "proto=1", "icmp_type=0,8"]


def test_a_comparison_that_is_not_an_equality_tells_nothing() -> None:
    assert told("meta l4proto 6-17 tcp dport 5") == ["proto=6-17", "proto=6", "dport=5"]
    assert told("meta nfproto != ipv4 ip saddr 1.2.3.4") == ["family=!4", "family=4", "src=1.2.3.4"]


def test_a_vlan_header_stands_behind_the_ethernet_header() -> None:
    assert told("vlan id 5 vlan type ip ip saddr 1.2.3.4", "bridge", head="") == [
        "@ll,96,16=33024",
        "@ll,116,12=5",
        "@ll,128,16=2048",
        "src=1.2.3.4",
    ]


def test_link_headers_in_tables_of_one_family_are_asked_for_by_the_interface() -> None:
    assert told("ether saddr 0:0:0:0:0:1", "ip") == ["iif=*", "src_mac=1"]
    assert "cannot be asked for" in refused_rule("ether saddr 0:0:0:0:0:1", "arp")
