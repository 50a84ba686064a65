"""The function before each compiled one: what it reads from the words and from array objects."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest
from llvmlite import binding, ir

from fwsim.native.bridge import bridge
from fwsim.native.calling import MISPLACED, word_of
from fwsim.native.loading import load

WORD = ir.IntType(64)


def called(*arguments: Any, kinds: int) -> tuple[int, list[int]]:
    """What a callee of so many words sees; the status, and the words."""
    symbol = f"bridge{id(arguments)}"
    seen = (ctypes.c_int64 * (kinds + 1))()
    callee_type = ir.FunctionType(ir.IntType(32), [WORD.as_pointer(), WORD.as_pointer().as_pointer(), *[WORD] * kinds])
    module = bridge(symbol, "callee", callee_type, arguments)
    callee = module.get_global("callee")
    builder = ir.IRBuilder(callee.append_basic_block())
    for at, value in enumerate(callee.args[2:], 1):
        builder.store(value, builder.inttoptr(WORD(ctypes.addressof(seen) + 8 * at), WORD.as_pointer()))
    builder.store(WORD(77), callee.args[0])
    builder.ret(ir.IntType(32)(5))
    callee.linkage = "internal"
    words = (ctypes.c_int64 * (1 + len(arguments)))(0, *map(word_of, arguments))
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(jit=True)
    address = load(machine.emit_object(binding.parse_assembly(str(module))), symbol)
    status = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(address)(ctypes.addressof(words))
    assert words[0] == (77 if status == 5 else 0)
    return status, seen[1:]


def test_numbers_are_passed_as_they_are_and_the_result_comes_back() -> None:
    assert called(3, -4, kinds=2) == (5, [3, -4])


def test_arrays_are_passed_as_numba_takes_them() -> None:
    row, matrix = np.zeros(6, np.uint16), np.zeros((2, 3), np.int64)
    status, seen = called(row, matrix, 9, kinds=7 + 9 + 1)
    assert status == 5
    assert seen[:7] == [0, 0, 6, 2, row.ctypes.data, 6, 2]
    assert seen[7:] == [0, 0, 6, 8, matrix.ctypes.data, 2, 3, 24, 8, 9]


def test_an_array_with_gaps_is_not_passed() -> None:
    assert called(np.zeros(6, np.uint16)[::2], kinds=7) == (MISPLACED, [0] * 7)


def test_a_function_that_takes_something_else_is_refused() -> None:
    with pytest.raises(RuntimeError, match="takes 3 words and not 2"):
        called(1, 2, kinds=3)
