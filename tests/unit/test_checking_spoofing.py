"""Certificates on hand-made traps."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest

from fwsim.checking.spoofing import Asked, Certificate, Spoofing, Status
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.ruleset.host import Host
from fwsim.terms import Hook

Json = dict[str, Any]
INTERFACES = {
    "lan": {"networks": ["10.1.0.0/16", "fd00:1::/64"]},
    "wan": {"networks": ["any"]},
}
GUARD = {"iif": "wan", "src": "10.1.0.0/16", "verdict": "drop"}
GUARD6 = {"iif": "wan", "src": "fd00:1::/64", "verdict": "drop"}
WEB = {"proto": "tcp", "dport": 443, "verdict": "accept"}


def answers(ruleset: Ruleset, host: Host | None = None, **limits: int) -> dict[Asked, Certificate]:
    return {one.asked: one for one in Spoofing(ruleset, host, **limits).certificates()}


def of(rules: list[Json], policy: str = "drop", host: Host | None = None, **chains: Json) -> dict[str, Certificate]:
    """The answers about forwarded packets that come in by wan, by family and mode."""
    forward = {"hook": "forward", "policy": policy, "rules": rules}
    ruleset = Ruleset.model_validate({"interfaces": INTERFACES, "chains": {"forward": forward, **chains}})
    found = answers(ruleset, host)
    return {
        f"{asked.family} {asked.mode}": one
        for asked, one in found.items()
        if asked.interface == "wan" and asked.hook == Hook.FORWARD
    }


def status(found: dict[str, Certificate], key: str = "4 stateful") -> Status:
    return found[key].status


def test_a_guard_in_front_is_certified() -> None:
    found = of([GUARD, GUARD6, WEB])
    assert {one.status for one in found.values()} == {Status.CERTIFIED}


def test_a_broad_rule_before_the_guard_lets_in() -> None:
    found = of([WEB, GUARD, GUARD6])["4 stateful"]
    assert found.status == Status.OPEN
    assert found.rules == (0,)
    assert found.witness is not None
    assert (found.witness.packet["proto"], found.witness.packet["dport"]) == (6, 443)


def test_a_guard_for_one_family_leaves_the_other_open() -> None:
    found = of([GUARD, WEB])
    assert status(found, "4 stateful") == Status.CERTIFIED
    assert status(found, "6 stateful") == Status.OPEN


def test_a_broad_rule_behind_a_jump_lets_in() -> None:
    below: Json = {"rules": [{"proto": "udp", "dport": 53, "verdict": "accept"}]}
    found = of([{"oif": "lan", "verdict": "jump below"}, GUARD, GUARD6, WEB], below=below)
    assert status(found) == Status.OPEN
    assert found["4 stateful"].rules == (0,) or found["4 stateful"].rules == (4,)
    returning: Json = {"rules": [{"proto": "udp", "verdict": "return"}, {"verdict": "drop"}]}
    assert status(of([{"verdict": "jump below"}, GUARD, GUARD6, WEB], below=returning)) == Status.CERTIFIED


def test_a_guard_that_is_jumped_over_is_none() -> None:
    guard: Json = {"rules": [{"proto": "tcp", "dport": 443, "verdict": "return"}, GUARD]}
    assert status(of([{"verdict": "jump guard"}, WEB], guard=guard)) == Status.OPEN


def test_a_set_with_a_gap_lets_in_through_the_gap() -> None:
    text = """\
