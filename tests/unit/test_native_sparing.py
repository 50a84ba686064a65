"""What Numba is spared (in interpreters of their own, for Numba itself is changed)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

COUNTED = """
import operator
from numba import int64, njit, types
from numba.core.base import BaseContext as Sizes
from numba.core.typing.context import BaseContext as Typing
from fwsim.native.sparing import few_passes, know_operators, know_sizes

asked, measured = [], []
resolve, size_of = Typing.resolve_function_type, Sizes.get_abi_sizeof

def resolved(self, function, arguments, named):
    if getattr(function, "typing_key", None) is operator.add:
        asked.append(arguments)
    return resolve(self, function, arguments, named)

def sized(self, kind):
    measured.append(kind)
    return size_of(self, kind)

Typing.resolve_function_type, Sizes.get_abi_sizeof = resolved, sized
know_operators()
know_sizes()
"""

INTEGERS = """
def sums(a, b):
    total = 0
    other = a
    while total < 100:
        if other > 7 and not b < 0:
            total = total + a
            other = total + b
        else:
            other = other + 1
    return total + other

for function in (sums, lambda a, b: a + b + a):
    compiled = njit(int64(int64, int64), pipeline_class=few_passes())(function)
    assert [compiled(a, 3) for a in range(1, 9)] == [function(a, 3) for a in range(1, 9)]
print(len(asked), len(set(asked)), len(measured), len(set(map(id, measured))))
"""

OTHERS = """
import numpy as np
add = njit(lambda a, b: a + b, pipeline_class=few_passes())
assert add(1, 2) == 3 and add(1.5, 2) == 3.5 and add(np.arange(3), 1).tolist() == [1, 2, 3]
"""

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="NUMBA_DISABLE_JIT is set"
)


def run(code: str) -> list[int]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return list(map(int, done.stdout.split()))


def test_operators_and_sizes_are_asked_for_once_and_give_what_they_did() -> None:
    asked, kinds, measured, types = run(COUNTED + INTEGERS)
    assert asked == kinds > 0
    assert measured == types > 0


def test_operators_of_other_things_than_integers_work_as_before() -> None:
    run(COUNTED + OTHERS)
