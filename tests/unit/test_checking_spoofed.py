"""Anti-spoofing gaps as findings."""

from __future__ import annotations

from io import StringIO
from typing import Any

from fwsim.checking import Finding, Kind, Level, spoofed
from fwsim.checking.findings import findings_of
from fwsim.checking.kinds import fingerprinted
from fwsim.checking.spoofed import gaps
from fwsim.checking.spoofing import Spoofing
from fwsim.ruleset import Ruleset, load_ruleset

INTERFACES: Any = {"lan": {"networks": ["10.0.0.0/8"]}, "wan": {"networks": ["any"]}}


def found(rules: list[Any]) -> list[Finding]:
    forward = {"hook": "forward", "policy": "drop", "rules": rules}
    ruleset = Ruleset.model_validate({"interfaces": INTERFACES, "chains": {"forward": forward}})
    return list(gaps(ruleset, "edge.yaml"))


def test_a_forged_source_that_gets_in_is_told_at_the_rule_that_lets_it() -> None:
    first = found([{"proto": "tcp", "dport": 80, "name": "web", "verdict": "accept"}])[0]
    assert (first.kind, first.level, first.where) == (Kind.SPOOFING, Level.WARNING, 'rule "web" of forward')
    assert first.what == "a source that cannot be behind it gets in by lan IPv4 through the firewall"
    assert first.packet is not None
    assert first.packet.outcome == 'accept: rule "web" of forward'
    assert ":80 syn" in first.packet.packet


def test_a_ruleset_that_asks_where_packets_come_from_has_no_gaps() -> None:
    assert found([{"iif": "lan", "src": "10.0.0.0/8", "dst": "!10.0.0.0/8", "verdict": "accept"}]) == []


def test_every_rule_that_lets_one_in_is_told_by_itself() -> None:
    rules = [{"proto": "tcp", "dport": port, "name": f"to {port}", "verdict": "accept"} for port in (80, 443)]
    by_lan = [one for one in found(rules) if "by lan IPv4" in one.what]
    assert [one.where for one in by_lan] == ['rule "to 80" of forward', 'rule "to 443" of forward']
    assert len({one.together for one in by_lan}) == 1
    (first,) = [one for one in fingerprinted(found(rules[:1])) if "by lan IPv4" in one.what]
    again = [one.fingerprint for one in fingerprinted(found(rules[::-1])) if "by lan IPv4" in one.what]
    assert again.count(first.fingerprint) == 1
    assert len(set(again)) == 2


MASQUERADED = """\
table inet x {
\tchain forward {
\t\ttype filter hook forward priority 0; policy drop;
\t\toifname "wan" tcp dport 80 accept
\t\toifname "wan" tcp dport 443 accept
\t\toifname "wan" udp dport 53 meta skuid 7 accept
\t\toifname "wan" meta cpu 1 udp dport 54 accept
\t}
\tchain post {
\t\ttype nat hook postrouting priority 100;
\t\toifname "wan" masquerade
\t}
}
"""


def test_behind_a_rule_that_translates_those_are_told_that_let_packets_in() -> None:
    ruleset = load_ruleset(StringIO(MASQUERADED), interfaces={"lan": ["10.0.0.0/8"], "wan": ["any"]})
    by_lan = [one for one in gaps(ruleset, "edge.nft") if "by lan IPv4" in one.what]
    assert [(one.kind, one.line) for one in by_lan] == [
        (Kind.SPOOFING, 4), (Kind.SPOOFING, 5), (Kind.UNKNOWN, 7),
    ]  # fmt: skip
    assert by_lan[-1].what.endswith("it hangs on what is not known here")
    assert by_lan[-1].level == Level.WARNING


LATER = """\
table inet x {
\tchain forward {
\t\ttype filter hook forward priority 0; policy drop;
\t\tiifname "lan" tcp dport 80 accept
\t\tiifname "lan" tcp dport 443 accept
\t}
\tchain post {
\t\ttype filter hook postrouting priority 0; policy drop;
\t\tmeta l4proto tcp accept
\t}
}
"""


def test_where_a_later_chain_accepts_them_all_it_is_told_once_for_each_that_lets_them_so_far() -> None:
    ruleset = load_ruleset(StringIO(LATER), interfaces={"lan": ["10.0.0.0/8"], "wan": ["any"]})
    spoofing = Spoofing(ruleset)
    (certificate,) = [one for one in spoofing.of_every_rule() if one.asked.interface == "lan" and one.asked.family == 4]
    assert certificate.witness is not None
    ports = {one.packet["dport"] for one in (certificate.witness, *certificate.others)}
    assert ports == {80, 443}


def test_an_interface_without_network_is_not_known_if_that_was_asked() -> None:
    forward = {"hook": "forward", "policy": "drop", "rules": [{"iif": "lan", "verdict": "accept"}]}
    ruleset = Ruleset.model_validate({"interfaces": {"lan": {}}, "chains": {"forward": forward}})
    assert list(gaps(ruleset, "edge.yaml")) == []
    (one,) = gaps(ruleset, "edge.yaml", asked=True)
    assert one.kind == Kind.UNKNOWN
    assert one.what.endswith("get in by lan is not known: no network is known to lie behind it")
    nothing = Ruleset.model_validate({"chains": {"forward": {**forward, "rules": []}}})
    (one,) = gaps(nothing, "edge.yaml", asked=True)
    assert one.what.endswith("get in by any interface is not known: no interface has a network")


def test_what_is_not_known_is_told(monkeypatch: Any) -> None:
    monkeypatch.setattr(spoofed, "STEPS", 1)
    assert {one.kind for one in found([{"proto": "tcp", "dport": 80, "verdict": "accept"}])} == {Kind.UNKNOWN}


def test_gaps_are_among_the_findings() -> None:
    forward = {"hook": "forward", "policy": "drop", "rules": [{"proto": "tcp", "dport": 80, "verdict": "accept"}]}
    ruleset = Ruleset.model_validate({"interfaces": INTERFACES, "chains": {"forward": forward}})
    every = findings_of(ruleset, "edge.yaml")
    only = findings_of(ruleset, "edge.yaml", only=[Kind.SPOOFING])
    assert {one.kind for one in only} == {Kind.SPOOFING}
    assert findings_of(ruleset, "edge.yaml", only=[Kind.UNKNOWN]) == []
    assert [one.fingerprint for one in every if one.kind == Kind.SPOOFING] == [one.fingerprint for one in only]
