"""What could not be read causes no further complaints."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest

from fwsim.errors import RulesetError
from fwsim.ruleset import load_ruleset


def problems(source: str, **options: Mapping[str, str]) -> list[str]:
    """The problems of a ruleset, without the name of the file."""
    with pytest.raises(RulesetError) as caught:
        load_ruleset(io.StringIO(source), **options)  # type: ignore[arg-type]
    return [str(problem).removeprefix("<input>:") for problem in caught.value.problems]


def test_a_value_that_could_not_be_read_causes_no_further_complaints() -> None:
    source = """\
interfaces: {lan: {networks: [10.0.0.0/99]}, wan: 5}
sets: {a: [10.0.0.1, "!x"]}
rules:
  - {iif: lan, oif: wan, src: "@a", proto: tpc, dport: 80}
  - {proto: tcp, dport: "@a", verdict: rejct, reject_with: tcp-reset}
  - {family: ipv5, reject_with: icmp-port-unreachable, verdict: reject}
  - {verdict: jump broken}
chains:
  broken: 7
  other: {hook: nowhere, policy: drop}
"""
    assert [line.split(": ")[0] for line in problems(source)] == [
        "1:31",
        "1:51",
        "2:22",
        "4:44",
        "5:40",
        "6:14",
        "9:11",
        "10:17",
    ]