table inet filter {{
\tset inside {{ type ipv4_addr; flags interval; elements = {{ {elements} }} }}
\tchain forward {{
\t\ttype filter hook forward priority 0; policy drop;
\t\tiifname "wan" ip saddr @inside drop
\t\ttcp dport 443 accept
\t}}
}}
"""
    networks = {"lan": ["10.1.0.0/16"], "wan": ["any"]}
    for elements, expected in (
        ("10.1.0.0/17, 10.1.128.0/17", Status.CERTIFIED),
        ("10.1.0.0/17, 10.1.128.1-10.1.255.255", Status.OPEN),
    ):
        ruleset = load_ruleset(StringIO(text.format(elements=elements)), interfaces=networks)
        found = answers(ruleset)[Asked("wan", 4, Hook.FORWARD, "stateful")]
        assert found.status == expected
    assert found.witness is not None
    assert found.witness.packet["src"] == (10 << 24) + (1 << 16) + (128 << 8)


def test_established_is_the_trackers_business_but_not_where_no_state_is_kept() -> None:
    found = of([{"ct_state": ["established", "related"], "verdict": "accept"}, GUARD, GUARD6, WEB])
    assert status(found, "4 stateful") == Status.CERTIFIED
    assert status(found, "4 stateless") == Status.OPEN


def test_a_reply_gets_in_without_state_only_if_its_mirror_image_gets_out() -> None:
    replies: Json = {"ct_state": "established", "verdict": "accept"}
    out: Json = {"iif": "lan", "oif": "wan", "proto": "udp", "dport": 53, "verdict": "accept"}
    assert status(of([replies, {**out, "dst": "198.51.100.0/24"}]), "4 stateless") == Status.CERTIFIED
    found = of([replies, out])["4 stateless"]
    assert found.status == Status.OPEN
    assert found.witness is not None
    assert (found.witness.packet["sport"], found.witness.decision["mirror"]) == (53, 1)


def test_what_passes_without_state_through_the_mirror_is_a_packet() -> None:
    replies: Json = {"ct_state": "established", "verdict": "accept"}
    out: Json = {"iif": "wan", "oif": "wan", "proto": "udp", "dport": 53, "verdict": "accept"}
    back: Json = {"oif": "lan", "proto": "udp", "dport": 53, "verdict": "accept"}
    document: Json = {"interfaces": INTERFACES, "stateless": {"icmp_errors": "never"}, "chains": {}}
    document["chains"]["forward"] = {"hook": "forward", "policy": "drop", "rules": [replies, out, back, GUARD]}
    found = answers(Ruleset.model_validate(document))[Asked("lan", 4, Hook.FORWARD, "stateless")]
    assert found.status == Status.OPEN
    assert found.witness is not None
    assert found.witness.decision["mirror"] == 1
    assert found.witness.packet["sport"] == 53


def test_invalid_packets_count_too() -> None:
    found = of(
        [{**GUARD, "ct_state": "new"}, {**GUARD6, "ct_state": "new"}, {"ct_state": "invalid", "verdict": "accept"}]
    )
    assert status(found) == Status.OPEN
    assert status(of([{**GUARD, "ct_state": "new"}], "accept")) == Status.OPEN


def test_a_reverse_path_filter_certifies_ipv4() -> None:
    host = Host(sysctls={"net.ipv4.conf.all.rp_filter": "1"})
    found = of([WEB], host=host)
    assert status(found, "4 stateful") == Status.CERTIFIED
    assert status(found, "6 stateful") == Status.OPEN
    loose = of([WEB], host=Host(sysctls={"net.ipv4.conf.all.rp_filter": "2"}))
    assert status(loose) == Status.OPEN


@pytest.mark.parametrize("family", [4, 6])
def test_a_question_about_routes_certifies_both_families(family: int) -> None:
    text = """\
table inet filter {
\tchain pre { type filter hook prerouting priority raw; fib saddr . iif oif missing drop; }
\tchain forward { type filter hook forward priority 0; policy accept; }
}
"""
    networks = {"lan": ["10.1.0.0/16", "fd00:1::/64"], "wan": ["any"]}
    local = ["10.1.0.1", "fd00:1::1", "192.0.2.1"]
    found = answers(load_ruleset(StringIO(text), interfaces=networks, local=local))
    assert found[Asked("wan", family, Hook.FORWARD, "stateful")].status == Status.CERTIFIED


def test_what_is_not_simulated_is_named_and_nothing_is_certified() -> None:
    text = """\
