"""Findings on rulesets."""

from __future__ import annotations

import io
from typing import Any

import pytest

from fwsim.checking import Finding, Kind, Level
from fwsim.checking.findings import findings_of
from fwsim.ruleset import load_ruleset
from tests.findings import tcp, told, told_of_text

RULES = """\
table ip filter {
\tchain output {
\t\ttype filter hook output priority 0; policy drop;
\t\toifname "wan" tcp dport 80 accept comment "web"
\t\tmeta skuid 1000 meta cpu 1 accept comment "mine"
\t\tip daddr 10.0.0.1 counter
\t\tfib daddr type local accept
\t}
}
"""


def findings(text: str = RULES, **options: object) -> list[Finding]:
    return findings_of(load_ruleset(io.StringIO(text), **options), "rules.nft")  # type: ignore[arg-type]


def test_every_construct_that_is_not_simulated_is_told_with_its_rule_and_text() -> None:
    owner, cpu, *_ = findings()
    assert (owner.kind, owner.line, owner.column, owner.what) == (Kind.NOT_SIMULATED, 5, 3, "meta skuid 1000")
    assert (cpu.line, cpu.what, cpu.where) == (5, "meta cpu 1", 'rule "mine" of ip filter output')
    assert owner.text == 'meta skuid 1000 meta cpu 1 accept comment "mine"'


def test_what_hangs_on_routes_is_told_until_somebody_says_what_they_are() -> None:
    assert any("fib daddr type local" in finding.what for finding in findings())
    known = findings(interfaces={"wan": ["any"]}, local=["192.0.2.1"])
    assert not any("fib" in finding.what for finding in known)


def test_interfaces_of_the_rules_without_a_network_come_last() -> None:
    last = findings()[-1]
    assert (last.kind, last.line) == (Kind.NO_NETWORK, 0)
    assert "--interface wan=CIDR" in last.what
    assert all(finding.kind != Kind.NO_NETWORK for finding in findings(interfaces={"wan": ["192.0.2.0/24"]}))


def test_a_ruleset_of_our_own_without_anything_remarkable_has_no_findings() -> None:
    assert findings("policy: drop\n") == []


def only(kind: Kind, text: str) -> list[Finding]:
    return [one for one in findings(text) if one.kind == kind]


BASE = "\tchain {0} {{\n\t\ttype filter hook {0} priority 0;\n\t\tjump own\n\t}}\n"


def test_what_has_an_answer_at_every_hook_of_its_rule_is_a_remark() -> None:
    own = "\tchain own {\n\t\tmeta skuid 1000 accept\n\t}\n"
    (owner,) = only(Kind.REMARK, "table ip f {\n" + own + BASE.format("forward") + "}\n")
    assert (owner.kind, owner.what) == (Kind.REMARK, "meta skuid 1000: never so at forward")
    text = "table ip f {\n" + own + BASE.format("forward") + BASE.format("output") + "}\n"
    (owner,) = only(Kind.NOT_SIMULATED, text)
    assert (owner.kind, owner.what) == (Kind.NOT_SIMULATED, "meta skuid 1000")


def test_an_own_address_that_rules_translate_to_and_nobody_has_told_is_found() -> None:
    chain = "type nat hook postrouting priority 100;"
    text = f'table ip nat {{\n\tchain post {{\n\t\t{chain}\n\t\toifname "wan" masquerade\n\t}}\n}}\n'
    (found,) = findings(text, interfaces={"wan": ["any"]})
    assert (found.kind, found.line, found.column, found.where) == (Kind.NO_ADDRESS, 4, 3, "rule 1 of ip nat post")
    assert found.what.startswith("masquerade needs the firewall's own address on wan, which is not known: --local")
    assert findings(text, interfaces={"wan": ["any"]}, local=["198.51.100.1"]) == []


WILD = """\
table ip x {{
\tchain c {{
\t\ttype filter hook forward priority 0; policy drop;
\t\tiifname "eth0" drop
\t\tiifname {second} accept
\t}}
}}
"""


def test_an_interface_that_only_a_wildcard_names_is_not_shadowed_by_those_that_are_named() -> None:
    for second, expected in (('"eth*"', []), ('"eth0"', [5]), ('"e*"', []), ('{{ "eth0", "lo" }}', [])):
        found = findings(WILD.format(second=second.replace("{{", "{").replace("}}", "}")))
        assert [one.line for one in found if one.kind == Kind.SHADOWED] == expected


def test_a_rule_that_logs_is_not_redundant_and_one_that_counts_is() -> None:
    text = (
        "table inet f {\n chain c {\n type filter hook forward priority 0; policy drop;\n tcp dport 1 %s drop\n }\n}\n"
    )
    assert only(Kind.REDUNDANT, text % "log") == []
    assert len(only(Kind.REDUNDANT, text % "counter")) == 1


