"""What differs on one way: pairs of lines, chains, marks, limits, translation."""

from __future__ import annotations

import pytest

from fwsim.differing.grouping import Group
from tests.differing import INTERFACES, Json, answer_about, answer_about_texts, compared

WEB = {"proto": "tcp", "dport": 80, "verdict": "accept"}
FTP = {"proto": "tcp", "dport": 21, "verdict": "accept"}


def stateful(groups: list[Group]) -> list[tuple[str, str | None, str, str | None]]:
    return [(one.old.verdict, one.old.rule, one.new.verdict, one.new.rule) for one in groups if one.mode == "stateful"]


def test_rules_that_swap_without_touching_each_other_are_equivalent() -> None:
    assert compared([WEB, FTP], [FTP, WEB]).status == "equivalent"


def test_a_rule_that_is_covered_may_go() -> None:
    assert compared([WEB, {"proto": "tcp", "verdict": "accept"}], [{"proto": "tcp", "verdict": "accept"}]).groups == []


def test_a_rule_may_be_split() -> None:
    halves = [{"proto": "tcp", "dport": ports, "verdict": "accept"} for ports in ("1-100", "101-65535", 0)]
    assert compared([{"proto": "tcp", "dport": "0-65535", "verdict": "accept"}], halves).status == "equivalent"


def test_a_rule_that_moves_before_another_takes_what_both_want() -> None:
    drop = {"src": "10.0.0.5", "verdict": "drop"}
    answer = compared([drop, WEB], [WEB, drop])
    assert stateful(answer.groups) == [("drop", "1", "accept", "1")]
    (region,) = answer.groups[0].regions
    assert region.text == "tcp src 10.0.0.5 dport 80"


def test_another_answer_of_a_rejection_is_a_difference() -> None:
    reject = {"proto": "tcp", "verdict": "reject"}
    answer = compared([reject], [reject | {"reject_with": "tcp-reset"}])
    assert {one.new.reject_with for one in answer.groups} == {"tcp_reset"}
    assert answer.status == "different"


def test_a_policy_that_changes_concerns_what_no_rule_takes() -> None:
    answer = compared([WEB], [WEB], ("drop", "accept"))
    assert stateful(answer.groups) == [("drop", None, "accept", None)]


def test_a_second_chain_refuses_what_the_first_has_let_through() -> None:
    forward = {"hook": "forward", "policy": "accept", "rules": []}
    late = {"hook": "forward", "priority": 5, "policy": "accept", "rules": [WEB | {"verdict": "drop"}]}
    old = {"interfaces": INTERFACES, "chains": {"forward": forward}}
    answer = answer_about(old, {"interfaces": INTERFACES, "chains": {"forward": forward, "late": late}})
    assert [one.new.chain for one in answer.groups] == ["late"]


def test_another_mark_is_a_difference_though_the_verdict_is_the_same() -> None:
    one, other = ({"proto": "udp", "set_mark": mark} for mark in (1, 2))
    answer = compared([one, WEB], [other, WEB], ("accept", "accept"))
    assert [one.leaves for one in answer.groups] == [True]
    assert answer.status == "different"
    assert compared([one], [other]).status == "equivalent"  # all are dropped


def test_a_mark_that_nothing_looks_at_any_more_is_followed_to_its_rule() -> None:
    old: list[Json] = [{"proto": "udp", "set_mark": 1}, {"mark": 1, "verdict": "accept"}]
    new: list[Json] = [{"proto": "udp", "set_mark": 1, "verdict": "accept"}]
    assert compared(old, new).status == "equivalent"


def test_a_limit_is_told_by_packets_that_come_again() -> None:
    answer = compared([WEB], [WEB | {"limit": "5/second"}])
    (one,) = [each for each in answer.groups if each.mode == "stateful"]
    assert one.witness is not None
    assert one.witness.times == 6
    assert compared([WEB | {"limit": "5/second"}], [WEB | {"limit": "5/second"}]).status == "equivalent"


