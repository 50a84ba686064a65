"""Rules, lines, memory and the first run: what the targets say without a rival.

Nothing is asserted about time, which depends on the machine; every process must succeed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench import keeping, rulesets
from tests.bench.measuring import FEW, MANY, ROOT, Figures, compare, cpu_ratio, fwsim, median, once, ratio, timed, turns
from tests.bench.table import Row
from tests.classbench import corpus_sets

Put = Callable[[Row], None]

FIRST_RUN_PACKETS = 1_000
TABLE_FULL = 262_144
"""`nf_conntrack_max` by default."""
NOT_ALL = 3
"""The status of a check that could not find out everything of so many rules."""
SLOW_LINES = 100_000
"""Lines written to find out whether writing ten times as many would take too long."""
EDITS = 7
"""Rules taken out, as many turned round, as many moved."""
PATIENCE = 3.0
"""Seconds."""


@pytest.mark.corpus
@pytest.mark.usefixtures("warm")
def test_ten_thousand_rules(put: Put) -> None:
    if not corpus_sets():
        pytest.skip("the corpus is not beside the checkout: no ClassBench sets")
    count = keeping.sizes().classbench
    capture = keeping.drawn_headers(count)
    commands = {
        rules: compare(capture, rules=keeping.classbench_rules(rules))
        for rules in (keeping.MANY_RULES, keeping.FEW_RULES)
    }
    figures = turns({str(rules): command for rules, command in commands.items()}, FEW)
    many, few = figures[str(keeping.MANY_RULES)], figures[str(keeping.FEW_RULES)]
    beside = f"{keeping.FEW_RULES} rules {median(few).spent}"
    work = f"ClassBench, {keeping.MANY_RULES:,} rules, {count:,} headers at random"
    put(Row(30, work, str(median(many)), beside, ratio(many, few), 3, cpu=cpu_ratio(many, few)))
    assert len(many) == len(few)


@pytest.mark.parametrize(("number", "form", "target"), [(31, "jsonl", 200_000), (32, "parquet", 1_000_000)])
@pytest.mark.usefixtures("warm")
def test_records(number: int, form: str, target: int, put: Put, tmp_path: Path) -> None:
    count = keeping.sizes().least
    capture = keeping.mixed(count)
    place = os.devnull if form == "jsonl" else str(tmp_path / "rows")
    options = ("--format", form, "-o", place)
    refused = subprocess.run(
        [*compare(capture, *options), "-c", "10"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if refused.returncode:
        pytest.skip(f"fwsim does not write {form} here: {refused.stderr.strip().splitlines()[-1]}")
    few = min(count, SLOW_LINES)
    found = timed(compare(capture, *options, "-c", str(few)))  # and what writes them is compiled by now
    if found.wall < PATIENCE:
        few = count
        found = median([timed(compare(capture, *options)) for _ in range(FEW)])
    what = f"--format {form}, {few:,} packets, both modes"
    put(Row(number, what, str(found), "", few / found.wall, target, "a second", least=True))
    assert found.wall > 0


@pytest.mark.parametrize(("number", "form"), list(enumerate(rulesets.WRITERS, 33)))
def test_loading_ten_thousand_rules(number: int, form: str, put: Put, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.write_text(rulesets.WRITERS[form](rulesets.drawn(keeping.MANY_RULES)))
    load = [sys.executable, "-m", "tests.bench.loading", str(rules)]
    found = median([timed(load, {"OPENBLAS_NUM_THREADS": "1"}) for _ in range(MANY)])
    put(Row(number, f"read and lower {keeping.MANY_RULES:,} rules, {form}", str(found), "", found.cpu, 2, "s"))
    assert found.cpu > 0


def test_checking_ten_thousand_rules(put: Put, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.write_text(rulesets.nft_text(rulesets.drawn(keeping.MANY_RULES)))
    found = median([timed(fwsim("check", rules, *rulesets.NETWORKS), status=NOT_ALL) for _ in range(FEW)])
    put(Row(37, f"check {keeping.MANY_RULES:,} rules, nft", str(found), "", found.cpu, 5, "s"))
    assert found.cpu > 0


@pytest.mark.corpus
def test_checking_ten_thousand_rules_of_classbench(put: Put) -> None:
    if not corpus_sets():
        pytest.skip("the corpus is not beside the checkout: no ClassBench sets")
    rules = keeping.classbench_rules(keeping.MANY_RULES)
    found = median([timed(fwsim("check", rules), status=NOT_ALL) for _ in range(FEW)])
    put(Row(38, f"check ClassBench, {keeping.MANY_RULES:,} rules", str(found), "", found.cpu, 5, "s"))
    assert found.cpu > 0


@pytest.mark.corpus
def test_comparing_ten_thousand_rules_of_classbench_with_edited_ones(put: Put) -> None:
    if not corpus_sets():
        pytest.skip("the corpus is not beside the checkout: no ClassBench sets")
    sides = keeping.classbench_rules(keeping.MANY_RULES), keeping.edited_rules(EDITS)
    found = median([timed(fwsim("diff", *sides), status=1) for _ in range(FEW)])
    work = f"diff ClassBench, {keeping.MANY_RULES:,} rules, {3 * EDITS} edits"
    put(Row(39, work, str(found), "", found.cpu, 10, "s"))
    assert found.cpu > 0


@pytest.mark.usefixtures("warm")
def test_memory(put: Put) -> None:
    sizes = keeping.sizes()
    mixed = once(compare(keeping.mixed(sizes.mixed)))
    put(Row(40, f"peak memory, mean 590 bytes, {sizes.mixed:,} packets", str(mixed), "", mixed.memory, 400, "MB"))
    million = keeping.million(sizes.million, sizes.live)
    large = once(compare(million, "--set", "conntrack.max=0"))
    each = (large.memory - mixed.memory) * 1e6 / sizes.live
    work = f"a connection, of {sizes.live:,}: peak memory above that"
    put(Row(41, work, str(large), f"{mixed.memory:.0f} MB", each, 512, "bytes"))
    assert large.memory > mixed.memory


@pytest.mark.usefixtures("warm")
def test_memory_with_a_full_table(put: Put) -> None:
    count = keeping.sizes().flood
    if count // 2 < TABLE_FULL:
        pytest.skip(f"half of {count:,} packets do not fill the connection table")
    capture = keeping.flood(count)
    whole, half = once(compare(capture)), timed(compare(capture, "-c", str(count // 2)))
    work = "peak memory in a flood, conntrack.max at its default"
    beside = f"half of the flood {half.memory:.0f} MB"
    put(Row(42, work, f"{whole.memory:.0f} MB", beside, whole.memory / half.memory, 1.1))
    assert half.memory > 0


def test_the_first_run(put: Put, tmp_path: Path) -> None:
    capture = keeping.mixed(FIRST_RUN_PACKETS)
    runs = [timed(compare(capture), {"FWSIM_CACHE_DIR": str(tmp_path / str(turn))}) for turn in range(FEW)]
    found = median(runs)
    put(Row(50, f"first run, {FIRST_RUN_PACKETS:,} packets", str(found), "", found.wall, 1, "s"))
    assert len(runs) == FEW


@pytest.mark.usefixtures("warm")
def test_the_run_that_compiles(put: Put, tmp_path: Path) -> None:
    count = keeping.sizes().least
    capture = keeping.mixed(count)
    first: Figures = timed(compare(capture), {"FWSIM_CACHE_DIR": str(tmp_path)})
    if not any(tmp_path.rglob("*.nbi")):
        pytest.skip(f"nothing was compiled for {count:,} packets")
    later = once(compare(capture))
    beside = f"compiled code cached {later.wall:.2f} s, {later.memory:.0f} MB"
    work = f"seconds more for the run that compiles, {count:,} packets"
    put(Row(51, work, str(first), beside, first.wall - later.wall, 30, "s"))
    assert first.cpu > 0
