"""Captures made from a ruleset's own rules."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from fwsim.capture import Input, open_captures
from fwsim.fuzz.from_rules import packets_from, places_for, write_packets
from fwsim.result import Result
from fwsim.ruleset import Ruleset
from fwsim.simulator import Simulator

RULES: dict[str, Any] = {
    "chains": {
        "forward": {"hook": "forward", "policy": "drop", "rules": [
            {"ct_state": ["established", "related"], "verdict": "accept"},
            {"ct_state": "invalid", "verdict": "drop"},
            {"iif": "eth1", "oif": "eth0", "dst": "192.0.2.0/24", "proto": "tcp", "dport": "1-99", "verdict": "accept"},
            {"dst": "!192.0.2.0/24", "proto": "udp", "length": "60-70", "verdict": "jump more"},
            {"proto": "icmp", "icmp_type": "echo-request", "verdict": "accept"},
        ]},
        "more": {"rules": [
            {"ttl": 33, "verdict": "accept"},
            {"dscp": 9, "src": "10.0.0.0/8", "verdict": "reject"},
            {"ttl": "40-50", "verdict": "drop"},
        ]},
        "input": {"hook": "input", "rules": [{"iif": "lo", "verdict": "accept"}, {"iif": "eth1", "verdict": "drop"}]},
        "output": {"hook": "output", "rules": [{"oif": "eth0", "proto": "tcp", "verdict": "reject"}]},
    }
}  # fmt: skip


def written(seed: int, count: int, **rules: Any) -> bytes:
    netfilter = Ruleset.model_validate(rules or RULES).netfilter
    target = io.BytesIO()
    assert write_packets(target, netfilter, places_for(netfilter), seed, count) == count
    return target.getvalue()


def test_equal_seeds_give_equal_bytes_and_others_do_not() -> None:
    assert written(1, 200) == written(1, 200)
    assert written(1, 200) != written(2, 200)


def test_every_rule_and_policy_decides_about_some_packet(tmp_path: Path) -> None:
    ruleset = Ruleset.model_validate(RULES)
    path = tmp_path / "made.pcapng"
    path.write_bytes(written(3, 500))
    places = places_for(ruleset.netfilter)
    simulator = Simulator(ruleset, interfaces=places.interfaces, local=places.local, key=1)
    hits: set[int] = set()
    policies: set[int] = set()
    for batch in Result(open_captures([Input(str(path))]), simulator):
        hits.update(batch.stateful["rule"].tolist())
        policies.update(batch.stateful["chain"][batch.stateful["rule"] == -2].tolist())
    rules = simulator.lowered["stateful"].rules
    assert {rule.number for rule in rules} - hits == {3}  # which only jumps
    assert len(policies) == 3


@pytest.mark.parametrize(
    "rules", [{"policy": "accept"}, {"policy": "drop", "rules": [{"iif": "x", "verdict": "drop"}]}]
)
def test_the_smallest_ruleset_has_packets_too(rules: dict[str, Any]) -> None:
    written(1, 50, **rules)


def test_rules_that_nothing_can_meet_end() -> None:
    netfilter = Ruleset.model_validate(
        {"rules": [{"ttl": 0, "length": 5, "verdict": "drop"}], "policy": "drop"}
    ).netfilter
    assert len(list(packets_from(netfilter, places_for(netfilter), 1, 100))) <= 100
