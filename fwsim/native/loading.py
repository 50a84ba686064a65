"""Object files made executable, by llvmlite alone.

Read first: `fwsim.native`. llvmlite is the part of Numba that wraps LLVM; importing it costs 30 ms.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any


@cache
def _engine() -> Any:
    """LLVM's linker and loader of machine code, one for the process."""
    from llvmlite import binding

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    for name in ("memset", "memmove"):
        binding.add_symbol(name, ctypes.cast(getattr(ctypes, name), ctypes.c_void_p).value)
    binding.add_symbol("memcpy", ctypes.cast(ctypes.memmove, ctypes.c_void_p).value)
    machine = binding.Target.from_default_triple().create_target_machine(jit=True)
    return binding.create_mcjit_compiler(binding.parse_assembly(""), machine)


def load(machine_code: bytes, symbol: str) -> int:
    """Load an object file; returns the address of a symbol."""
    from llvmlite import binding

    engine = _engine()
    engine.add_object_file(binding.ObjectFileRef.from_data(machine_code))
    engine.finalize_object()
    address: int = engine.get_function_address(symbol)
    return address
