"""The rulesets that people have, each with packets made from its own rules: the kernel's verdict, or unknown.

`--ruleset-report FILE` writes for each how many packets were equal, unknown and different.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.cli.rounds import relaying
from fwsim.errors import FwsimError, RulesetError
from fwsim.fuzz.from_rules import places_for, write_packets
from fwsim.kernel import KernelFirewall
from fwsim.parity import Comparison, compare_firewalls, frozen, standing_still
from fwsim.result import Result
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator
from tests.kernel_stage import needs_kernel

pytestmark = [pytest.mark.kernel, pytest.mark.corpus]

CORPUS = Path(__file__).parent.parent.parent.parent / "shared" / "corpus" / "rulesets"
PACKETS = 500
SEED = 4


def originals() -> list[Path]:
    """The rulesets, without the listings that the real tools printed of them."""
    files = CORPUS.rglob("*") if CORPUS.is_dir() else []
    return sorted(path for path in files if path.is_file() and ".canon." not in path.name)


def title(path: Path) -> str:
    return str(path.relative_to(CORPUS))


@dataclass
class Report:
    """A table, a line for each ruleset, written as it grows."""

    path: Path | None

    def add(self, name: str, words: str) -> None:
        """Write a line."""
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{words}\t{name}\n")


@pytest.fixture(scope="session")
def report(request: pytest.FixtureRequest) -> Report:
    path: str | None = request.config.getoption("--ruleset-report")
    if path is not None:
        Path(path).write_text("equal\tunknown\tdifferent\truleset\n", encoding="utf-8")
    return Report(Path(path) if path is not None else None)


def readable(path: Path) -> Path:
    """The ruleset, or what the real tools listed of it where this version of them refuses it as it is written."""
    try:
        load_ruleset(str(path))
    except RulesetError:
        listed = path.with_name(f"{path.name}.canon.nft")
        if not listed.exists():
            raise
        return listed
    return path


def compared(path: Path, capture: Path) -> Comparison:
    """Both firewalls on packets made from the rules."""
    ruleset = standing_still(load_ruleset(str(path)))
    places = places_for(ruleset.netfilter)
    with relaying(ruleset, places) as relay:
        write_packets(str(capture), ruleset.netfilter, places, SEED, PACKETS, relay)
    simulator = Simulator(ruleset, interfaces=places.interfaces, local=places.local, key=1)
    captures = frozen(open_captures([Input(str(capture))]))
    simulator.forget_the_clock()
    with KernelFirewall(ruleset, topology=simulator.topology) as kernel:
        return compare_firewalls(Result(captures, simulator), kernel)


def told(comparison: Comparison) -> str:
    counts: Counter[str] = Counter(
        equal=comparison.compared.total() - comparison.unknown.total() - comparison.differing.total(),
        unknown=comparison.unknown.total(),
        different=comparison.differing.total(),
    )
    return "\t".join(str(counts[name]) for name in ("equal", "unknown", "different"))


@pytest.mark.parametrize("path", originals(), ids=title)
def test_a_ruleset_that_people_have_decides_as_the_kernel_does(path: Path, tmp_path: Path, report: Report) -> None:
    needs_kernel()
    try:
        comparison = compared(readable(path), tmp_path / "made.pcapng")
    except FwsimError as error:
        report.add(title(path), f"-\t-\t- ({str(error).splitlines()[0][:200]})")
        pytest.skip(f"not loaded: {error}")
    report.add(title(path), told(comparison))
    assert [one.fields for one in comparison.differences] == []
    assert comparison.compared.total() > PACKETS / 2
