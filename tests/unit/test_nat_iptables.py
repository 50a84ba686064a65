"""Random rulesets of iptables that translate."""

from __future__ import annotations

import io
from random import Random

from fwsim.fuzz.nat.iptables import saved
from fwsim.ruleset import load_ruleset


def test_every_ruleset_is_read_without_a_mistake() -> None:
    for number in range(60):
        text = saved(Random(number))
        tables = load_ruleset(io.StringIO(text)).netfilter.tables
        assert {chain.kind for table in tables for chain in table.chains.values()} == {"nat", "filter"}


def test_ports_are_translated_only_behind_a_protocol() -> None:
    rules = [line for number in range(100) for line in saved(Random(number)).splitlines() if "-j" in line]
    assert any("--to-ports" in line for line in rules)
    assert all("-p " in line for line in rules if "--to-ports" in line or "--to-destination :" in line)
