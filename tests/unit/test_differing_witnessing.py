"""Witnesses: packets on which the engine decides as is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwsim.differing.differences import Comparison
from fwsim.differing.objects import packet_text
from fwsim.differing.witnessing import Witnessing, later_fragment
from fwsim.terms import Verdict
from tests.differing import INTERFACES, Json, answer_about_texts, in_forward, model


def two(*rules: Json) -> list[Json]:
    chains = [{"forward": {"hook": "forward", "policy": "drop", "rules": [rule]}} for rule in rules]
    return [{"interfaces": INTERFACES, "chains": each} for each in chains]


def test_a_witness_is_a_packet_of_the_region_with_both_decisions() -> None:
    old, new = two({"proto": "tcp", "dport": 80, "verdict": "accept"}, {"proto": "tcp", "verdict": "accept"})
    comparison = Comparison(model(old), model(new))
    (one,) = [each for each in comparison.differences() if each.family == 4]
    witness = Witnessing(comparison).witness(one)
    assert witness is not None
    assert (witness.old["verdict"], witness.new["verdict"]) == (Verdict.DROP, Verdict.ACCEPT)
    assert witness.packet["dport"] != 80
    assert (witness.iif, witness.oif) == ("lan", "wan")


def test_what_the_engine_does_not_say_is_no_witness() -> None:
    old, new = two({"proto": "tcp", "dport": 80, "verdict": "accept"}, {"proto": "tcp", "verdict": "accept"})
    comparison = Comparison(model(old), model(new))
    one = next(comparison.differences())
    turned = replace(one, found=replace(one.found, old=one.found.new, new=one.found.old))
    assert Witnessing(comparison).witnesses([turned, one])[0] is None


def test_rules_are_shown_the_state_of_the_region() -> None:
    old, new = two({"ct_state": "established", "verdict": "accept"}, {"ct_state": "invalid", "verdict": "accept"})
    comparison = Comparison(model(old), model(new))
    found = [each for each in comparison.differences(("stateful",)) if each.family == 4]
    states = {w.shown["ct_state"] for w in Witnessing(comparison).witnesses(found) if w is not None}
    assert states == {1, 2}


def test_a_later_fragment_has_no_ports() -> None:
    old, new = two({"fragment": "later", "verdict": "accept"}, {"fragment": "later", "verdict": "drop"})
    comparison = Comparison(model(old), model(new))
    witnesses = Witnessing(comparison).witnesses(list(comparison.differences()))
    assert all(each is not None and each.packet["sport"] == -1 for each in witnesses)
    packet = {"family": 4, "proto": 17, "src": 0x0A000001, "dst": 0x0A000002, "ttl": 9}
    assert later_fragment(packet)[14 + 6 : 14 + 8] != b"\0\0"


@pytest.mark.parametrize("limit", ["limit rate over 5/second drop", "limit rate 1/minute burst 1 packets drop", ""])
def test_what_stands_behind_a_limit_that_both_have_is_shown(limit: str) -> None:
    answer = answer_about_texts(*(in_forward(limit, f"tcp dport {port} accept") for port in (22, 23)))
    assert (answer.status, answer.count) == ("different", {"different": 2, "accepted": 0, "unknown": 0})


@pytest.mark.parametrize(("rates", "times"), [(("5/second", "6/second"), 50), (("10/minute", "1/second"), 6)])
def test_of_two_rates_one_runs_out_where_the_other_does_not(rates: tuple[str, str], times: int) -> None:
    answer = answer_about_texts(*(in_forward(f"limit rate {rate} accept") for rate in rates))
    (shown,) = [group.witness for group in answer.groups if group.witness is not None]
    assert (shown.old["verdict"], shown.new["verdict"]) == (Verdict.DROP, Verdict.ACCEPT)
    assert shown.times <= times


@pytest.mark.parametrize(
    ("rule", "shown"),
    [
        ("udp sport 53 accept", "udp 198.51.100.7:53 > 203.0.113.7 cut short"),
        ("icmp type 8 accept", "icmp 198.51.100.7 > 203.0.113.7 type 8 cut short"),
    ],
)
def test_a_header_that_ends_early_is_shown(rule: str, shown: str) -> None:
    answer = answer_about_texts(in_forward(rule), in_forward(f"@th,0,24 >= 0x0 {rule}"), families=[4])
    (group,) = answer.groups
    assert group.witness is not None
    assert packet_text(group.witness.packet) == shown


def translating(rule: str) -> str:
    """A rule that chooses by chance between two chains that translate."""
    base = "type nat hook prerouting priority -100;"
    chains = "chain a {\ndnat to 10.9.9.8\n}\nchain b {\ndnat to 10.9.9.9\n}\n"
    return f"table ip n {{\n{chains}chain p {{\n{base}\n{rule}\n}}\n}}\n"


DRAWS = "numgen random mod 2 vmap {{ 0 : goto {}, 1 : goto {} }}"


@pytest.mark.parametrize(
    ("rules", "certain"),
    [
        ((DRAWS.format("a", "b"), DRAWS.format("b", "a")), 0),
        ((DRAWS.format("a", "b"), f"ip saddr 10.0.0.0/8 {DRAWS.format('a', 'b')}"), 2),
        (("dnat to 10.9.9.9", "tcp dport 80 dnat to 10.9.9.9"), 1),
    ],
)
def test_what_is_drawn_shows_no_translation_that_is_not_done(rules: tuple[str, str], certain: int) -> None:
    answer = answer_about_texts(*map(translating, rules), families=[4], modes=["stateful"])
    shown = [(group.old.verdict, group.new.verdict) for group in answer.groups if group.witness is not None]
    assert shown == [("elsewhere", "accept")] * certain
