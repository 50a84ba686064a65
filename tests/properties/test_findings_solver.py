"""Findings on rulesets with values of any width, with a solver as judge (`pip install z3-solver`)."""

from __future__ import annotations

from random import Random

import pytest

from fwsim.checking.ground import Ground
from fwsim.checking.removing import Removing
from fwsim.checking.unreachable import Reaching
from fwsim.lower import lower
from fwsim.ruleset import Ruleset
from tests.finding_rules import INTERFACES, Json, document

z3 = pytest.importorskip("z3", reason="z3-solver is not installed: the test extra has it")

from tests import finding_solver  # noqa: E402


def check(chains: Json) -> tuple[int, int]:
    """Compare; how many rules never apply, and how many are redundant."""
    reaching = Reaching(Ground(lower(Ruleset.model_validate({"chains": chains}), interfaces=INTERFACES)))
    never = {one.rule for one in reaching.unreachable()}
    removing = Removing(reaching)
    redundant = {one.rule for one in removing.redundant()}
    assert not reaching.open
    assert not removing.open
    assert never == finding_solver.never_applying(chains)
    assert redundant == finding_solver.redundant(chains)
    return len(never), len(redundant)


@pytest.mark.parametrize("seed", range(40))
def test_a_solver_finds_the_same_rules(seed: int) -> None:
    check(document(Random(seed), wide=True))
