"""iptables' extensions that nft prints by name alone: what the name says, and what is unknown."""

from __future__ import annotations

import io
import json

import pytest

from fwsim.checking import Kind
from fwsim.checking.findings import findings_of
from fwsim.errors import RulesetError
from fwsim.exporting.iptables import iptables_text
from fwsim.exporting.nft import nft_text
from fwsim.exporting.yaml_ruleset import ruleset_of
from fwsim.importing.nft.xtables import LOST
from fwsim.netfilter.steps import Alter, Effectless, Nat, Step, Unknown, Verdict
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.simulator import Simulator
from fwsim.terms import RejectWith
from fwsim.terms import Verdict as Decided
from tests.deciding import INTERFACES, tcp
from tests.nft_importing import steps_of


def listed(*expressions: dict[str, object], policy: str = "accept") -> Ruleset:
    """What `nft -j list ruleset` prints of a chain of iptables with one rule."""
    return chain_of(list(expressions), policy=policy)


def chain_of(*rules: list[dict[str, object]], policy: str = "accept") -> Ruleset:
    """What it prints of one with these rules."""
    table = {"family": "ip", "table": "filter"}
    chain = {**table, "name": "FORWARD", "type": "filter", "hook": "forward", "prio": 0, "policy": policy}
    found: list[object] = [{"table": {"family": "ip", "name": "filter"}}, {"chain": chain}]
    found += [{"rule": {**table, "chain": "FORWARD", "expr": rule}} for rule in rules]
    return load_ruleset(io.StringIO(json.dumps({"nftables": found})))


def extension(kind: str, name: str) -> dict[str, object]:
    return {"xt": {"type": kind, "name": name}}


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        ("xt match string drop", (Unknown("xt match string"), Verdict("drop", text="drop"))),
        ("xt match conntrack drop", (Unknown("xt match conntrack", tracks=True), Verdict("drop", text="drop"))),
        ("xt target LOG", (Effectless("xt target LOG"),)),
        ("xt target MARK", (Alter(("mark",), None, "xt target MARK"),)),
        ("xt target MASQUERADE", (Nat("masquerade", told=False, text="xt target MASQUERADE"),)),
        ("xt target REJECT", (Verdict("reject", None, RejectWith.NONE, "xt target REJECT"),)),
        ("xt target CT", (Unknown("xt target CT", tracks=True), Verdict("unknown", text="xt target CT"))),
        ("xt target TPROXY", (Verdict("unknown", text="xt target TPROXY"),)),
    ],
)
def test_an_extension_is_what_its_name_says_and_else_unknown(words: str, steps: tuple[Step, ...]) -> None:
    assert steps_of(words, "ip") == steps


def test_an_extension_without_a_name_may_be_any() -> None:
    (rule,) = listed({"xt": None}).netfilter.tables[0].chains["FORWARD"].rules
    assert rule.steps == (Unknown("xt extension", tracks=True), Verdict("unknown", text="xt extension"))


def test_a_comment_of_iptables_says_nothing() -> None:
    (rule,) = listed(extension("match", "comment"), {"accept": None}).netfilter.tables[0].chains["FORWARD"].rules
    assert [type(step) for step in rule.steps] == [Verdict]


def test_that_options_are_lost_is_said_once() -> None:
    ruleset = chain_of([extension("target", "MARK")], [extension("match", "owner"), {"drop": None}])
    assert [remark.what for remark in ruleset.netfilter.remarks] == [LOST]


def test_packets_are_tracked_where_an_extension_asks_conntrack() -> None:
    assert Simulator(listed(extension("match", "conntrack"), {"accept": None}), key=1).lowered["stateful"].tracking
    assert not Simulator(listed(extension("match", "string"), {"accept": None}), key=1).lowered["stateful"].tracking


def test_the_verdict_of_reject_is_known_and_its_answer_is_not() -> None:
    ruleset = listed(extension("target", "REJECT"))
    captured = Simulator(ruleset, key=1, interfaces={n: one["networks"] for n, one in INTERFACES.items()})
    from scapy.layers.inet import IP

    decision = captured.decide(IP(tcp().encode()), at=1.0)
    assert (decision.verdict, decision.reject_with) == (Decided.REJECT, RejectWith.NONE)
    assert {finding.kind for finding in findings_of(ruleset, "r")} == {Kind.REMARK}


def test_a_target_that_is_not_simulated_is_found_by_check() -> None:
    finding, _ = findings_of(listed(extension("target", "TPROXY")), "r")
    assert (finding.kind, finding.what) == (Kind.NOT_SIMULATED, "xt target TPROXY")


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("MARK", {"meta": {"key": "mark"}}),
        ("HMARK", {"meta": {"key": "mark"}}),
        ("SET", {"meta": {"key": "mark"}}),
        ("TTL", {"payload": {"protocol": "ip", "field": "ttl"}}),
        ("TCPMSS", {"tcp option": {"name": "maxseg", "field": "size"}}),
    ],
)
def test_what_a_target_makes_of_a_packet_is_unknown_and_it_is_named(name: str, asked: dict[str, object]) -> None:
    from scapy.layers.inet import IP, TCP

    match: dict[str, object] = {"match": {"op": "==", "left": asked, "right": 60}}
    ruleset = chain_of([extension("target", name)], [match, {"drop": None}])
    first, told = [finding for finding in findings_of(ruleset, "r") if finding.kind != Kind.NO_NETWORK]
    assert (first.kind, first.what, first.where) == (
        Kind.NOT_SIMULATED, f"xt target {name}", "rule 1 of ip filter FORWARD",
    )  # fmt: skip
    assert f'"{name}"' in first.text
    assert told.what == LOST
    packet = IP(src="10.0.0.1", dst="10.0.0.2") / TCP(flags="S", options=[("MSS", 1460)])
    decided = Simulator(ruleset, key=1).decide(packet, at=1.0)
    assert (decided.verdict, decided.rule) == (Decided.UNKNOWN, "2")


@pytest.mark.parametrize("name", ["REJECT", "DNAT", "MASQUERADE", "LOG", "TPROXY"])
def test_what_was_lost_is_not_written_as_if_it_were_known(name: str) -> None:
    ruleset = listed(extension("target", name))
    for write in (nft_text, iptables_text, ruleset_of):
        with pytest.raises(RulesetError, match=f"xt target {name}"):
            write(ruleset.netfilter)
