"""Rulesets that options name."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest

from fwsim.cli.loading import load
from fwsim.errors import RulesetError
from tests.unit.test_cli_runs import inputs

RULES = "chains: {forward: {hook: forward, policy: drop, rules: [{iif: lan, verdict: accept}]}}\n"


def test_options_add_interfaces_settings_and_own_addresses() -> None:
    given = inputs(interfaces={"lan": "10.0.0.0/8,fd00::/8"}, settings={"conntrack.max": "7"}, local=("10.0.0.1",))
    ruleset = load(given, io.StringIO(RULES))
    assert [network.source for network in ruleset.interfaces["lan"].networks or ()] == ["10.0.0.0/8", "fd00::/8"]
    assert ruleset.conntrack.max == 7
    assert ruleset.local.v4 == ((0x0A000001, 0x0A000001),)


def test_a_setting_that_there_is_not_is_refused() -> None:
    with pytest.raises(RulesetError, match=r"conntrack\.mux"):
        load(inputs(settings={"conntrack.mux": "7"}), io.StringIO(RULES))


def test_checking_a_ruleset_needs_nothing_that_runs_it() -> None:
    program = (
        "import sys, fwsim.cli.loading, fwsim.checking; print([*filter(lambda name: name in sys.modules, sys.argv)])"
    )
    names = ("fwsim.simulator", "fwsim.capture", "fwsim.engine.pipeline", "fwsim.report.tally", "scapy")
    done = subprocess.run([sys.executable, "-c", program, *names], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
