"""Findings on rulesets of others: whatever they hold, they are checked, and what is told is confirmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.checking import Kind
from fwsim.checking.findings import findings_of
from fwsim.errors import FwsimError
from fwsim.ruleset import load_ruleset

RULESETS = Path(__file__).parent.parent.parent.parent / "shared" / "corpus" / "rulesets"
EVERY = 13
"""One of so many files is checked."""


@pytest.mark.corpus
def test_rulesets_of_others_are_checked_and_their_findings_confirmed() -> None:
    files = sorted(path for path in RULESETS.rglob("*") if path.is_file())[::EVERY]
    if not files:
        pytest.skip("the corpus is not beside the checkout: no rulesets")
    checked = doubted = told = 0
    for path in files:
        try:
            ruleset = load_ruleset(str(path))
        except FwsimError:
            continue  # not every file is a ruleset
        found = findings_of(ruleset, str(path))
        checked += 1
        told += sum(one.packet is not None for one in found)
        doubted += sum(one.kind == Kind.UNKNOWN and "engine" in one.what for one in found)
        assert len({one.fingerprint for one in found}) == len(found)
    assert checked > len(files) // 2
    assert told > 10 * doubted