table inet filter {
\tchain forward {
\t\ttype filter hook forward priority 0; policy drop;
\t\tmeta cpu 1 accept
\t}
}
"""
    networks = {"lan": ["10.1.0.0/16"], "wan": ["any"]}
    found = answers(load_ruleset(StringIO(text), interfaces=networks))[Asked("wan", 4, Hook.FORWARD, "stateful")]
    assert found.status == Status.NOT_CERTIFIED
    assert found.rules == (0,)
    assert found.witness is None
    certain = load_ruleset(StringIO(text.replace("accept", "drop")), interfaces=networks)
    assert answers(certain)[Asked("wan", 4, Hook.FORWARD, "stateful")].status == Status.CERTIFIED


def test_a_search_that_takes_too_long_certifies_nothing() -> None:
    chains = {"forward": {"hook": "forward", "policy": "drop", "rules": [GUARD, WEB]}}
    ruleset = Ruleset.model_validate({"interfaces": INTERFACES, "chains": chains})
    found = answers(ruleset, steps=3)[Asked("wan", 4, Hook.FORWARD, "stateful")]
    assert found.status == Status.NOT_CERTIFIED
    assert "too many" in found.why


def test_a_limit_that_lets_the_first_one_through_is_no_guard() -> None:
    found = of([{"limit": "1/second", "proto": "udp", "verdict": "accept"}])
    assert status(found) == Status.OPEN


def test_a_mark_that_rules_set_may_be_the_guard() -> None:
    mark: Json = {"hook": "prerouting", "priority": -150, "policy": "accept", "rules": []}
    mark["rules"] = [{**one, "set_mark": 7, "verdict": "continue"} for one in (GUARD, GUARD6)]
    assert status(of([{"mark": 7, "verdict": "drop"}], "accept", mark=mark)) == Status.CERTIFIED
    assert status(of([{"mark": 6, "verdict": "drop"}], "accept", mark=mark)) == Status.OPEN


NETWORKS = {"lan": ["10.1.0.0/16"], "wan": ["any"]}
LOCAL = ["10.1.0.1", "203.0.113.1"]


def told(chains: str, hook: Hook = Hook.FORWARD, host: Host | None = None, mode: str = "stateful") -> Certificate:
    """The answer about IPv4 that comes in by wan; `nat forward 0` is short for the head of a base chain."""
    text = re.sub(r"(filter|nat) (\w+) (-?\d+);", r"type \1 hook \2 priority \3;", chains)
    ruleset = load_ruleset(StringIO(f"table inet f {{\n{text}}}\n"), interfaces=NETWORKS, local=LOCAL)
    return answers(ruleset, host)[Asked("wan", 4, hook, mode)]


@pytest.mark.parametrize(
    "chains",
    [
        """\
\tchain post { nat postrouting 100; oifname "lan" snat ip to 10.1.0.1; }
\tchain late { filter postrouting 200; policy drop; ct status snat accept; }
""",
        """\
\tchain pre { nat prerouting -100; }
\tchain forward { filter forward 0; policy drop; ct status & 0x100 != 0 accept; }
""",
        """\
\tchain forward { filter forward 0; ct state invalid drop; }
\tchain post { nat postrouting 100; oifname "lan" snat ip to 10.1.0.1; }
\tchain other { nat postrouting 110; policy drop; }
""",
    ],
    ids=["translated", "looked at", "a second chain is not asked"],
)
def test_rules_see_of_a_connection_that_it_is_translated(chains: str) -> None:
    assert told(chains).status == Status.OPEN


def test_without_state_nobody_asks_how_a_reply_is_translated() -> None:
    chains = """\
\tchain pre { nat prerouting -100; policy drop; }
\tchain forward { filter forward 0; policy drop; ct state related accept; }
"""
    assert told(chains, mode="stateless").status == Status.OPEN
    assert told(chains.replace("related", "new"), mode="stateless").status == Status.CERTIFIED


def test_a_destination_that_nothing_is_routed_to_may_be_translated() -> None:
    chains = """\
\tchain pre {{ nat prerouting -100; ip daddr {} tcp dport 80 dnat ip to 10.1.0.9; }}
\tchain forward {{ filter forward 0; policy drop; ip daddr 10.1.0.9 ct status dnat accept; }}
"""
    found = told(chains.format("127.0.0.5"))
    assert found.status == Status.OPEN
    assert found.witness is not None
    assert found.witness.packet["dst"] == (127 << 24) + 5
    assert told(chains.format("127.0.0.5").replace("10.1.0.9 ct", "10.1.0.8 ct")).status == Status.NOT_CERTIFIED


def test_a_reverse_path_filter_certifies_what_is_translated_too() -> None:
    chains = """\
