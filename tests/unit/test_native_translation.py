"""Hot functions made machine code by Numba, and run without it (in interpreters of their own)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = """
import sys
from typing import Any, NamedTuple
import numpy as np

class Group(NamedTuple):
    rows: Any
    plain: Any
    matrix: Any
    factor: int

def inner(row, factor):
    row["total"] = row["total"] * factor
    return row["total"]

def sums(group, numbers, start, end):
    total = 0
    for i in range(start, end):
        total += inner(group.rows[i], group.factor) + int(numbers[i]) + group.matrix[i, 1]
        group.plain[i] = total
    return total

def nothing(numbers):
    numbers[0] += 1

def tables():
    rows = np.zeros(4, [("number", np.int64), ("total", np.int64)])
    rows["total"] = [1, 2, 3, 4]
    return Group(rows, np.zeros(4, np.int64), np.arange(8).reshape(4, 2), 3)

numbers = np.arange(9, dtype=np.uint8)[1:5]
"""

MAKE = (
    FUNCTIONS
    + """
from pathlib import Path
from fwsim.native.translation import Translator
translator = Translator([inner, sums, nothing], [sums, nothing], [], {})
Path(sys.argv[1]).write_bytes(translator.translate(sums, "sums", (tables(), numbers, 0, 4)))
Path(sys.argv[2]).write_bytes(translator.translate(nothing, "nothing", (numbers,)))
"""
)

USE = (
    FUNCTIONS
    + """
from pathlib import Path
from fwsim.native.calling import Native
from fwsim.native.loading import load
code = {"sums": Path(sys.argv[1]), "nothing": Path(sys.argv[2])}
obtain = lambda function, shape, arguments: load(code[function.__name__].read_bytes(), function.__name__)
native, plain, compiled = Native(sums, obtain), tables(), tables()
for start, end in ((0, 4), (1, 3)):
    assert native(compiled, numbers, start, end) == sums(plain, numbers, start, end) != 0
    for one, other in zip(plain[:3], compiled[:3]):
        assert one.tolist() == other.tolist()
assert Native(nothing, obtain)(numbers) == 0 and numbers.tolist() == [2, 2, 3, 4]
frozen = numbers[:]
frozen.flags.writeable = False
assert native(compiled, frozen, 0, 1) == sums(plain, frozen, 0, 1)
odd = np.frombuffer(bytes(1 + 4 * 8), np.int64, 4, 1)
assert native(compiled._replace(plain=odd.copy()), numbers, 0, 0) == 0
try:
    native(compiled, np.arange(9, dtype=np.uint8)[::2], 0, 4)
except TypeError as error:
    assert "without gaps" in str(error)
else:
    raise AssertionError
assert "numba" not in sys.modules
"""
)

BEYOND = (
    FUNCTIONS
    + """
from pathlib import Path
from fwsim.native.calling import Native
from fwsim.native.loading import load
native = Native(sums, lambda function, shape, arguments: load(Path(sys.argv[1]).read_bytes(), "sums"))
assert native(tables(), numbers, 0, 4) != 0
try:
    native(tables(), numbers, 0, 5)
except RuntimeError as error:
    print(error)
"""
)

CALLED = (
    FUNCTIONS
    + """
from fwsim.native import translation
def called(group, start):
    for i in range(start):
        group.rows[i]["total"] += group.plain[i]
    return group.factor
def calling(group):
    return called(group, 2) + called(group, 3)
written = []
emit = translation._object_of
def emitted(compiled, symbol, arguments):
    compiled.library._ensure_finalized()
    written.append(str(compiled.library._final_module))
    return emit(compiled, symbol, arguments)
translation._object_of = emitted
translator = translation.Translator([called, calling], [calling], [called], {})
translator.translate(calling, "calling", (tables(),))
for line in written[0].splitlines():
    if line.startswith("define"):
        head, _, rest = line.partition("@")
        print("internal" in head, len(rest.partition("(")[0]), rest.count(","))
"""
)

OUTSIDE = """
import math, sys
from fwsim.native.translation import Translator
def beyond(number):
    return int(math.erf(number))
try:
    Translator([beyond], [beyond], [], {}).translate(beyond, "beyond", (1,))
except RuntimeError as error:
    print(error)
"""

pytestmark = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="NUMBA_DISABLE_JIT is set"
)


def run(code: str, *arguments: Path, **environment: str) -> str:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    variables = {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, env=variables, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_machine_code_does_what_the_function_does_and_needs_no_numba(tmp_path: Path) -> None:
    files = (tmp_path / "sums.o", tmp_path / "nothing.o")
    run(MAKE, *files)
    run(USE, *files)


def test_code_that_checks_bounds_says_so_when_one_is_passed(tmp_path: Path) -> None:
    files = (tmp_path / "sums.o", tmp_path / "nothing.o")
    run(MAKE, *files, NUMBA_BOUNDSCHECK="1")
    assert run(BEYOND, *files) == "the compiled sums failed with status 1\n"


def test_a_function_that_needs_more_than_its_object_file_is_refused() -> None:
    assert "beyond needs" in run(OUTSIDE)


def test_a_function_that_is_called_takes_no_more_than_it_uses_under_a_short_name() -> None:
    calling, called = (line.split() for line in run(CALLED, NUMBA_BOUNDSCHECK="0").splitlines())
    assert (calling[0], called[0]) == ("False", "True")
    assert max(int(calling[1]), int(called[1])) < 150
    assert int(called[2]) < 6 < int(calling[2])
