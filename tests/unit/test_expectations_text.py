"""What came of expectations, for people."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.expectations.text import points_of, text_of
from tests.expecting import run, write

CASES = """\
- {name: web, packet: "tcp 10.1.4.23 > 9.9.9.9:80", verdict: accept, points: 2}
- {name: ident, packet: "tcp 10.1.4.23 > 9.9.9.9:113", verdict: reject, rule: out, points: 1}
- {name: other, packet: "tcp 10.1.4.23 > 9.9.9.9:81", verdict: accept}
"""


def test_failures_are_told_with_their_line_and_what_decided_then_the_sum_and_the_rules_not_reached(
    tmp_path: Path,
) -> None:
    report = run(tmp_path, CASES)
    path = tmp_path / "small.fwsim.yaml"
    lines = text_of(report).splitlines()
    assert lines[:5] == [
        str(path),
        "  FAIL  ident  (0 of 1 points)",
        f"        {path}:4: 10.1.4.23:40000 > 9.9.9.9:113 [S] seq 0 win 64240 length 0",
        "          stateless rule: expected out, is ident",
        "          stateful rule: expected out, is ident",
    ]
    assert any(line.strip().startswith('STATEFUL  reject, by rule "ident" (line 13)') for line in lines)
    rules = tmp_path / "small.yaml"
    assert lines[-5:] == [
        "2 of 3 cases passed, 1 failed; 2 of 3 points",
        f"{rules}: 2 of 4 rules reached (50 %), and 0 of 1 policy",
        f'  not reached: "known" ({rules}:11)',
        f'  not reached: "broken" ({rules}:12)',
        f"  not reached: policy of forward ({rules}:9)",
    ]


def test_verbose_tells_what_passed_and_quiet_only_the_sum(tmp_path: Path) -> None:
    report = run(tmp_path, CASES)
    assert "  pass  web  (2 of 2 points)\n" in text_of(report, verbose=True)
    assert text_of(report, quiet=True) == "2 of 3 cases passed, 1 failed; 2 of 3 points\n"


def test_a_report_without_failures_names_no_file(tmp_path: Path) -> None:
    text = text_of(run(tmp_path, '- {packet: "tcp 10.1.4.23 > 9.9.9.9:80", verdict: accept}'))
    assert text.startswith("1 of 1 case passed\n")


def test_many_rules_that_are_not_reached_are_cut_short(tmp_path: Path) -> None:
    rules = "policy: drop\nrules:\n" + "".join(
        f"  - {{dport: {port}, proto: tcp, verdict: accept}}\n" for port in range(1, 31)
    )
    text = text_of(run(tmp_path, '- {packet: "tcp 10.1.4.23 > 9.9.9.9:80", verdict: drop}', rules))
    assert text.count("not reached: ") == 20
    assert text.endswith("  and 10 more\n")


def test_the_same_cases_give_the_same_text(tmp_path: Path) -> None:
    write(tmp_path, CASES)
    assert text_of(run(tmp_path, CASES)) == text_of(run(tmp_path, CASES))


@pytest.mark.parametrize(
    ("points", "text"), [(2, "2"), (2.5, "2.5"), (0.1 + 0.2, "0.3"), (123456.5, "123,456.5"), (0, "0")]
)
def test_points_are_written_without_needless_zeros(points: float, text: str) -> None:
    assert points_of(points) == text
