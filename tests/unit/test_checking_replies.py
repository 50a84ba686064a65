"""Connections whose answers are dropped."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.checking import Finding, Kind, Level, replies
from fwsim.checking.ground import Sample
from fwsim.checking.replies import Replies
from tests.findings import Json, reaching_of, tcp, told, told_of_text

REPLIES: Json = {"ct_state": ["established", "related"], "verdict": "accept"}


def dropped(rules: list[Json], **chains: Any) -> list[Finding]:
    return told(rules, Kind.REPLIES_DROPPED, **chains)


def test_answers_that_no_rule_accepts_are_told_with_both_packets() -> None:
    found, other = dropped([tcp("80", name="web", ct_state="new"), tcp("25", name="mail", ct_state="new")])
    assert (found.where, found.level) == ('rule "web" of forward', Level.WARNING)
    assert found.what == "accepts connections, and the answers to them are dropped: no rule accepts them"
    assert (other.where, other.what) == ('rule "mail" of forward', found.what)
    assert found.together == other.together != ""
    assert found.packet is not None
    assert ":40000 > 203.0.113.7:80 syn" in found.packet.before
    assert "203.0.113.7:80 > 198.51.100.7:40000 syn,ack established" in found.packet.packet


def test_a_rule_for_what_is_established_answers_for_all() -> None:
    assert dropped([REPLIES, tcp("80", ct_state="new")]) == []


def test_a_ruleset_without_state_may_forget_answers() -> None:
    back: Json = {"proto": "tcp", "sport": 80, "tcp_flags": "ack / ack", "verdict": "accept"}
    (found,) = dropped([back, tcp("80"), tcp("443", name="secure")])
    assert found.where == 'rule "secure" of forward'
    assert "no state is kept, and no rule is for them" in found.what


def test_some_answers_that_are_dropped_are_a_note() -> None:
    refused: Json = {"src": "203.0.113.0/24", "verdict": "drop"}
    (found,) = dropped([refused, REPLIES, tcp("80", ct_state="new")])
    assert (found.level, found.what) == (Level.NOTE, "accepts connections, and some answers to them are dropped")


def test_answers_to_what_comes_in_go_out() -> None:
    rules: Json = {"hook": "input", "policy": "drop", "rules": [tcp("22", name="ssh")]}
    closed: Json = {"hook": "output", "policy": "drop", "rules": []}
    found = told([], Kind.REPLIES_DROPPED, own=rules, out=closed)
    assert [one.where for one in found] == ['rule "ssh" of own']
    assert told([], Kind.REPLIES_DROPPED, own=rules) == []


MARKED = """\
table inet t {{
 chain p {{
  type filter hook prerouting priority -150; policy accept;
  meta mark set ct mark
 }}
 chain f {{
  type filter hook forward priority 0; policy drop;
  {back} accept
  ct state new tcp dport 80 ct mark set 1 accept
 }}
}}
"""


@pytest.mark.parametrize("back", ["ct mark 1", "meta mark 1"])
def test_answers_that_are_known_by_the_mark_of_their_connection_come_back(back: str) -> None:
    assert told_of_text(MARKED.format(back=back), Kind.REPLIES_DROPPED) == []


def test_answers_whose_mark_is_another_are_dropped() -> None:
    (found, *more) = told_of_text(MARKED.format(back="ct mark 2"), Kind.REPLIES_DROPPED)
    assert not more
    assert found.packet is not None
    assert "ct mark" not in found.packet.before
    assert found.packet.outcome == "drop: the policy of inet t f"


def test_where_it_takes_too_long_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "IN_ALL", 1)
    reaching = reaching_of([tcp("80", ct_state="new")])
    assert all(isinstance(one, Sample) for one in reaching.reached.values())
    one = Replies(reaching.ground, reaching.reached)
    assert all(found.level == Level.NOTE for found in one.found())
    assert one.open
