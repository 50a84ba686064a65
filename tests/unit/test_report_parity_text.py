"""What came of comparing two firewalls, as people read it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from fwsim.lower import lower
from fwsim.naming import RuleNames
from fwsim.parity import Comparison, Difference
from fwsim.report.parity_text import answer, counts, decided, left_out, told
from fwsim.ruleset import Ruleset
from fwsim.tables import DECISION, RULE_POLICY, empty, plain
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtState, Direction, Reason, Verdict

RULES = Ruleset.model_validate({"policy": "drop", "rules": [{"name": "open", "ct_state": "new", "verdict": "accept"}]})
LOWERED = lower(RULES, interfaces=[])
NAMES = RuleNames(LOWERED.rules, LOWERED.chains)


def decision(**fields: int) -> dict[str, int]:
    """A decision in which nothing is decided but these fields."""
    blank = plain(empty(DECISION, 1)[0])
    return {**blank, "chain": ABSENT, "rule": ABSENT, "ct_direction": int(Direction.NONE), **fields}


def difference(words: str = "") -> Difference:
    ours = decision(verdict=int(Verdict.ACCEPT), chain=0, rule=0, ct_state=int(CtState.NEW), ct_direction=0)
    theirs = decision(verdict=int(Verdict.DROP), chain=0, rule=RULE_POLICY, ct_state=int(CtState.INVALID))
    return Difference(0, 7, 6, ("verdict", "rule", "ct_state"), ours, theirs, words)


def test_protocols_are_counted_by_name_and_the_columns_add_up() -> None:
    found = Comparison(
        packets=Counter({6: 1200, 17: 30, 33: 5, -1: 4}),
        compared=Counter({6: 1200, 17: 28}),
        unknown=Counter({17: 1}),
        differing=Counter({6: 2}),
    )
    assert counts(found) == [
        "protocol  packets  compared  unknown  differing",
        "tcp         1,200     1,200        0          2",
        "udp            30        28        1          0",
        "dccp            5         0        0          0",
        "not IP          4         0        0          0",
        "all         1,239     1,228        1          2",
    ]


def test_the_answer_is_a_sentence() -> None:
    assert answer(Comparison(compared=Counter({6: 1}))) == "No difference in 1 packet."
    assert answer(Comparison(compared=Counter({6: 10}), differing=Counter({6: 2}))) == "2 packets of 10 differ."
    doubtful = answer(Comparison(compared=Counter({6: 10}), unknown=Counter({6: 2})))
    assert doubtful == "No difference in 10 packets. Of 2 packets the simulator does not know the answer."


def test_what_was_left_out_is_told_with_its_reason() -> None:
    assert left_out(Comparison()) == []
    found = Comparison(left_out=Counter({"not IP": 3, "an egress copy": 12}))
    assert left_out(found) == ["Not given to the kernel: 12 an egress copy, 3 not IP."]


def test_a_difference_tells_both_decisions_and_the_kernels_words() -> None:
    assert told(difference("bad checksum"), NAMES, ["x.pcap"]) == [
        "packet 7 of x.pcap (tcp): verdict, rule, ct_state",
        '  simulator  accept, by "open", ct state new, original',
        '  kernel     drop, by policy of rules, ct state invalid, "bad checksum"',
    ]


def test_hostile_names_and_words_are_escaped() -> None:
    lines = told(difference("\x1b[2J"), NAMES, ["\x1b]0;x\x07.pcap"])
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"verdict": int(Verdict.NOT_EVALUATED), "reason": int(Reason.TTL_EXPIRED)}, "not_evaluated, ttl-expired"),
        ({"verdict": int(Verdict.UNKNOWN), "ct_state": UNKNOWN_VALUE}, "unknown, ct state not known"),
        ({"verdict": int(Verdict.ACCEPT), "reason": int(Reason.RULE)}, "accept"),
    ],
)
def test_a_decision_says_what_it_has(fields: dict[str, Any], text: str) -> None:
    assert decided(decision(**fields), NAMES) == text
