"""What must fit together in a file of expectations."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.expectations.reading import read_expectations
from tests.expecting import write

SYN = "tcp 10.1.0.5 > 9.9.9.9:443"

MISTAKES = [
    (f"- {{packet: {SYN}}}", "nothing is expected"),
    ("- {verdict: drop}", "found none of them"),
    (f"- {{packet: {SYN}, select: evidence, verdict: drop}}", "found 'packet' and 'select'"),
    (f"- {{packet: {SYN}, verdict: drop, count: 3}}", "'count' belongs to a case with 'select'"),
    (f"- {{packet: {SYN}, verdict: drop, capture: a}}", "'capture' belongs to a case with 'select'"),
    ("- {select: evidence}", "nothing is expected: expected a verdict, or 'stateless' and 'stateful', or 'count'"),
    ("- {select: evidence, verdict: drop}", "nothing to select from"),
    ("- {select: evidence, verdict: drop, capture: a, time: 0}", "a capture has times of its own"),
    ("- {packet: reply ack, verdict: drop}", "nobody has spoken yet"),
    (f"- {{packet: {SYN}, stateless: accept, stateful: drop, rule: a}}", "the modes differ"),
    ("- {conversation: [], verdict: drop}", "the conversation ends without an expectation"),
    (f"- {{conversation: [{SYN}, reply ack]}}", "the conversation ends without an expectation"),
    (f"- {{conversation: [{SYN}, {{packet: reply ack, verdict: drop}}, original]}}", "ends without an expectation"),
    (f"- {{conversation: [{SYN}, {{after: 3}}], verdict: drop}}", "a step needs one of 'packet' and 'connection'"),
    (f"- {{conversation: [{{packet: {SYN}, after: 3, at: 4}}], verdict: drop}}", "exclude each other"),
    (f"- {{conversation: [{{packet: {SYN}, every: 3}}], verdict: drop}}", "'every' belongs to 'repeat'"),
    (f"- {{conversation: [{SYN}, {{connection: absent, repeat: 3}}], verdict: drop}}", "only packets are repeated"),
    ("- {conversation: [{connection: absent}], verdict: drop}", "nobody has spoken yet"),
    (f"- {{conversation: [{SYN}, {{connection: absent, verdict: drop}}]}}", "a look at the connection has no verdict"),
    (f"- {{conversation: [{{packet: {SYN} lost, verdict: drop}}, original], verdict: drop}}", "gets no verdict"),
    (f"- {{conversation: [{SYN}, original lost], verdict: drop}}", "ends without an expectation"),
    (f"- {{conversation: [{SYN}, reply echo-reply], verdict: drop}}", "unknown word 'echo-reply'"),
    (
        f"- {{conversation: [{SYN}, icmp 9.9.9.1 > 10.1.0.5 time-exceeded about reply], verdict: drop}}",
        "no such packet before it",
    ),
    (f"- {{name: a, packet: {SYN}, verdict: drop}}\n" * 2, "the name 'a' is repeated, line 3 has it too"),
]


@pytest.mark.parametrize(("cases", "message"), MISTAKES, ids=[message for _, message in MISTAKES])
def test_what_does_not_fit_is_refused(tmp_path: Path, cases: str, message: str) -> None:
    with pytest.raises(RulesetError) as refused:
        read_expectations(str(write(tmp_path, cases)))
    assert [message in str(problem) for problem in refused.value.problems] == [True]


@pytest.mark.parametrize(
    "cases",
    [
        f"- {{packet: {SYN}, stateful: drop}}",
        f"- {{packet: {SYN}, evidence: none}}",
        "- {select: evidence, count: 0, capture: a}",
        f"- {{conversation: [{SYN}, reply ack, {{connection: absent}}]}}",
        f"- {{conversation: [{SYN}, {{packet: reply rst, verdict: drop}}]}}",
        f"- {{conversation: [{SYN} lost, reply syn-ack], verdict: drop}}",
        f"- {{conversation: [{SYN}, icmp 9.9.9.1 > 10.1.0.5 time-exceeded about original, reply], verdict: drop}}",
        f"- {{packet: {SYN}, verdict: drop}}\n" * 2,
    ],
)
def test_what_fits_is_read(tmp_path: Path, cases: str) -> None:
    assert read_expectations(str(write(tmp_path, cases))).cases
