"""What is kept of each frame: the kind of its decision, its connection, a digest of its translation."""

from __future__ import annotations

import numpy as np

from fwsim.baseline.deciders import Deciders
from fwsim.baseline.kinds import Kinds
from fwsim.baseline.rows import Rows, translations
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator
from fwsim.tables import DEPARTURE, LEFT, empty
from tests.batches import RULES, batch


def test_columns_are_of_one_mode() -> None:
    both = batch({}, {}, stateful=[{}, {"verdict": 1}])
    both.frames["connection"] = [7, -1]
    import io

    simulator = Simulator(load_ruleset(io.StringIO("rules: []\npolicy: accept")))
    deciders = Deciders([None] * len(RULES), [None])  # type: ignore[list-item]
    columns = {mode: Rows(mode, simulator, Kinds(deciders)).columns(both) for mode in ("stateless", "stateful")}
    assert columns["stateful"][0].tolist() == [0, 1]
    assert len(set(columns["stateless"][0].tolist())) == 1
    assert columns["stateful"][1].tolist() == [7, 0]
    assert columns["stateful"][2].tolist() == [0, 0]


def test_a_translation_has_a_digest_of_its_own() -> None:
    some = batch({}, {}, {}, {})
    table = empty(DEPARTURE, 4)
    table["left"] = [LEFT, LEFT, LEFT, 0]
    table["dst0"] = [5, 6, 5, 6]
    some.departures["stateful"] = table
    digests = translations(some, "stateful")
    assert digests[0] == digests[2] != digests[1]
    assert digests[3] == 0
    assert not np.any(translations(some, "stateless"))
