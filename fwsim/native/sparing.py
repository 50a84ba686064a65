"""What Numba need not do for hot functions, which spares a tenth of the time of compiling.

Read first: the rules in `fwsim.engine`, `fwsim.native.translation`. Should a release of Numba not ask here what is
asked now, compiling takes longer, and gives the same.
"""

from __future__ import annotations

import operator
from inspect import isbuiltin
from typing import Any

OPERATORS = frozenset(function for function in vars(operator).values() if isbuiltin(function))


def few_passes() -> Any:
    """A pipeline of Numba's without the passes for what no hot function has.

    That is: closures, comprehensions, `with`, raised errors, branches on types, loops over tuples, array expressions.
    """
    from numba.core import typed_passes, untyped_passes
    from numba.core.compiler import CompilerBase
    from numba.core.compiler_machinery import PassManager

    passes = (
        untyped_passes.TranslateByteCode, untyped_passes.FixupArgs, untyped_passes.IRProcessing,
        untyped_passes.RewriteSemanticConstants, untyped_passes.GenericRewrites, untyped_passes.ReconstructSSA,
        typed_passes.NopythonTypeInference, typed_passes.PreLowerStripPhis, typed_passes.IRLegalization,
        typed_passes.AnnotateTypes, typed_passes.NativeLowering, typed_passes.NoPythonBackend,
    )  # fmt: skip

    class Pipeline(CompilerBase):  # type: ignore[misc]
        def define_pipelines(self) -> list[Any]:
            manager = PassManager("hot")
            for one in passes:
                manager.add_pass(one, one.__name__)
            manager.finalize()
            return [manager]

    return Pipeline


def know_operators() -> None:
    """Have Numba find out once what an operator gives for numbers of some kinds, and not wherever one stands."""
    from numba.core import types
    from numba.core.typing.context import BaseContext

    resolve = BaseContext.resolve_function_type
    numbers = (types.Integer, types.Boolean, types.IntegerLiteral)
    known: dict[tuple[Any, Any, Any], Any] = {}

    def resolve_once(self: Any, function: Any, arguments: Any, named: Any) -> Any:
        key = self, getattr(function, "typing_key", None), arguments
        if named or key[1] not in OPERATORS or not all(isinstance(argument, numbers) for argument in arguments):
            return resolve(self, function, arguments, named)
        if key not in known:
            known[key] = resolve(self, function, arguments, named)
        return known[key]

    BaseContext.resolve_function_type = resolve_once


def know_sizes() -> None:
    """Have Numba ask LLVM once for the size of a type, and not for every variable."""
    from numba.core.base import BaseContext

    size_of = BaseContext.get_abi_sizeof
    known: dict[int, tuple[Any, int]] = {}

    def size_once(self: Any, kind: Any) -> int:
        if id(kind) not in known:
            known[id(kind)] = kind, size_of(self, kind)
        return known[id(kind)][1]

    BaseContext.get_abi_sizeof = size_once
