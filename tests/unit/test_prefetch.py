"""Fetching ahead of need is an instruction of the processor, and nothing where code is not compiled."""

from __future__ import annotations

import os
import subprocess
import sys

from fwsim.engine.prefetch import prefetch

PROGRAM = """
import numba, numpy
from fwsim.engine import fetch_line
prefetch = fetch_line()
@numba.njit
def go(table, row):
    prefetch(table, row, 64)
    return table[0]
assert go(numpy.arange(8), 3) == 0
assert go(numpy.arange(8), 1 << 40) == 0, "a place beyond the table is no error"
print("llvm.prefetch" in go.inspect_llvm(go.signatures[0]))
"""


def test_compiled_it_is_one_instruction_that_never_fails() -> None:
    compiled = os.environ | {"NUMBA_DISABLE_JIT": "0"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=120, env=compiled
    )
    assert done.stdout == "True\n"


def test_uncompiled_it_does_nothing() -> None:
    prefetch(None, 5, 0)
