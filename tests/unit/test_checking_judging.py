"""What is said of rules that never apply."""

from __future__ import annotations

from typing import Any

from fwsim.checking import Finding, Kind, Level
from fwsim.checking.judging import listed
from tests.findings import Json, tcp, told

NEVER = (Kind.UNREACHABLE, Kind.SHADOWED, Kind.REDUNDANT)


def never(rules: list[Json], **chains: Any) -> dict[str, Finding]:
    return {one.where: one for one in told(rules, *NEVER, **chains)}


def test_a_rule_is_shadowed_if_its_packets_get_another_verdict() -> None:
    found = never([tcp("1-9", "drop"), tcp("5")])["rule 2 of forward"]
    assert (found.kind, found.level) == (Kind.SHADOWED, Level.ERROR)
    assert found.what == "rule 1 takes every packet before it"
    assert found.packet is not None
    assert "203.0.113.7:5 syn" in found.packet.packet
    assert found.packet.outcome == "drop: rule 1 of forward"


def test_it_is_redundant_if_they_get_the_same() -> None:
    found = never([tcp("1-9"), tcp("5")])["rule 2 of forward"]
    assert (found.kind, found.level) == (Kind.REDUNDANT, Level.WARNING)


def test_one_packet_among_many_that_gets_another_verdict_is_found() -> None:
    rules = [tcp("1-40"), tcp("41-90", "drop", src="10.9.8.7"), tcp("41-90", src="!10.9.8.7")]
    rules.append(tcp("1-80", family="ipv4"))
    found = never(rules)["rule 4 of forward"]
    assert found.kind == Kind.SHADOWED
    assert found.packet is not None
    assert "10.9.8.7" in found.packet.packet


def test_rules_that_do_the_same_make_one_redundant_whatever_exceptions_there_are() -> None:
    rules = [tcp("1-40"), tcp("41-42", "drop", src="10.9.8.7"), tcp("41-90"), tcp("1-80")]
    assert never(rules)["rule 4 of forward"].kind == Kind.REDUNDANT


def test_what_a_later_chain_does_with_accepted_packets_shadows_nothing() -> None:
    late: Json = {"hook": "forward", "priority": 10, "policy": "drop"}
    assert never([tcp("1-9"), tcp("5")], late=late)["rule 2 of forward"].kind == Kind.REDUNDANT


def test_a_rule_without_a_verdict_that_nothing_reaches_is_unreachable() -> None:
    found = never([tcp("1-9", "drop"), tcp("5", "continue", counter=True)])["rule 2 of forward"]
    assert found.kind == Kind.UNREACHABLE


def test_where_no_packet_is_as_a_rule_asks_that_is_said() -> None:
    below: Json = {"rules": [{"iif": "wan", "verdict": "accept"}, {"iif": "lan", "verdict": "accept"}]}
    found = never([{"iif": "lan", "verdict": "jump below"}], below=below)["rule 1 of below"]
    assert (found.kind, found.what) == (Kind.UNREACHABLE, "no packet that gets to its chain is as it asks")


def test_of_many_rules_the_first_are_named() -> None:
    assert listed(1) == "{0}"
    assert listed(6) == "{0}, {1}, {2}, {3}, 2 more"
    rules = [*(tcp(str(port), "drop") for port in range(1, 7)), tcp("1-6")]
    assert never(rules)["rule 7 of forward"].what == (
        "rule 1, rule 2, rule 3, rule 4, 2 more together take every packet before it"
    )
