"""Instructions of the processor: that compiled code has them. (What they do: nothing that can be seen.)"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

EMITTED = """
import numpy as np
from fwsim.engine import fetch_line
from numba import njit
prefetch = fetch_line()

@njit
def fetched(table, row):
    prefetch(table, row, 8)
    return table[row]

assert fetched(np.arange(4), 2) == 2
print("prefetch" in fetched.inspect_asm()[fetched.signatures[0]])
"""


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="NUMBA_DISABLE_JIT is set")
def test_a_fetched_line_is_an_instruction_of_the_processor() -> None:
    done = subprocess.run([sys.executable, "-c", EMITTED], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.strip() == "True"