def test_what_is_not_simulated_cancels_where_both_have_it_and_is_unknown_else() -> None:
    text = "table ip f { chain forward { type filter hook forward priority 0; policy drop; meta cpu 1 accept; %s }\n}\n"
    same = answer_about_texts(text % "tcp dport 1 accept;", text % "tcp dport { 1 } accept;")
    assert same.status == "equivalent"
    other = answer_about_texts(text % "", (text % "").replace("cpu 1", "cpu 2"))
    assert (other.status, other.exit_status) == ("unknown", 3)
    assert any("meta cpu" in doubt for one in other.groups for doubt in one.doubts)


NAT = """\
table ip nat {
    chain pre { type nat hook prerouting priority -100; tcp dport 8080 dnat to 10.0.0.5:%d; }
}
table ip filter {
    chain forward { type filter hook forward priority 0; policy drop; ip daddr 10.0.0.5 tcp dport %d accept; }
}
"""


def test_another_translation_is_a_difference() -> None:
    assert answer_about_texts(NAT % (80, 80), NAT % (80, 80)).status == "equivalent"
    answer = answer_about_texts(NAT % (80, 80), NAT % (81, 80), modes=["stateful"])
    assert {(one.old.verdict, one.leaves) for one in answer.groups} == {("elsewhere", True)}
    assert answer.status == "different"


def test_what_is_behind_a_translation_is_compared() -> None:
    answer = answer_about_texts(NAT % (80, 80), NAT % (80, 81), modes=["stateful"])
    assert {(one.old.verdict, one.new.verdict) for one in answer.groups} == {("accept", "drop"), ("drop", "accept")}
    assert answer.status == "different"


@pytest.mark.parametrize("verdict", ["drop", "accept"])
def test_many_regions_of_one_pair_are_told_of_as_many_as_asked(verdict: str) -> None:
    holes: list[Json] = [{"proto": "tcp", "dport": 2 * n + 1, "sport": n, "verdict": "drop"} for n in range(12)]
    old = [*holes, {"proto": "tcp", "verdict": verdict}]
    new = [*holes, {"proto": "tcp", "verdict": "accept" if verdict == "drop" else "drop"}]
    few = compared(old, new, most=1).groups[0]
    assert not few.complete
    assert compared(old, new, most=None).groups[0].complete


def test_without_state_translation_is_left_out_only_where_something_may_have_changed() -> None:
    states = NAT.replace("policy drop;", "policy drop; ct state established accept;")
    same = answer_about_texts(states % (80, 80), states.replace("tcp dport 8080", "tcp dport { 8080 }") % (80, 80))
    assert same.status == "equivalent"
    covered = "ct state established accept; ct state established tcp dport 7 accept;"
    same = answer_about_texts(states % (80, 80), states.replace("ct state established accept;", covered) % (80, 80))
    assert same.status == "equivalent"
    answer = answer_about_texts(states % (80, 80), states % (80, 81))
    assert answer.status_of("stateless") == "unknown"
    assert any("stateless" in reason for reason in answer.reasons)


def test_a_translation_for_one_family_is_as_good_as_for_all_where_only_that_gets_there() -> None:
    iptables = "*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -s 10.0.0.0/8 -j MASQUERADE\nCOMMIT\n"
    nft = "table ip n { chain p { type nat hook postrouting priority 100; ip saddr 10.0.0.0/8 masquerade; }\n}\n"
    assert answer_about_texts(iptables, nft, modes=["stateful"]).status == "equivalent"


def test_chains_that_are_not_walked_must_be_the_same() -> None:
    text = "table bridge b { chain c { type filter hook forward priority 0; ip saddr 10.0.0.%d drop; }\n}\n"
    assert answer_about_texts(text % 1, text % 1).status == "equivalent"
    answer = answer_about_texts(text % 1, text % 2)
    assert (answer.status, answer.exit_status) == ("unknown", 3)
    assert "bridge" in answer.reasons[0]