\tchain pre { nat prerouting -100; iifname "wan" tcp dport 80 dnat ip to 10.1.0.9; }
\tchain forward { filter forward 0; ct state invalid drop; }
"""
    assert told(chains).status == Status.OPEN
    assert told(chains, host=Host(sysctls={"net.ipv4.conf.all.rp_filter": "1"})).status == Status.CERTIFIED


@pytest.mark.parametrize(
    "change", ["ip daddr set 10.1.0.9 meta mark set 7", "tproxy ip to :8080 meta mark set 7 accept", "queue num 1"]
)
def test_rules_that_send_packets_elsewhere_leave_it_open(change: str) -> None:
    chains = f"""\
\tchain pre {{ filter prerouting -150; iifname "wan" ip daddr 203.0.113.1 tcp dport 8888 {change}; }}
\tchain forward {{ filter forward 0; policy drop; meta mark 7 accept; }}
\tchain input {{ filter input 0; policy drop; }}
"""
    found = told(chains, Hook.INPUT)
    assert found.status == Status.NOT_CERTIFIED
    assert found.rules == (0,)


@pytest.mark.parametrize(
    ("early", "late"),
    [
        ("ip frag-off & 0x1fff != 0 notrack", "ct state untracked accept"),
        ("ip frag-off & 0x3fff != 0 meta mark set 1", "ct state new meta mark 1 accept"),
    ],
)
def test_chains_before_defragmentation_may_let_fragments_in(early: str, late: str) -> None:
    chains = f"""\
\tchain early {{ filter prerouting -450; {early}; }}
\tchain forward {{ filter forward 0; {late}; iifname "wan" ip saddr 10.1.0.0/16 drop; ct state new counter; }}
"""
    assert told(chains).status == Status.NOT_CERTIFIED
    assert told(chains.replace("-450", "-150")).status == Status.CERTIFIED


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("tcp window 0-65535 drop; tcp flags syn accept", Status.NOT_CERTIFIED),
        ("tcp flags & 0xff >= 0 drop; tcp sequence 5 accept", Status.NOT_CERTIFIED),
        ("tcp dport 0-65535 drop; tcp flags syn accept", Status.CERTIFIED),
        ("icmp type 0-255 drop; icmp code 3 accept", Status.CERTIFIED),
    ],
)
def test_headers_may_end_anywhere(rules: str, expected: Status) -> None:
    assert told(f"\tchain forward {{ filter forward 0; policy drop; {rules}; }}\n").status == expected


COPYING = {
    "nft": "table inet t {\n chain c {\n  type filter hook forward priority 0; policy drop;\n }\n}\n"
    "table ip u {\n chain c {\n  type filter hook prerouting priority -150;\n  DOES\n }\n}\n",
    "iptables": "*mangle\n:PREROUTING ACCEPT [0:0]\nDOES\nCOMMIT\n*filter\n:FORWARD DROP [0:0]\nCOMMIT\n",
}


@pytest.mark.parametrize(
    ("form", "copies", "plain"),
    [
        ("nft", 'iifname "wan" dup to 10.1.0.9', 'iifname "wan" counter'),
        ("iptables", "-A PREROUTING -i wan -j TEE --gateway 10.1.0.9", "-A PREROUTING -i wan -j MARK --set-mark 1"),
    ],
)
def test_a_copy_that_a_rule_sends_elsewhere_is_not_followed(form: str, copies: str, plain: str) -> None:
    """The packet is dropped, and yet somebody inside gets it."""
    asked = Asked("wan", 4, Hook.FORWARD, "stateful")

    def found(does: str) -> Certificate:
        text = StringIO(COPYING[form].replace("DOES", does))
        return answers(load_ruleset(text, interfaces=NETWORKS, local=LOCAL))[asked]

    assert found(plain).status == Status.CERTIFIED
    assert found(copies).status == Status.NOT_CERTIFIED
    assert found(copies).why.startswith("a rule sends copies of packets elsewhere, which are not followed (")
