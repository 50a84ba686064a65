"""The one table of the measurements, for the terminal and as Markdown, with the machine that they were taken on."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

COLUMNS = ("work", "fwsim", "beside", "ratio or figure", "target", "met", "ratio of processor time")


class Row(NamedTuple):
    """A measurement."""

    number: int
    """Where it stands in the table."""
    work: str
    ours: str
    beside: str
    """The rival and what it took."""
    figure: float
    """The ratio, or the figure that the target speaks of."""
    target: float | None = None
    unit: str = ""
    """Of figure and target; a ratio has none."""
    least: bool = False
    """Whether the target is the least that is wanted; else it is the most."""
    cpu: float | None = None
    """The ratio of processor seconds, which a busy machine changes little; two threads do not make it smaller."""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None if there is none."""
        if self.target is None:
            return None
        return self.figure >= self.target if self.least else self.figure <= self.target

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        target = "" if self.target is None else f"{'>=' if self.least else '<='} {shown(self.target, self.unit)}"
        met = {None: "", True: "yes", False: "no"}[self.met]
        cpu = "" if self.cpu is None else shown(self.cpu, "")
        return self.work, self.ours, self.beside, shown(self.figure, self.unit), target, met, cpu


def shown(figure: float, unit: str) -> str:
    """A figure with its unit; a ratio has two decimals."""
    if not unit:
        return f"{figure:.2f}"
    return f"{figure:,.0f} {unit}" if figure >= 100 else f"{figure:.2f} {unit}"


def in_order(rows: Sequence[Row]) -> list[Row]:
    """The rows as they stand in the table, in whatever order they were measured."""
    return sorted(rows, key=lambda row: row.number)


def text_table(rows: Sequence[Row]) -> str:
    """The table with its columns in line."""
    lines = [COLUMNS, *(row.cells() for row in in_order(rows))]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def markdown_table(rows: Sequence[Row]) -> str:
    """The same for a README."""
    lines = [COLUMNS, ("---",) * len(COLUMNS), *(row.cells() for row in in_order(rows))]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def machine() -> str:
    """Where this runs: processor, kernel, versions, and how busy it is."""
    load = f", load average {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    return (
        f"{_processor()}, {os.cpu_count()} cores{load}; {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}, numba {version('numba')}, numpy {version('numpy')}, {_tcpdump()}"
    )


def _processor() -> str:
    """The processor's name."""
    known = Path("/proc/cpuinfo")
    lines = known.read_text().splitlines() if known.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _tcpdump() -> str:
    """Its version, on one line."""
    program = shutil.which("tcpdump")
    if program is None:
        return "no tcpdump"
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return (told.stdout + told.stderr).partition("\n")[0].strip()
