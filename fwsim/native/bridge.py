"""From a row of words to the calling convention of Numba: a small function put before each compiled one.

Read first: `fwsim.native.calling`, which fills the words. Numba passes an array as two words that are for reference
counts (which nothing here has), how many elements, the bytes of one, the address, then the lengths and strides. All
but the first are read from the Python object, whose fields NumPy's C interface fixes (`PyArrayObject_fields`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir

from fwsim.native.calling import MISPLACED, Arguments, leaves

WORD, STATUS = ir.IntType(64), ir.IntType(32)
HEAD = object.__basicsize__
DATA, LENGTHS, STRIDES, FLAGS = HEAD, HEAD + 16, HEAD + 24, HEAD + 48
"""Where an array object has the address of its elements, those of its lengths and strides, and its flags."""
CONTIGUOUS = 1
"""The flag of an array without gaps."""


def bridge(symbol: str, name: str, kind: Any, arguments: Arguments) -> Any:
    """A module with the function `symbol`, which calls `name`, a function of Numba's of that kind.

    That one takes a place for its result, one for an error, and the arguments.
    """
    module = ir.Module(symbol)
    callee = ir.Function(module, kind, name)
    function = ir.Function(module, ir.FunctionType(STATUS, [WORD.as_pointer()]), symbol)
    builder = ir.IRBuilder(function.append_basic_block())
    words = function.args[0]
    passed: list[Any] = []
    for number, leaf in enumerate(leaves(arguments), 1):
        passed += _values(builder, words, number, leaf)
    result, error, *kinds = kind.args
    if len(kinds) != len(passed):
        raise RuntimeError(f"{symbol} takes {len(kinds)} words and not {len(passed)}")
    places = [builder.alloca(place.pointee) for place in (result, error)]
    answer = builder.call(callee, [*places, *map(_as, [builder] * len(kinds), passed, kinds)])
    if result.pointee == WORD:
        builder.store(builder.load(places[0]), words)
    builder.ret(answer)
    return module


def _values(builder: Any, words: Any, number: int, leaf: Any) -> Iterator[Any]:
    """What Numba passes for an array or a number that stands in a word."""
    value = _at(builder, words, number)
    if isinstance(leaf, np.ndarray):
        yield from _array(builder, value, leaf)
    else:
        yield value


def _array(builder: Any, address: Any, array: npt.NDArray[Any]) -> Sequence[Any]:
    """What Numba passes for an array object; the status is MISPLACED for one that has gaps."""
    flag = builder.and_(_field(builder, address, FLAGS, STATUS), STATUS(CONTIGUOUS))
    with builder.if_then(builder.icmp_unsigned("==", flag, STATUS(0)), likely=False):
        builder.ret(STATUS(MISPLACED))
    axes = range(array.ndim)
    lengths, strides = (
        [_field(builder, start, 8 * axis, WORD) for axis in axes]
        for start in (_field(builder, address, field, WORD) for field in (LENGTHS, STRIDES))
    )
    total = WORD(1)
    for length in lengths:
        total = builder.mul(total, length)
    return WORD(0), WORD(0), total, WORD(array.itemsize), _field(builder, address, DATA, WORD), *lengths, *strides


def _at(builder: Any, words: Any, number: int) -> Any:
    """One of the words."""
    return builder.load(builder.gep(words, [WORD(number)]))


def _field(builder: Any, address: Any, offset: int, kind: Any) -> Any:
    """What stands so many bytes behind an address."""
    return builder.load(builder.inttoptr(builder.add(address, WORD(offset)), kind.as_pointer()))


def _as(builder: Any, value: Any, kind: Any) -> Any:
    """A word as an argument of some kind."""
    return value if kind == WORD else builder.inttoptr(value, kind)
