"""The rulesets that loading is measured with: the same rules in the words of every format."""

from __future__ import annotations

import io

import pytest

from fwsim.lower import lower
from fwsim.ruleset import load_ruleset
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
