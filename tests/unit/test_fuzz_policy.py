"""The fuzzer's own ruleset loads, and tells every state of a packet apart."""

from __future__ import annotations

import io

from fwsim.fuzz.policy import EVERY_STATE
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator


def test_it_loads_and_needs_tracking() -> None:
    ruleset = load_ruleset(io.StringIO(EVERY_STATE))
    assert ruleset.all_chains["forward"].rules[0].name == "refused"
    assert Simulator(ruleset).lowered["stateful"].tracking
