"""How fast both modes run in one pass, beside tcpdump's single filter on the same file: `pytest -s tests/bench`.

Nothing is asserted about time, which depends on the machine; the table is for people. Not collected by default.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.making import make_capture

ROOT = Path(__file__).parent.parent.parent
PACKETS = 1_000_000
RUNS = 5
FILTER = "tcp and dst port 443 and src net 10.0.0.0/8"


def timed(command: list[str]) -> tuple[float, float, int]:
    """Wall seconds, processor seconds and peak resident MB of a whole process that succeeds."""
    code = (
        "import json, resource, subprocess, sys, time\n"
        "start = time.perf_counter()\n"
        "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(json.dumps([time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    wall, cpu, memory = json.loads(done.stdout)
    return float(wall), float(cpu), int(memory)


def test_both_modes_beside_tcpdump(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture = tmp_path / "million.pcap"
    make_capture(capture, PACKETS)
    ruleset = str(ROOT / "rulesets" / "office.yaml")
    commands = {"fwsim compare": [sys.executable, "-m", "fwsim", "compare", str(capture), "-r", ruleset, "-q"]}
    if shutil.which("tcpdump"):
        commands["tcpdump filter"] = ["tcpdump", "-r", str(capture), "-w", "/dev/null", FILTER]
    timed(commands["fwsim compare"])  # compiles, once
    runs: dict[str, list[tuple[float, float, int]]] = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            runs[name].append(timed(command))
    with capsys.disabled():
        print(f"\n{PACKETS:,} packets, {capture.stat().st_size / PACKETS:.0f} bytes each; medians of {RUNS} whole runs")
        for name, figures in runs.items():
            wall, cpu, memory = (statistics.median(column) for column in zip(*figures, strict=True))
            print(f"{name:16} {PACKETS / wall / 1e6:6.2f} M packets/s   {cpu:5.2f} s processor   {memory:5.0f} MB")
    assert all(len(figures) == RUNS for figures in runs.values())
