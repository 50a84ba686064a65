"""What is said about a run besides its figures."""

from __future__ import annotations

import shlex
from types import SimpleNamespace
from typing import Any, cast

import pytest

from fwsim.cli.runs import Run
from fwsim.cli.summing_up import explain_command, needed_text, unknowns_of
from tests.deciding import Wall
from tests.natted import Gateway
from tests.unit.test_cli_runs import inputs


def test_explain_command_repeats_everything_that_changes_a_verdict() -> None:
    given = inputs(
        captures=("a b.pcap", "c.pcap"), rules="r.yaml", stateless_rules="s.yaml", interfaces={"lan": "10.0.0.0/8"},
        local=("10.0.0.1",), settings={"conntrack.tcp_loose": "0"}, sysctl="sys", checksum="verify", seed=7,
    )  # fmt: skip
    assert explain_command(given) == (
        "fwsim explain 'a b.pcap' c.pcap -r r.yaml --stateless-rules s.yaml --interface lan=10.0.0.0/8 "
        "--local 10.0.0.1 --set conntrack.tcp_loose=0 --sysctl sys --checksum verify"
    )
    named = explain_command(inputs(named=(("wan", "x;y"),), rules=None))
    assert shlex.split(named) == ["fwsim", "explain", "--in", "wan=x;y"]


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({"rules": "r.yaml"}, ("r.yaml", "r.yaml")),
        ({"rules": "r.yaml", "stateless_rules": "-"}, ("r.yaml", "standard input")),
        ({"rules": None}, ("guessed", "guessed")),
    ],
)
def test_rules_that_something_hangs_on_are_named_with_the_file_of_their_mode(
    given: dict[str, Any], paths: tuple[str, str]
) -> None:
    simulator = Wall([{"limit": "1/second", "verdict": "accept"}]).simulator
    run = SimpleNamespace(inputs=inputs(**given), modes=("stateful",), simulator=simulator, naming=None)
    counted = unknowns_of(cast(Run, run))
    assert (counted.paths["stateful"], counted.paths["stateless"]) == paths
    assert counted.limited == {"stateful": {0}, "stateless": {0}}


def test_what_translation_lacks_is_told_of_the_first_rule() -> None:
    assert needed_text(Gateway().simulator) == ""
    text = needed_text(Gateway(own=[]).simulator)
    assert text.startswith("redirect (line 5) needs the firewall's own address on lan, which is not known: --local")
    assert text.endswith("(and so do 2 other rules)")
