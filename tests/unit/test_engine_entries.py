"""The groups of tables by key: what is in them can be handed to hot code."""

from __future__ import annotations

import numpy as np

from fwsim.engine import entries
from fwsim.engine.entries import Keyed, KeyedRules
from fwsim.engine.tuples import Tracker
from tests.keeping_by_key import Keeper


def test_kinds_of_use_are_told_apart() -> None:
    kinds = [value for name, value in vars(entries).items() if name.startswith("K_")]
    assert sorted(kinds) == list(range(10))


def test_a_run_has_all_tables() -> None:
    firewall = Keeper()
    keyed, rules = firewall.memory.keyed, firewall.lowered.program.keyed
    assert isinstance(keyed, Keyed)
    assert isinstance(rules, KeyedRules)
    assert all(isinstance(part, np.ndarray | Tracker) for part in (*keyed, *rules))
