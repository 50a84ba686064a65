"""Whole processes, measured: wall and processor seconds, and the most memory that was resident.

Commands that are compared run in turns, and their ratio is the median of the ratios of each turn, so that a machine
that is busy for a while is so for both.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
EDGE = Path(__file__).parent / "edge.yaml"
FILTER = "tcp and dst port 443 and src net 10.0.0.0/8"
FEW = 3
MANY = 5
LONG = 2_000_000
"""Packets from which on a command is run only a FEW times."""

LEAST_CPU = 0.01

CHILD = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
unit = 1 if sys.platform == "darwin" else 1024
told = done.stderr.decode(errors="replace")
print(json.dumps([done.returncode, told, wall, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e6]))
"""
"""A process of its own for each measurement: its only child is the one that its figures are of."""


class Figures(NamedTuple):
    """What a process took."""

    wall: float
    """Seconds."""
    cpu: float
    """Processor seconds, of all its threads."""
    memory: float
    """Peak resident memory in MB (10^6 bytes)."""

    def __str__(self) -> str:
        return f"{self.spent}, {self.memory:.0f} MB"

    @property
    def spent(self) -> str:
        """Both times, in words."""
        return f"{self.wall:.2f} s (processor {self.cpu:.2f})"


def fwsim(*arguments: str | Path) -> list[str]:
    """A command line of fwsim."""
    return [sys.executable, "-m", "fwsim", *map(str, arguments)]


def compare(capture: Path, *arguments: str | Path, rules: Path = EDGE) -> list[str]:
    """Both modes in one pass."""
    return fwsim("compare", capture, "-r", rules, "-q", *arguments)


def tcpdump(capture: Path) -> list[str] | None:
    """A single filter over the same file; nothing where there is no tcpdump."""
    program = shutil.which("tcpdump")
    return [program, "-r", str(capture), "-w", os.devnull, FILTER] if program else None


def timed(command: Sequence[str], environment: Mapping[str, str] | None = None, *, status: int = 0) -> Figures:
    """A whole process, which must end with a status; what it prints goes to /dev/null."""
    given = {**os.environ, **(environment or {})}
    child = [sys.executable, "-c", CHILD, *command]
    done = subprocess.run(child, cwd=ROOT, env=given, capture_output=True, text=True, check=True)
    ended, told, *figures = json.loads(done.stdout)
    assert ended == status, f"{' '.join(command)}: status {ended}\n{told}"
    return Figures(*figures)


_taken: dict[tuple[str, ...], list[Figures]] = {}


def turns(commands: Mapping[str, Sequence[str] | None], times: int) -> dict[str, list[Figures]]:
    """The figures of each command, run in turns; of a command that is None there are none."""
    known = {name: command for name, command in commands.items() if command is not None}
    found: dict[str, list[Figures]] = {name: [] for name in known}
    for _ in range(times):
        for name, command in known.items():
            found[name].append(timed(command))
    _taken.update({tuple(command): found[name] for name, command in known.items()})
    return found


def once(command: Sequence[str]) -> Figures:
    """The figures of a command: the median of what `turns` took already, else of a single run."""
    known = _taken.get(tuple(command))
    return median(known) if known else timed(command)


def median(figures: Sequence[Figures]) -> Figures:
    """The median of each figure."""
    return Figures(*(statistics.median(column) for column in zip(*figures, strict=True)))


def ratio(ours: Sequence[Figures], theirs: Sequence[Figures]) -> float:
    """How many times as long ours took."""
    return statistics.median(one.wall / other.wall for one, other in zip(ours, theirs, strict=True))


def cpu_ratio(ours: Sequence[Figures], theirs: Sequence[Figures]) -> float:
    """How many times as much processor time ours took; a hundredth of a second is the least that is told apart."""
    pairs = zip(ours, theirs, strict=True)
    return statistics.median(one.cpu / max(other.cpu, LEAST_CPU) for one, other in pairs)


def times_for(packets: int) -> int:
    """How often a command is run for a capture of so many packets."""
    return FEW if packets > LONG else MANY
