"""Packets and conversations, played."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.expectations.results import Outcome
from tests.expecting import RULES, only, run, told

BLIND = """\
- conversation:
    - tcp 10.1.4.23:51822 > 203.0.113.80:443 handshake
    - packet: reply rst seq=+1000000
      stateful: {verdict: drop, rule: broken, ct_state: invalid, reason: tcp-seq-over}
      stateless: {verdict: accept, mirror: true}
    - connection: {state: ESTABLISHED, assured: true, seen_reply: true, timeout: 432000}
    - packet: original close
      ct_state: established
    - connection: {state: TIME_WAIT, timeout: 2m}
  verdict: accept
"""


def test_a_conversation_passes_where_all_is_as_expected(tmp_path: Path) -> None:
    result = only(tmp_path, BLIND)
    assert told(result) == []
    assert (result.outcome, result.packets) == (Outcome.PASSED, 10)


@pytest.mark.parametrize(
    ("before", "after", "line", "difference"),
    [
        ("rule: broken", "rule: known", 5, "stateful rule: expected known, is broken"),
        ("mirror: true", "mirror: false", 5, "stateless mirror: expected false, is true"),
        ("state: ESTABLISHED", "state: [CLOSE, CLOSE_WAIT]", 8,
         "stateful connection: expected CLOSE or CLOSE_WAIT, is ESTABLISHED"),
        ("assured: true", "assured: false", 8, "stateful assured: expected false, is true"),
        ("timeout: 2m", "timeout: 1m", 11, "stateful timeout: expected 60 s, is 120 s"),
        ("{state: TIME_WAIT, timeout: 2m}", "absent", 11, "stateful connection: expected absent, is TIME_WAIT"),
        ("ct_state: established", "ct_state: new", 9, "stateful ct_state: expected new, is established"),
    ],
)  # fmt: skip
def test_what_is_otherwise_is_told_with_its_line(
    tmp_path: Path, before: str, after: str, line: int, difference: str
) -> None:
    result = only(tmp_path, BLIND.replace(before, after))
    assert told(result)[0] == difference
    assert result.failures[0].line == line
    assert result.outcome is Outcome.FAILED


def test_the_first_failure_is_explained_as_it_was_then(tmp_path: Path) -> None:
    result = only(tmp_path, BLIND.replace("rule: broken", "rule: known"))
    explanation = result.failures[0].explanation
    assert explanation.startswith("Packet 4  ")
    assert 'STATEFUL  drop, by rule "broken"' in explanation
    assert "STATELESS  accept, by the mirror" in explanation


def test_a_connection_that_there_is_not_can_be_expected(tmp_path: Path) -> None:
    case = "- conversation: [tcp 9.9.9.9 > 10.1.4.23:22, {connection: %s}]\n"
    assert told(only(tmp_path, case % "absent")) == []
    assert told(only(tmp_path, case % "present")) == ["stateful connection: expected present, is absent"]
    sctp = "- conversation: [sctp 10.1.4.23 > 9.9.9.9:36412 handshake, {connection: %s}]\n"
    assert told(only(tmp_path, sctp % "[ESTABLISHED]")) == []
    assert told(only(tmp_path, sctp % "present")) == []


def test_time_passes_where_it_is_said(tmp_path: Path) -> None:
    case = """\
    - conversation:
        - udp 10.1.4.23:5 > 9.9.9.9:53 len=30
        - {packet: reply, after: 29s, stateful: {verdict: accept, rule: known}}
        - {packet: reply, at: 3m, stateful: drop}
      verdict: accept
    """
    assert told(only(tmp_path, case)) == []
    assert told(only(tmp_path, case.replace("after: 29s", "after: 31s"))) != []


def test_time_does_not_go_back(tmp_path: Path) -> None:
    steps = "udp 10.1.4.23 > 9.9.9.9:53, {packet: original, after: 9}, {packet: reply, at: 3}"
    case = f"- {{conversation: [{steps}], verdict: accept}}"
    with pytest.raises(RulesetError, match=r"small\.fwsim\.yaml:3:\d+: it is 9 s by then already"):
        only(tmp_path, case)


@pytest.mark.parametrize("wait", ["after: 2147483647", "repeat: 9, every: 2147483647"])
def test_time_comes_to_an_end(tmp_path: Path, wait: str) -> None:
    steps = ", ".join([f"{{packet: tcp 10.1.4.23 > 9.9.9.9:53, {wait}}}"] * 4)
    with pytest.raises(RulesetError, match=r"small\.fwsim\.yaml:3:\d+: later than any capture can be"):
        only(tmp_path, f"- {{conversation: [{steps}], evidence: none}}")


def test_a_packet_may_be_repeated_in_time(tmp_path: Path) -> None:
    rules = RULES.replace("ct_state: new, verdict", "limit: {rate: 1/second, burst: 2}, verdict")
    case = """\
    - conversation:
        - {packet: "udp 9.9.9.9 > 10.1.4.23:1", stateful: drop, repeat: 2}
        - {packet: "tcp 10.1.4.23 > 9.9.9.9:%d", repeat: %d, every: %s, stateless: %s}
    """
    assert told(only(tmp_path, case % (80, 5, "1s", "accept"), rules)) == []
    result = only(tmp_path, case % (80, 5, "1ms", "accept"), rules)
    assert told(result) == ["stateless verdict: expected accept, is drop"] * 3


def test_failures_beyond_ten_are_counted(tmp_path: Path) -> None:
    case = "- {conversation: [{packet: 'tcp 9.9.9.9 > 10.1.4.23:22', repeat: 13}], verdict: accept}"
    result = only(tmp_path, case)
    assert (len(result.failures), result.more) == (10, 3)
    assert [bool(failure.explanation) for failure in result.failures] == [True] + [False] * 9


def test_rules_may_ask_for_the_time_of_day(tmp_path: Path) -> None:
    rules = (
        "table inet filter {\n\tchain forward {\n\t\ttype filter hook forward priority 0; policy drop;\n\t\t"
        'meta hour "09:00"-"17:00" accept\n\t}\n}\n'
    )
    case = "- {packet: 'tcp 10.1.4.23 > 9.9.9.9:80', time: '2026-03-02T%s:00', verdict: %s}\n"
    assert [told(result) for result in run(tmp_path, case % (12, "accept") + case % (22, "drop"), rules).results] == [
        [],
        [],
    ]


def test_an_unknown_verdict_is_told_apart_and_may_be_expected(tmp_path: Path) -> None:
    base = "type filter hook forward priority 0;"
    rules = f"table inet filter {{\n\tchain forward {{\n\t\t{base}\n\t\tmeta cpu 1 drop\n\t}}\n}}\n"
    case = "- {packet: 'tcp 10.1.4.23 > 9.9.9.9:80', verdict: %s}"
    assert only(tmp_path, case % "accept", rules).outcome is Outcome.UNKNOWN
    assert only(tmp_path, case % "[accept, unknown]", rules).outcome is Outcome.PASSED


def test_each_case_meets_a_firewall_that_has_seen_nothing(tmp_path: Path) -> None:
    cases = """\
    - {packet: "tcp 10.1.4.23:5 > 9.9.9.9:80", verdict: accept}
    - {packet: "tcp 9.9.9.9:80 > 10.1.4.23:5 syn-ack", stateful: drop}
    """
    assert [told(result) for result in run(tmp_path, cases).results] == [[], []]
