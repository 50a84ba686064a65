"""What Wireshark makes of a capture, asked through tshark."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

TSHARK = shutil.which("tshark")
needs_tshark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
AS_ROOT = "Running as user"
"""How the one remark begins that is about the user and not about what is read."""

Fingerprint = tuple[int, int]


def tshark(*arguments: str | Path, profiles: Path | None = None) -> str:
    """What it prints; `profiles` is the folder of a folder `profiles`. It must not complain."""
    assert TSHARK is not None
    environment = {**os.environ, **({"WIRESHARK_CONFIG_DIR": str(profiles)} if profiles else {})}
    command = [TSHARK, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    complaints = [line for line in done.stderr.splitlines() if line and not line.startswith(AS_ROOT)]
    assert (done.returncode, complaints) == (0, []), command
    return done.stdout


def found(path: Path, wanted: str, *fields: str) -> list[str]:
    """Of the frames that a display filter selects, their numbers, or these fields."""
    shown = [part for field in fields or ("frame.number",) for part in ("-e", field)]
    return tshark("-r", path, "-Y", wanted, "-T", "fields", *shown).splitlines()


def fingerprint(numbers: Iterable[int]) -> Fingerprint:
    """What tells one selection of frames from another: how many there are, and the sum of their numbers."""
    numbers = list(numbers)
    return len(numbers), sum(numbers)


def fingerprints(path: Path, expressions: Sequence[str]) -> list[Fingerprint]:
    """The same of the frames that each of these display filters selects, all in one go: a second instead of a minute.

    There may be no comma in an expression.
    """
    asked = [
        f"{what}(frame.number)frame.number and ({expression})"
        for expression in expressions
        for what in ("COUNT", "SUM")
    ]
    (line,) = [
        line for line in tshark("-r", path, "-q", "-z", ",".join(["io,stat,0", *asked])).splitlines() if "<>" in line
    ]
    numbers = [int(cell) for cell in line.strip("|").split("|")[1:]]
    return list(zip(numbers[::2], numbers[1::2], strict=True))
