"""Statements that do little or nothing where they stand: nft loads them; Linux and the simulator agree on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fwsim.kernel import KernelFirewall
from fwsim.parity import standing_still
from fwsim.ruleset import Ruleset
from fwsim.simulator import Simulator
from tests.kernel_stage import needs_kernel
from tests.parity.cases import Source, compared

pytestmark = pytest.mark.kernel

RULES: list[dict[str, Any]] = [
    {"name": "to all", "helper": "ftp"},
    {"name": "to udp", "proto": "udp", "helper": "ftp"},
    {"name": "late", "notrack": True},
    {"name": "was invalid", "ct_state": "untracked", "verdict": "accept"},
    {"name": "known", "ct_state": ["new", "established", "related"], "verdict": "accept"},
]
INTERFACES = {"lan": {"networks": ["10.1.0.0/16", "fd00:1::/64"]}, "wan": {"networks": ["any"]}}


@pytest.mark.parametrize("source", [Source("1/0", fuzzed=4000), Source("ack-scan.pcapng")], ids=lambda one: one.file)
def test_a_helper_without_tcp_and_a_late_notrack_are_what_linux_makes_of_them(source: Source, tmp_path: Path) -> None:
    needs_kernel()
    chains = {"forward": {"hook": "forward", "policy": "drop", "rules": RULES}}
    document = {"interfaces": INTERFACES, "conntrack": {"tcp_loose": False}, "chains": chains}
    rules = standing_still(Ruleset.model_validate(document))
    simulator = Simulator(rules, key=1)
    with KernelFirewall(rules, topology=simulator.topology) as kernel:
        comparison = compared(source.captures(tmp_path), simulator, kernel)
    assert comparison.differences == []
    labels = [rule.label for rule in simulator.lowered["stateful"].rules]
    assert simulator.stateful.mode.course.memory.hits[labels.index("was invalid")] > 0
