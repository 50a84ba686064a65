"""Instructions of the processor that Python has no word for, as Numba intrinsics.

Read first: `fwsim.engine.instruction`.
"""

from __future__ import annotations

from typing import Any


def fetch_line() -> Any:
    """LLVM's prefetch instruction, for a byte of a row of a table."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, args[0])
        at = builder.add(builder.mul(args[1], array.itemsize), args[2])
        address = builder.gep(builder.bitcast(array.data, byte), [at])
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        fetch = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        builder.call(fetch, [address, word(0), word(3), word(1)])  # to read, into the nearest cache, data
        return context.get_dummy_value()

    @intrinsic  # type: ignore[untyped-decorator]
    def prefetch(typing: Any, table: Any, row: Any, offset: Any) -> Any:
        """Fetch the cache line at a byte of a row."""
        return types.void(table, types.intp, types.intp), emit

    return prefetch
