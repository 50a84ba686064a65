"""What is measured of processes, and the table that it is put into."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.measuring import ROOT, Figures, cpu_ratio, median, ratio, timed, turns
from tests.bench.table import Row, machine, markdown_table, text_table

ROWS = [
    Row(2, "lines", "1 s", "", 250_000.0, 200_000, "a second", least=True),
    Row(1, "compare", "2.00 s", "tcpdump 1.00 s", 2.0, 1, cpu=3.0),
    Row(3, "beside | cat", "2.00 s", "cat 0.50 s", 4.0),
]


def test_the_memory_of_a_process_is_its_own() -> None:
    little = timed([sys.executable, "-c", "pass"])
    much = timed([sys.executable, "-c", "b'x' * 100_000_000"])
    assert 90 < much.memory - little.memory < 115


def test_all_processor_seconds_of_a_process_are_counted() -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    used = timed([sys.executable, "-c", busy])
    assert used.cpu >= 0.3
    assert used.wall >= 0.3


def test_a_process_that_fails_is_told_with_its_words() -> None:
    with pytest.raises(AssertionError, match=r"(?s)status 3.*what went wrong"):
        timed([sys.executable, "-c", "import sys; print('what went wrong', file=sys.stderr); sys.exit(3)"])


def test_commands_take_turns_and_missing_ones_are_left_out() -> None:
    found = turns({"one": [sys.executable, "-c", "pass"], "none": None}, 2)
    assert {name: len(figures) for name, figures in found.items()} == {"one": 2}


def test_a_ratio_is_the_median_of_the_turns() -> None:
    ours = [Figures(2, 0, 0), Figures(30, 0, 0), Figures(3, 0, 0)]
    theirs = [Figures(1, 0, 0), Figures(10, 0, 0), Figures(1, 0, 0)]
    assert ratio(ours, theirs) == 3
    assert median(ours).wall == 3


def test_processor_time_below_what_is_told_apart_is_no_divisor() -> None:
    assert cpu_ratio([Figures(1, 0.5, 0)], [Figures(1, 0.25, 0)]) == 2
    assert cpu_ratio([Figures(1, 0.5, 0)], [Figures(1, 0, 0)]) == 50


def test_rows_stand_in_order_with_what_is_met() -> None:
    lines = text_table(ROWS).splitlines()
    assert [line.split()[0] for line in lines] == ["work", "compare", "lines", "beside"]
    assert lines[1].split()[-3:] == ["1.00", "no", "3.00"]
    assert lines[2].split()[-4:] == ["200,000", "a", "second", "yes"]
    assert len({line.index(word) for line, word in zip(lines[:3], ("met", "no", "yes"), strict=True)}) == 1
    assert [row.met for row in ROWS] == [True, False, None]


def test_the_table_is_markdown_too() -> None:
    lines = markdown_table(ROWS).splitlines()
    assert lines[1] == "| --- | --- | --- | --- | --- | --- | --- |"
    assert lines[2] == "| compare | 2.00 s | tcpdump 1.00 s | 2.00 | <= 1.00 | no | 3.00 |"
    assert lines[4].startswith(r"| beside \| cat |")


def test_the_machine_is_told() -> None:
    told = machine()
    assert "cores" in told
    assert f"Python {sys.version_info.major}.{sys.version_info.minor}" in told


def test_the_run_ends_with_the_table_and_writes_it_as_markdown(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "tests/bench", "-n", "0", "-q", "-k", "first_run"]
    small = {"FWSIM_BENCH_DIR": str(tmp_path / "captures"), "FWSIM_BENCH_PACKETS": "1000"}
    done = subprocess.run(
        [*command, "--bench-markdown", str(tmp_path / "table.md")],
        cwd=ROOT, env={**os.environ, **small}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    row = next(line for line in done.stdout.splitlines() if line.startswith("first run, 1,000 packets"))
    assert "<= 1.00 s" in row
    assert "| first run, 1,000 packets |" in (tmp_path / "table.md").read_text()
