"""Object files made executable."""

from __future__ import annotations

import ctypes

from llvmlite import binding

from fwsim.native.loading import load

SET = """
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
define i32 @SYMBOL(ptr %words) {
  %size = load i64, ptr %words
  call void @llvm.memset.p0.i64(ptr %words, i8 255, i64 %size, i1 false)
  ret i32 NUMBER
}
"""


def machine_code(symbol: str, number: int) -> bytes:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(jit=True)
    module = binding.parse_assembly(SET.replace("SYMBOL", symbol).replace("NUMBER", str(number)))
    made: bytes = machine.emit_object(module)
    return made


def test_machine_code_may_call_what_fills_and_copies_memory() -> None:
    for symbol, number in (("loading_one", 1), ("loading_two", 2)):
        function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(load(machine_code(symbol, number), symbol))
        words = (ctypes.c_int64 * 5)(32)
        assert function(ctypes.addressof(words)) == number
        assert list(words) == [-1, -1, -1, -1, 0]
