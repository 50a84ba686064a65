"""What a rule looks at."""

from __future__ import annotations

import pytest

from tests.nft_importing import refused_rule, steps_of, told


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("ct saddr 1.2.3.4", "needs 'original' or 'reply'"),
        ("ct original saddr 1.2.3.4", "the family is not known here"),
        ("ct original proto-dst 22", "cannot be read as invalid"),
        ("ct proto-src 5", "needs 'original' or 'reply'"),
        ("ip6 saddr ::1 ct original ip saddr 1.2.3.4", "conflicting protocols"),
        ("meta nftrace 1", "can be set only"),
        ('meta ibrname "br0"', "tables of bridge only"),
        ("rt nexthop 1.2.3.4", "the family is not known here"),
        ("numgen inc mod 0 0", "expected a modulus"),
        ("numgen inc mod 2 5", "out of range"),
        ("socket transparent 2", "out of range"),
        ("@th,0,129 3", "1 to 128 bits"),
        ("tcp option @5,0,400 5", "end at 320 bits"),
        ("rt2 addr ::1", "no type for rt2"),
        ("ct original proto-dst . ip saddr { 5 . 1.2.3.4 }", "no certain width"),
    ],
)
def test_what_nft_cannot_look_at_is_refused(rule: str, what: str) -> None:
    assert what in refused_rule(rule)


def test_what_is_of_one_family_only_is_refused_in_the_other() -> None:
    assert "tables of inet only" in refused_rule("meta nfproto ipv4", "ip")
    assert "never matches" in refused_rule("rt ip6 nexthop ::1", "ip")


def test_equal_generators_are_told_apart_by_their_number() -> None:
    first, second = steps_of("numgen inc mod 2 0 numgen inc mod 2 1")
    assert first.selector.number != second.selector.number  # type: ignore[union-attr]


def test_ports_of_any_protocol_are_bits_until_the_protocol_is_known() -> None:
    assert told("@th,16,16 22") == ["@th,16,16=22"]
    assert told("meta l4proto udp @th,16,16 53 @th,0,16 53") == ["proto=17", "dport=53", "sport=53"]


def test_what_a_tunnel_carries_is_not_simulated() -> None:
    assert told("udp dport 4789 vxlan vni 5")[-1] == "unknown vxlan vni 5"


def test_the_destination_of_a_connection_is_known_by_the_header_of_the_table() -> None:
    assert told("ct reply saddr 1.2.3.4", "ip") == ["ct_reply_src=1.2.3.4"]
    assert told("ct protocol tcp ct original proto-dst 80", "ip") == ["ct_proto=6", "ct_original_dport=80"]
