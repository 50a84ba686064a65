"""Which packets `-w` writes."""

from __future__ import annotations

import numpy as np

from fwsim.cli.options import SelectionOptions
from fwsim.cli.showing import written
from fwsim.terms import Verdict
from tests.batches import batch

ALL = SelectionOptions(None, None, None)
SOME = SelectionOptions("n>1", None, None)


def test_a_comparison_writes_what_differs_unless_something_is_selected() -> None:
    both = batch({}, {}, {}, stateful=[{}, {"verdict": Verdict.DROP}, {}])
    assert written(both, slice(None), ALL, ("stateless", "stateful")).tolist() == [1]
    assert written(both, np.array([0, 2]), SOME, ("stateless", "stateful")).tolist() == [0, 2]


def test_with_decisions_as_comments_all_are_written() -> None:
    both = batch({}, {}, stateful=[{}, {"verdict": Verdict.DROP}])
    assert written(both, slice(None), ALL, ("stateless", "stateful"), annotated=True).tolist() == [0, 1]


def test_a_replay_writes_what_is_selected() -> None:
    both = batch({}, {}, stateful=[{}, {"verdict": Verdict.DROP}])
    assert written(both, slice(None), ALL, ("stateful",)).tolist() == [0, 1]
    assert written(both, np.array([1]), SOME, ("stateful",)).tolist() == [1]
