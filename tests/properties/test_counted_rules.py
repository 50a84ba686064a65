"""Rules that count decide alike, compiled or not, however the capture is cut into chunks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.counting_run import RULES

ROOT = Path(__file__).parent.parent.parent


def told(*, compiled: bool, rows: int) -> list[str]:
    """What a run tells, in a process of its own."""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "0" if compiled else "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.counting_run", str(rows), "5"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_compiled_rules_count_as_uncompiled_ones_do() -> None:
    plain = told(compiled=False, rows=1000)
    office = plain[-3].partition("[")[2].rstrip("]").split(", ")
    assert len(set(office[: len(RULES)])) > len(RULES) - 4, "the rules say different things"
    assert told(compiled=True, rows=1000) == plain
    assert told(compiled=False, rows=97) == plain
