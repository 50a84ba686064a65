"""Rules that translate to own addresses that are not known."""

from __future__ import annotations

import io

import pytest

from fwsim.checking.own_addresses import needed_addresses
from fwsim.ruleset import load_ruleset
from fwsim.topology import Topology

INTERFACES = {"lan": ["10.1.0.0/24"], "wan": ["any"]}
LAN, WAN = "10.1.0.1", "198.51.100.1"
WAN6 = "2001:db8::1"


def table(rule: str, hook: str = "postrouting", family: str = "ip") -> str:
    return f"table {family} nat {{\n chain c {{\n type nat hook {hook} priority 0;\n {rule}\n }}\n}}\n"


def needed(text: str, *local: str, interfaces: dict[str, list[str]] | None = None) -> list[tuple[str, str]]:
    ruleset = load_ruleset(io.StringIO(text))
    topology = Topology.build(ruleset, interfaces=INTERFACES if interfaces is None else interfaces, local=local)
    return [(one.kind, one.on) for one in needed_addresses(ruleset.netfilter, topology)]


@pytest.mark.parametrize(
    ("rule", "on"),
    [
        ('oifname "wan" masquerade', "wan"),
        ("masquerade", "lan, wan"),
        ('oifname != "lan" masquerade', "wan"),
        ('oifname { "wan", "ppp*" } masquerade', "wan, ppp*"),
        ('oifname "w*" masquerade', "wan"),
        ('oifname "dsl" masquerade', "dsl"),
    ],
)
def test_masquerading_needs_the_address_of_the_interface_by_which_packets_leave(rule: str, on: str) -> None:
    assert needed(table(rule)) == [("masquerade", on)]


def test_an_address_that_is_told_is_not_needed() -> None:
    assert needed(table('oifname "wan" masquerade'), WAN) == []
    assert needed(table("masquerade"), WAN) == [("masquerade", "lan")]
    assert needed(table("masquerade"), WAN, LAN) == []
    assert needed(table('oifname "wan" snat to 192.0.2.1')) == []


def test_of_several_addresses_it_is_not_known_which() -> None:
    assert needed(table('oifname "wan" masquerade'), WAN, "198.51.100.2") == [("masquerade", "wan")]


def test_rules_for_one_family_need_an_address_of_that_and_others_of_any() -> None:
    assert needed(table('oifname "wan" masquerade', family="ip6"), WAN) == [("masquerade", "wan")]
    assert needed(table('oifname "wan" masquerade', family="ip6"), WAN6) == []
    assert needed(table('oifname "wan" masquerade', family="inet")) == [("masquerade", "wan")]
    assert needed(table('oifname "wan" masquerade', family="inet"), WAN) == []


def test_redirection_needs_the_address_of_the_interface_by_which_packets_come_in() -> None:
    rule = 'iifname "lan" tcp dport 80 redirect to :8080'
    assert needed(table(rule, "prerouting")) == [("redirect", "lan")]
    assert needed(table(rule, "prerouting"), LAN) == []
    assert needed(table("tcp dport 80 redirect to :8080", "output")) == []  # to loopback


def test_where_no_interface_is_known_the_sentence_names_none() -> None:
    assert needed(table("masquerade"), interfaces={}) == [("masquerade", "the interface by which packets leave")]


def test_the_sentence_may_tell_the_line() -> None:
    ruleset = load_ruleset(io.StringIO(table('oifname "wan" masquerade')))
    (one,) = needed_addresses(ruleset.netfilter, Topology.build(ruleset, interfaces=INTERFACES))
    assert one.rule == "rule 1 of ip nat c"
    assert one.located == (
        "masquerade (line 4) needs the firewall's own address on wan, which is not known: "
        "--local ADDRESS or --topology FILE tells it"
    )
    assert one.text() == one.located.replace(" (line 4)", "")
