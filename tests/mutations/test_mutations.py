"""The suite notices when a rule of the engine is changed: each mutant makes some test fail, by an assertion.

No kernel is asked. Each mutant is met by a part of the suite that is chosen by its module, in a process of its own,
uncompiled; that part passes when nothing is changed.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mutations.forking import forking, run_pytest
from tests.mutations.mutant import Mutant
from tests.mutations.planting import PLANT, REPORT
from tests.mutations.tcp_mutants import TCP_MUTANTS
from tests.mutations.tracking_mutants import TRACKING_MUTANTS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
MUTANTS = TCP_MUTANTS + TRACKING_MUTANTS

TCP_SUITE = (
    "unit/test_tcp.py", "unit/test_tcp_table.py", "unit/test_tcp_reset.py", "unit/test_tcp_window.py",
    "unit/test_tcp_timers.py", "scenarios/test_tcp_open.py", "scenarios/test_tcp_close.py",
    "scenarios/test_tcp_reset.py", "scenarios/test_tcp_window.py",
)  # fmt: skip
TRACKING_SUITE = (
    "unit/test_conntrack.py", "unit/test_datagram.py", "unit/test_icmp.py", "scenarios/test_udp.py",
    "scenarios/test_icmp.py", "scenarios/test_naive_mistakes.py", "scenarios/test_table.py",
)  # fmt: skip
SUITES = {
    "tcp": TCP_SUITE,
    "tcp_table": ("unit/test_tcp_table.py", "unit/test_tcp.py"),
    "tcp_window": (
        "unit/test_tcp_window.py",
        "unit/test_tcp.py",
        "unit/test_tcp_timers.py",
        "scenarios/test_tcp_window.py",
    ),
    "tcp_reset": ("unit/test_tcp_reset.py", "unit/test_tcp.py", "scenarios/test_tcp_reset.py"),
    "tcp_timers": ("unit/test_tcp_timers.py", "unit/test_tcp.py", "unit/test_tcp_reset.py"),
    "datagram": ("unit/test_datagram.py", "scenarios/test_udp.py", "scenarios/test_udplite.py"),
    "conntrack": TRACKING_SUITE,
    "settled": TRACKING_SUITE,
    "icmp": ("unit/test_icmp.py", "scenarios/test_icmp_related.py", "scenarios/test_icmpv6.py"),
    "expiry": ("unit/test_expiry.py", "scenarios/test_table.py"),
    "tuples": ("unit/test_tuples.py", "unit/test_conntrack.py"),
}
"""The tests that meet the mutants of a module, those that are likely to notice first."""

ENVIRONMENT = {"NUMBA_DISABLE_JIT": "1", "HYPOTHESIS_PROFILE": "short", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
REMOVED = ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_CURRENT_TEST")
"""What the process that runs this test has in its environment, and the one that it starts must not have."""


def source_of(module: str) -> str:
    return (ROOT / "fwsim" / "engine" / f"{module}.py").read_text()


@dataclass
class Run:
    """What came of a part of the suite."""

    status: int
    loaded: bool
    failures: list[tuple[str, str, bool]]
    output: str


def run_suite(module: str, old: str, new: str, folder: Path) -> Run:
    """Run the suite of a module in which `old` reads `new`, until a test fails."""
    report, output = folder / "report.json", folder / "output"
    environment = {key: value for key, value in os.environ.items() if key not in REMOVED} | ENVIRONMENT
    environment |= {PLANT: json.dumps([f"fwsim.engine.{module}", old, new]), REPORT: str(report)}
    plugins = ["-p", "tests.mutations.planting", "-p", "no:cacheprovider"]
    paths = [f"tests/{path}" for path in SUITES[module]]
    process = forking().Process(target=run_pytest, args=(ROOT, environment, ["-x", "-q", *plugins, *paths], output))
    process.start()
    process.join(120)
    status = process.exitcode
    if status is None:
        process.kill()
        process.join()
    text = output.read_text(errors="replace")[-4000:]
    assert status is not None, f"has not ended within 120 s\n{text}"
    assert report.exists(), text
    said = json.loads(report.read_text())
    return Run(status, said["loaded"], [tuple(failure) for failure in said["failures"]], text)


@pytest.mark.parametrize("module", SUITES)
def test_the_unchanged_engine_passes_the_suite_that_meets_its_mutants(module: str, tmp_path: Path) -> None:
    run = run_suite(module, "def ", "def ", tmp_path)
    assert run.loaded
    assert (run.status, run.failures) == (pytest.ExitCode.OK, []), run.output


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.module}-{mutant.name}")
def test_a_mutant_is_caught(mutant: Mutant, tmp_path: Path) -> None:
    assert source_of(mutant.module).count(mutant.old) == 1, "the rule is written otherwise now: adapt the mutant"
    run = run_suite(mutant.module, mutant.old, mutant.new, tmp_path)
    assert run.loaded
    assert run.status == pytest.ExitCode.TESTS_FAILED, f"nobody misses the rule {mutant.rule}\n{run.output}"
    test, exception, by_assertion = run.failures[0]
    assert by_assertion, f"{test} failed by {exception}, not by an assertion\n{run.output}"


def test_there_are_thirty_mutants_in_the_three_trackers() -> None:
    count = Counter(mutant.module for mutant in MUTANTS)
    assert count["tcp"] + count["datagram"] + count["conntrack"] >= 30
    assert set(count) == set(SUITES)
    assert len({(mutant.module, mutant.name) for mutant in MUTANTS}) == len(MUTANTS)
