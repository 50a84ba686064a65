"""Findings on rulesets."""

from __future__ import annotations

import io

from fwsim.checking import Finding, Kind, findings_of
from fwsim.ruleset import load_ruleset

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


BASE = "\tchain {0} {{\n\t\ttype filter hook {0} priority 0;\n\t\tjump own\n\t}}\n"


def test_what_has_an_answer_at_every_hook_of_its_rule_is_a_remark() -> None:
    own = "\tchain own {\n\t\tmeta skuid 1000 accept\n\t}\n"
    (owner,) = findings("table ip f {\n" + own + BASE.format("forward") + "}\n")
    assert (owner.kind, owner.what) == (Kind.REMARK, "meta skuid 1000: never so at forward")
    (owner,) = findings("table ip f {\n" + own + BASE.format("forward") + BASE.format("output") + "}\n")
    assert (owner.kind, owner.what) == (Kind.NOT_SIMULATED, "meta skuid 1000")


def test_an_own_address_that_rules_translate_to_and_nobody_has_told_is_found() -> None:
    chain = "type nat hook postrouting priority 100;"
    text = f'table ip nat {{\n\tchain post {{\n\t\t{chain}\n\t\toifname "wan" masquerade\n\t}}\n}}\n'
    (found,) = findings(text, interfaces={"wan": ["any"]})
    assert (found.kind, found.line, found.column, found.where) == (Kind.NO_ADDRESS, 4, 3, "rule 1 of ip nat post")
    assert found.what.startswith("masquerade needs the firewall's own address on wan, which is not known: --local")
    assert findings(text, interfaces={"wan": ["any"]}, local=["198.51.100.1"]) == []
