"""Names of rules and chains that no ruleset has."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.expectations.preparing import Overrides
from fwsim.expectations.suites import run_files
from tests.expecting import RULES, only, told, write

PACKET = "packet: 'tcp 10.1.4.23 > 9.9.9.9:80'"


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ("rule: outt", r"3:\d+: no rule is called 'outt', did you mean 'out'\?"),
        ("rule: [zzz, yyy]", "no rule is called 'zzz', expected broken, ident, known, none, out, policy"),
        ("rule: 4", "no rule is called '4': expected 'out', as that rule has a name"),
        ("rule: 9", "no rule is called '9', by its place"),
        ("chain: forwrd", "no chain is called 'forwrd', did you mean 'forward'"),
        ("stateful: {verdict: accept, rule: knwon}", "did you mean 'known'"),
    ],
)
def test_a_name_that_no_rule_has_is_a_mistake_in_the_file(tmp_path: Path, expected: str, message: str) -> None:
    with pytest.raises(RulesetError, match=message):
        only(tmp_path, f"- {{{PACKET}, {expected}}}")


def test_names_in_steps_are_looked_at_too_and_all_mistakes_are_told(tmp_path: Path) -> None:
    steps = "[{packet: 'tcp 10.1.4.23 > 9.9.9.9:80', rule: outt}, {packet: reply syn-ack, stateful: {rule: knwon}}]"
    with pytest.raises(RulesetError) as refused:
        only(tmp_path, f"- {{conversation: {steps}, verdict: accept, chain: forwards}}")
    assert [problem.what.split(",")[0] for problem in refused.value.problems] == [
        "no rule is called 'outt'", "no rule is called 'knwon'", "no chain is called 'forwards'",
    ]  # fmt: skip


def test_one_of_several_alternatives_is_enough(tmp_path: Path) -> None:
    assert told(only(tmp_path, f"- {{{PACKET}, verdict: accept, rule: [formerly, out]}}")) == []


def test_another_ruleset_may_have_other_names(tmp_path: Path) -> None:
    path = write(tmp_path, f"- {{{PACKET}, verdict: accept, rule: out}}")
    (tmp_path / "new.yaml").write_text(RULES.replace("name: out", "name: renamed"))
    report = run_files([str(path)], Overrides(rules=str(tmp_path / "new.yaml")))
    assert [one.outcome.value for one in report.results] == ["failed"]


def test_rules_without_names_go_by_their_places_and_chains_without_their_tables(tmp_path: Path) -> None:
    rules = "table inet t {\n\tchain f {\n\t\ttype filter hook forward priority 0;\n\t\ttcp dport 80 drop\n\t}\n}\n"
    for expected in ("rule: 1, chain: f", "rule: 1, chain: inet t f"):
        assert told(only(tmp_path, f"- {{{PACKET}, verdict: drop, {expected}}}", rules)) == []
