"""What is expected mode by mode, and what is inherited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fwsim.expectations.expected import Conflict, Expected, expected_of
from fwsim.expectations.model import Expecting
from tests.expecting import RULES, only, run, told


def modes(said: dict[str, Any], inherited: dict[str, Any] | None = None) -> dict[str, Any]:
    before = expected_of(Expecting.model_validate(inherited)) if inherited else Expected()
    return {mode: dict(facts) for mode, facts in expected_of(Expecting.model_validate(said), before).modes.items()}


def test_a_verdict_is_of_both_modes_unless_one_says_otherwise() -> None:
    assert modes({"verdict": "drop", "stateless": "accept"}) == {
        "stateless": {"verdict": ("accept",)}, "stateful": {"verdict": ("drop",)},
    }  # fmt: skip


def test_a_rule_is_of_the_modes_that_a_verdict_is_expected_in() -> None:
    both = modes({"verdict": "drop", "rule": "a"})
    assert [facts["rule"] for facts in both.values()] == [("a",), ("a",)]
    one = modes({"stateful": "drop", "rule": "a"})
    assert one == {"stateless": {}, "stateful": {"verdict": ("drop",), "rule": ("a",)}}
    assert modes({"rule": "a"}) == {"stateless": {"rule": ("a",)}, "stateful": {"rule": ("a",)}}


def test_a_rule_of_modes_that_differ_is_refused() -> None:
    with pytest.raises(Conflict, match="the modes differ") as conflict:
        modes({"stateless": "accept", "stateful": "drop", "rule": "a"})
    assert conflict.value.key == "rule"


def test_what_only_one_mode_knows_is_of_that_mode() -> None:
    found = modes({"verdict": "accept", "ct_state": "new", "mirror": True})
    assert found["stateful"] == {"verdict": ("accept",), "ct_state": ("new",)}
    assert found["stateless"] == {"verdict": ("accept",), "mirror": True}


def test_a_step_takes_over_what_it_does_not_say() -> None:
    case = {"verdict": "accept", "rule": "known"}
    assert modes({"ct_state": "established"}, case)["stateful"] == {
        "verdict": ("accept",), "rule": ("known",), "ct_state": ("established",),
    }  # fmt: skip


def test_a_step_with_a_verdict_takes_over_nothing_else_in_that_mode() -> None:
    found = modes({"stateful": "drop"}, {"verdict": "accept", "rule": "known"})
    assert found["stateful"] == {"verdict": ("drop",)}
    assert found["stateless"] == {"verdict": ("accept",), "rule": ("known",)}


def test_differences_name_the_mode_the_fact_and_both_values(tmp_path: Path) -> None:
    result = only(
        tmp_path,
        """\
        - packet: tcp 10.1.4.23 > 9.9.9.9:113
          verdict: [accept, drop]
          rule: out
          ct_state: invalid
          reject_with: none
          evidence: land
        """,
    )
    assert told(result) == [
        "stateless verdict: expected accept or drop, is reject",
        "stateless rule: expected out, is ident",
        "stateless reject_with: expected none, is tcp-reset",
        "stateful verdict: expected accept or drop, is reject",
        "stateful rule: expected out, is ident",
        "stateful reject_with: expected none, is tcp-reset",
        "stateful ct_state: expected invalid, is new",
        "evidence: expected land, is none",
    ]


def test_that_there_is_no_evidence_can_be_expected_too(tmp_path: Path) -> None:
    ack = "- {packet: 'tcp 9.9.9.9 > 10.1.4.23:22 ack', evidence: %s}"
    assert told(only(tmp_path, ack % "none")) == ["evidence: expected none, is ack-without-connection"]
    assert told(only(tmp_path, ack % "ack-without-connection")) == []


def test_a_chain_of_nft_may_be_named_without_its_table(tmp_path: Path) -> None:
    hooked = "\tchain %s {\n\t\ttype filter hook %s priority 0; policy drop;\n\t}\n"
    rules = f"table inet filter {{\n{hooked % (('forward',) * 2)}{hooked % (('input',) * 2)}}}\n"
    case = "- {packet: 'tcp 9.9.9.9 > 10.1.4.23:22', chain: %s}"
    assert told(only(tmp_path, case % "forward", rules)) == []
    assert told(only(tmp_path, case % "inet filter forward", rules)) == []
    assert len(told(only(tmp_path, case % "input", rules))) == 2


NOT_KNOWN_WHICH = """\
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:UDP - [0:0]
-A FORWARD -m set --match-set blocked src -j DROP
-A FORWARD -p udp -j UDP
-A FORWARD -p tcp --dport 22 -j ACCEPT
-A FORWARD -j DROP
-A UDP -m set --match-set blocked src -j REJECT
-A UDP -j REJECT --reject-with icmp-host-prohibited
COMMIT
"""


def test_a_rule_is_not_known_where_several_may_have_given_the_same_verdict(tmp_path: Path) -> None:
    cases = """\
    - {packet: "tcp 10.1.4.23 > 9.9.9.9:4433", verdict: drop, rule: "1"}
    - {packet: "tcp 10.1.4.23 > 9.9.9.9:4433", verdict: drop, rule: "4", chain: FORWARD}
    - {packet: "tcp 10.1.4.23 > 9.9.9.9:4433", verdict: accept, rule: "1"}
    - {packet: "tcp 10.1.4.23 > 9.9.9.9:4433", verdict: drop, chain: FORWARD, reason: one-of-several}
    - {packet: "tcp 10.1.4.23 > 9.9.9.9:22", verdict: accept, rule: "3"}
    """
    results = run(tmp_path, cases, NOT_KNOWN_WHICH).results
    assert [result.outcome.value for result in results] == ["unknown", "unknown", "failed", "passed", "unknown"]
    assert told(results[0]) == [f"{mode} rule: expected 1, is not known" for mode in ("stateless", "stateful")]


def test_a_chain_and_an_answer_are_not_known_where_they_differ(tmp_path: Path) -> None:
    rules = NOT_KNOWN_WHICH.replace("-A FORWARD -m set --match-set blocked src -j DROP\n", "")
    case = """\
    - packet: udp 10.1.4.23 > 9.9.9.9:53
      stateful: {verdict: reject, reject_with: icmp-host-prohibited, chain: UDP}
    """
    assert told(only(tmp_path, case, rules)) == ["stateful reject_with: expected icmp-host-prohibited, is not known"]
    case = """\
    - packet: tcp 10.1.4.23 > 9.9.9.9:53
      stateful: {verdict: drop, chain: FORWARD, rule: policy}
    """
    jumping = NOT_KNOWN_WHICH.replace("-p udp -j UDP", "-m set --match-set bad src -j UDP").replace("REJECT", "DROP")
    jumping = jumping.replace(" --reject-with icmp-host-prohibited", "")
    assert told(only(tmp_path, case, jumping)) == [
        "stateful rule: expected policy, is not known", "stateful chain: expected FORWARD, is not known",
    ]  # fmt: skip


def test_a_rule_without_a_name_and_a_policy_are_told_with_their_chain(tmp_path: Path) -> None:
    rules = RULES.replace("name: out, ", "")
    case = "- {packet: 'tcp 10.1.4.23 > 9.9.9.9:%s', stateful: {rule: known}}"
    assert told(only(tmp_path, case % 80, rules)) == ["stateful rule: expected known, is 4 of forward"]
    case = "- {packet: 'tcp 9.9.9.9 > 10.1.4.23:80', stateful: {rule: known}}"
    assert told(only(tmp_path, case)) == ["stateful rule: expected known, is policy of forward"]
