"""Attacks of every family: the running kernel admits the same forged packets as the simulator, in its variants."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest

from fwsim.attack import ground
from fwsim.attack.lab import Place, attack
from fwsim.attack.measuring import names
from fwsim.attack.model import Order
from fwsim.attack.registry import FAMILIES, ordered
from fwsim.attack.variants import RUNS, Run
from fwsim.capture import Input, open_captures
from fwsim.errors import UsageError
from fwsim.exporting.stateless import Choices, stateless_twin
from fwsim.exporting.yaml_ruleset import ruleset_of
from fwsim.kernel import KernelFirewall
from fwsim.result import compare
from fwsim.ruleset import Ruleset, load_ruleset, to_yaml
from fwsim.simulator import Simulator
from fwsim.topology.declared import declared_interfaces, declared_local
from tests.kernel_stage import needs_kernel
from tests.parity.cases import RULES, compared

SMALL = "small"
"""A table with few places: the kernel's is the host's in every network namespace, so it cannot be asked about this."""
FEW = {"count": "20", "victims": "3"}


def orders() -> list[Order]:
    """Every family in every style but sweeps."""
    found = []
    for name in names(()):
        known = {option.name for option in FAMILIES[name.partition(":")[0]].options}
        found.append(ordered(name, None, {key: value for key, value in FEW.items() if key in known}))
    return found


def attacked(ruleset: Any, folder: Path) -> list[Input]:
    """The invented office of a ruleset, attacked by all families that find something to attack."""
    networks = {name: list(behind.networks) for name, behind in declared_interfaces(ruleset, {}).items()}
    own = declared_local(ruleset, ())
    networks = {name: list(found) for name, found in ground.declared(networks, own).items()}
    honest, path = str(folder / "honest.pcapng"), str(folder / "attacked.pcapng")
    ground.write(honest, ground.ground(networks, "0", own, 1), list(networks))
    place = Place([Input(honest)], networks, own)
    possible = []
    for order in orders():
        try:
            attack([order], place, path)
        except UsageError:
            continue
        possible.append(order)
    assert len(possible) > 40
    attack(possible, place, path)
    return [Input(path)]


def supported() -> list[Run]:
    """The variants that are measured, without what a network namespace cannot be."""
    return [run for run in RUNS if SMALL not in {column.name for column in run.columns}]


def test_all_variants_but_the_small_table_are_compared() -> None:
    names_left = {column.name for run in RUNS if run not in supported() for column in run.columns}
    assert names_left == {SMALL}


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize("name", ["office", "v6-router", "host"])
def test_the_running_kernel_admits_the_same_forged_packets(name: str, tmp_path: Path) -> None:
    needs_kernel()
    source = load_ruleset(str(RULES / f"{name}.yaml"))
    captures = attacked(source, tmp_path)
    for run in supported():
        ruleset = run.changed(source)
        simulator = Simulator(ruleset, key=4711, host=run.machine())
        with KernelFirewall(ruleset, topology=simulator.topology) as kernel:
            comparison = compared(open_captures(captures), simulator, kernel)
        assert [(one.number, one.fields, one.words) for one in comparison.differences] == [], run.columns
        assert comparison.compared.total() > 1000


def without_limits(name: str) -> Ruleset:
    """A ruleset of the repository whose rules do not count: the twin cannot ask a limit about a mirror image."""
    text = (RULES / f"{name}.yaml").read_text()
    return load_ruleset(io.StringIO(re.sub(r", limit: (\{[^}]*\}|[^,}]+)", "", text)))


@pytest.mark.kernel
@pytest.mark.slow
@pytest.mark.parametrize("name", ["office", "v6-router"])
@pytest.mark.parametrize("replies", ["ack-or-rst", "any", "never"])
def test_the_stateless_twin_as_rules_of_the_running_kernel_admits_the_same_forged_packets(
    name: str, replies: str, tmp_path: Path
) -> None:
    """The kernel has no twin: it is given the rules that the twin is written as, which decide as the mode does."""
    needs_kernel()
    source = without_limits(name)
    choices = source.stateless.model_copy(update={"replies": replies})
    source = source.model_copy(update={"stateless": choices})
    twin = stateless_twin(source.netfilter, Choices(replies, source.stateless.icmp_errors))
    written = load_ruleset(io.StringIO(to_yaml(ruleset_of(twin, source, stateless=True))))
    captures = attacked(source, tmp_path)
    simulator = Simulator(written, key=4711)
    with KernelFirewall(written, topology=simulator.topology) as kernel:
        comparison = compared(open_captures(captures), simulator, kernel)
    assert [(one.number, one.fields, one.words) for one in comparison.differences] == []
    assert comparison.compared.total() > 1000
    mode, rules = (compare([captures[0].path], one, key=4711).decisions for one in (source, written))
    assert (mode["stateless"]["verdict"] == rules["stateful"]["verdict"]).all()
