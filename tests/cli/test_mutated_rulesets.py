"""Broken rulesets of every format through `fwsim check`: a status of the contract, mistakes with a place, no traceback.

`FWSIM_MUTATIONS` and `FWSIM_SEED` make other rounds of it.
"""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke
from tests.ruleset_mutations import SEEDS, mutated

ROUNDS = int(os.environ.get("FWSIM_MUTATIONS", "150"))
SEED = os.environ.get("FWSIM_SEED", "5")
LARGEST = 30_000
"""Bytes of the corpus' rulesets that are taken."""

FORMATS = [name for name in SEEDS if name != "ip-json"]
CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "rulesets"

PLACED = re.compile(r"error: \S+?:\d+:\d+: .")
WHOLE = re.compile(r"error: \S+: (?:is a|larger) ")
"""A mistake that concerns a file as a whole."""


def check(invoke: Invoke, path: Path) -> int:
    """The exit status for a file, whose mistakes have places."""
    done = invoke("check", path)
    assert done.status in (0, 2, 3)
    assert (done.status == 2) == bool(done.err) == (not done.out)
    for line in done.err.splitlines():
        assert PLACED.match(line) or WHOLE.match(line), line
    return done.status


def test_one_of_every_format_is_fine(invoke: Invoke, tmp_path: Path) -> None:
    for name in FORMATS:
        (tmp_path / name).write_bytes(SEEDS[name])
        assert check(invoke, tmp_path / name) in (0, 3), name


@pytest.mark.parametrize("name", FORMATS)
def test_a_mutated_ruleset_is_checked_or_refused(name: str, invoke: Invoke, tmp_path: Path) -> None:
    chance = random.Random(f"{SEED} {name}")
    path = tmp_path / "r"
    found = set()
    for _ in range(ROUNDS):
        path.write_bytes(mutated(SEEDS[name], chance))
        found.add(check(invoke, path))
    assert found >= {2}
    assert found & {0, 3}


@pytest.mark.corpus
def test_a_mutated_ruleset_of_others_is_checked_or_refused(invoke: Invoke, tmp_path: Path) -> None:
    files = [path for path in sorted(CORPUS.rglob("*")) if path.is_file() and path.stat().st_size < LARGEST]
    if not files:
        pytest.skip("the corpus is not there")
    chance = random.Random(SEED)
    path = tmp_path / "r"
    for _ in range(ROUNDS):
        path.write_bytes(mutated(chance.choice(files).read_bytes(), chance))
        check(invoke, path)
