"""The rulesets that loading is measured with: the same rules in the words of every format."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.lower import lower
from fwsim.ruleset import load_ruleset
from tests.bench.loading import load
from tests.bench.rulesets import WRITERS, drawn


@pytest.mark.parametrize("form", WRITERS)
def test_each_format_says_all_rules_and_is_simulated_whole(form: str) -> None:
    rules = drawn(300)
    wanted: dict[str, list[str]] = {}
    for rule in rules:
        wanted.setdefault(rule.chain, []).append(rule.name)
    ruleset = load_ruleset(io.StringIO(WRITERS[form](rules)))
    lowered = lower(ruleset, interfaces=list(ruleset.interfaces))
    found: dict[str, list[str | None]] = {}
    for info in lowered.rules:
        found.setdefault(lowered.chains[info.chain].name.split()[-1].lower(), []).append(info.name)
    assert found == wanted
    assert not any(info.not_simulated for info in lowered.rules)


@pytest.mark.parametrize("form", WRITERS)
def test_what_is_measured_reads_each_format(form: str, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.write_text(WRITERS[form](drawn(300)))
    load(str(rules))
    rules.write_text("chains: 5")
    with pytest.raises(RulesetError):
        load(str(rules))