def test_a_rule_that_asks_for_an_empty_set_is_a_note_since_the_set_may_be_filled_later() -> None:
    rules = "ip saddr @s accept\n ip saddr @t accept\n tcp dport vmap @m\n tcp dport 1 tcp dport 2 accept"
    sets = " set s { type ipv4_addr; }\n set t { type ipv4_addr; elements = { 10.0.0.1 } }\n"
    sets += " map m { type inet_service : verdict; }\n"
    chain = f" chain c {{\n type filter hook forward priority 0; policy drop;\n {rules}\n }}\n"
    found = only(Kind.UNREACHABLE, f"table inet f {{\n{sets}{chain}}}\n")
    empty = "no packet is as it asks: a set that it names is empty"
    assert [(one.line, one.level, one.what) for one in found] == [
        (7, Level.NOTE, empty), (9, Level.NOTE, empty), (10, Level.WARNING, "no packet is as it asks"),
    ]  # fmt: skip


def test_only_what_is_asked_for_is_told() -> None:
    found = findings_of(load_ruleset(io.StringIO(RULES)), "rules.nft", only=[Kind.NOT_SIMULATED])
    assert {one.kind for one in found} == {Kind.NOT_SIMULATED}
    assert findings_of(load_ruleset(io.StringIO(RULES)), "rules.nft", only=[Kind.SHADOWED]) == []


def test_findings_have_fingerprints_of_their_own() -> None:
    found = findings()
    assert len({one.fingerprint for one in found}) == len(found)


@pytest.mark.parametrize(
    ("first", "shadowed"),
    [
        ("ip saddr . tcp dport { 10.0.0.1 . 80 } drop", True),
        ("ip saddr . tcp dport { 10.0.0.1 . 81, 10.0.0.2 . 80 } drop", False),
        ("ip saddr . tcp dport { 10.0.0.0/8 . 1-90 } drop", True),
        ("ip saddr . tcp dport != { 10.0.0.1 . 81 } drop", True),
        ("ip saddr . tcp dport != { 10.0.0.1 . 80 } drop", False),
        ("tcp dport vmap { 1-79 : drop, 80 : drop }", True),
        ("tcp dport vmap { 80 : continue }", False),
        ("ip saddr @fixed drop", True),
        ("ip saddr @changing drop", False),
        ("ip saddr 10.0.0.1 limit rate 1/second drop", False),
        ("ip saddr 10.0.0.1 limit rate over 1/second drop", False),
        ("ip saddr 10.0.0.1 meta cpu 1 drop", False),
        ("ip saddr 10.0.0.1 numgen random mod 2 0 drop", False),
        ("ip saddr 10.0.0.1 jump other", False),
        ("tcp flags syn drop", False),
        ("tcp flags & (syn | ack) == syn drop", False),
        ("meta mark 0 drop", False),
        ("ip frag-off & 0x1fff != 0 drop", False),
    ],
)
def test_a_rule_is_shadowed_by_what_takes_all_of_its_packets_and_by_nothing_else(first: str, shadowed: bool) -> None:
    sets = " set fixed { type ipv4_addr; elements = { 10.0.0.1 } }\n"
    sets += " set changing { type ipv4_addr; flags dynamic; timeout 1m; }\n"
    other = " chain other {\n tcp dport 81 drop\n }\n"
    rules = f" {first}\n ip saddr 10.0.0.1 tcp dport 80 accept\n udp dport 1 add @changing {{ ip saddr }}\n"
    chain = f" chain c {{\n type filter hook forward priority 0; policy drop;\n{rules} }}\n"
    found = only(Kind.SHADOWED, f"table ip f {{\n{sets}{other}{chain}}}\n")
    assert [one.line for one in found] == ([10] if shadowed else [])


def test_the_one_rule_that_makes_packets_be_tracked_is_not_called_redundant() -> None:
    state: dict[str, Any] = {"ct_state": "established", "verdict": "accept"}
    assert told([state], Kind.REDUNDANT, policy="accept") == []
    both = told([state, {**state, "src": "10.0.0.0/8"}], Kind.REDUNDANT, policy="accept")
    assert {one.where for one in both} == {"rule 1 of forward", "rule 2 of forward"}
    (found,) = told([tcp("1-9"), {**tcp("5"), "ct_state": "new"}], Kind.REDUNDANT)
    assert "without it packets are not tracked" in found.what


def test_a_rule_of_which_one_part_asks_for_nothing_that_there_is_is_redundant_all_the_same() -> None:
    both = 'iifname . meta l4proto { "lan" . tcp, "wan" . udp } tcp dport 22 accept'
    text = f"table inet t {{\n chain c {{\n  type filter hook forward priority 0; policy accept;\n  {both}\n }}\n}}\n"
    (found,) = told_of_text(text, Kind.REDUNDANT)
    assert "the policy would do the same" in found.what
