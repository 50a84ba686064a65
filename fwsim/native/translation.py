"""Entry functions compiled by Numba, given out as object files; the only module that imports Numba.

Read first: `fwsim.native`, `fwsim.engine`. What is reached of Numba's inside, apart from its `njit`: the optimised LLVM
module of a compiled function, its name there, and the calling convention. Should a release change these, translating
fails with an error, and the run goes on uncompiled.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import FunctionType
from typing import Any

import numpy as np

from fwsim.native.calling import Arguments
from fwsim.native.sparing import few_passes, know_operators, know_sizes

RUNTIME = frozenset({"memset", "memcpy", "memmove"})
"""What machine code may call that is not in its object file."""


class Translator:
    """Compiles hot functions, each with all that it calls."""

    def __init__(
        self,
        functions: Sequence[FunctionType],
        entries: Collection[FunctionType],
        shared: Collection[FunctionType],
        instructions: Mapping[FunctionType, Callable[[], Any]],
    ) -> None:
        """Make a compiled twin of every hot function, each calling the twins of the others; compile none yet."""
        _index_as_written()
        know_operators()
        know_sizes()
        inner = {function.__qualname__ for function in functions if function not in entries}
        _compile_late(inner, {function.__qualname__ for function in shared})
        made = {function: make() for function, make in instructions.items()}
        self._twins = _twins(functions, entries, shared, made)

    def translate(self, function: FunctionType, symbol: str, arguments: Arguments) -> bytes:
        """The object file of a function for such arguments; `symbol` is its name in there."""
        dispatcher = self._twins[function]
        types = tuple(map(_type_of, arguments))
        dispatcher.compile(types)
        return _object_of(dispatcher.overloads[types], symbol, arguments)


def _type_of(argument: Any) -> Any:
    """Numba's type of an argument; every number is an int64, every array may begin anywhere."""
    from numba import typeof, types

    if isinstance(argument, tuple):
        group = types.NamedTuple(list(map(_type_of, argument)), type(argument))
        group.name = type(argument).__name__  # not all that is in it, which is in every symbol then (nine tenths)
        return group
    if isinstance(argument, np.ndarray):
        kind = typeof(argument)
        return types.Array(kind.dtype, kind.ndim, "C", readonly=False, aligned=False)
    return types.int64


def _twins(
    functions: Sequence[FunctionType],
    entries: Collection[FunctionType],
    shared: Collection[FunctionType],
    instructions: Mapping[FunctionType, Any],
) -> dict[FunctionType, Any]:
    """A dispatcher of Numba's for every hot function.

    Two options that make all the difference, measured on the stateful pipeline, nanoseconds a packet: 8,500 with
    neither; 1,300 without reference counts (`_nrt`: each call counted every array of a NamedTuple up and down;
    nothing is allocated here, so nothing needs counting); 150 with everything inlined into the entry functions too.
    """
    from numba import njit

    pipeline = few_passes()
    spaces: dict[str, dict[str, Any]] = {}
    compiled: dict[FunctionType, Any] = dict(instructions)
    for function in functions:
        space = spaces.setdefault(function.__module__, dict(function.__globals__))
        twin = FunctionType(function.__code__, space, function.__name__)
        twin.__qualname__ = function.__qualname__
        dispatcher = njit(
            twin,
            nogil=True,
            error_model="numpy",
            _nrt=False,
            forceinline=function not in entries and function not in shared,
            no_cpython_wrapper=True,
            no_cfunc_wrapper=True,
            pipeline_class=pipeline,
        )
        _without_literals(dispatcher)
        compiled[function] = dispatcher
    for space in spaces.values():
        for key, value in space.items():
            if isinstance(value, FunctionType) and value in compiled:
                space[key] = compiled[value]
    return compiled


def _without_literals(dispatcher: Any) -> None:
    """Keep Numba from compiling a function once more for every constant that is passed to it (halves the time)."""
    from numba import types

    unliteral = types.unliteral

    original = dispatcher.get_call_template

    def template(args: Any, kws: Any) -> Any:
        return original(tuple(map(unliteral, args)), {key: unliteral(value) for key, value in kws.items()})

    dispatcher.get_call_template = template


def _compile_late(inner: Collection[str], called: Collection[str]) -> None:
    """Keep Numba from linking, optimising and making machine code of every function with all that it calls.

    What is inlined everywhere needs that only where it ends up: in the entry functions. A third of the time and of the
    memory that compiling takes. Machine code is made in `_object_of`, so Numba need not make any. What is to be
    `called` is never inlined, also where LLVM would.
    """
    from numba import _dynfunc
    from numba.core.codegen import CPUCodeLibrary
    from numba.core.cpu import CPUContext

    def finalize(self: Any) -> None:
        self._finalized = True
        if self.name in called:
            for function in self._final_module.functions:
                function.add_function_attribute("noinline")
        if self.name not in inner:
            own = {function.name for function in self._final_module.functions if not function.is_declaration}
            for library in _all_below(self):
                self._final_module.link_in(library._get_module_for_linking(), preserve=True)
            _keep_inside(self._final_module, own)
            self._optimize_final_module()
            self._final_module.verify()

    def get_executable(self: Any, library: Any, fndesc: Any, env: Any) -> Any:
        return _dynfunc.make_function(fndesc.lookup_module(), fndesc.qualname, "", 0, env, (library,))

    CPUCodeLibrary.finalize = finalize
    CPUContext.get_executable = get_executable


def _keep_inside(module: Any, others: Collection[str]) -> None:
    """Say of all functions in a module but some that they are called from nowhere else.

    Otherwise each takes all that it is handed, several hundred words of groups of tables of which it uses a few: a
    packet that is refused took 1,500 ns instead of 300.
    """
    for function in module.functions:
        if function.name not in others and not function.is_declaration:
            function.linkage = "internal"


def _index_as_written() -> None:
    """Keep Numba from asking at every index whether it is negative and counts from the end: here none does (rule 7).

    Should a release of Numba change there, compiled code only runs a little slower.
    """
    from numba.core import types
    from numba.np import arrayobj

    if not hasattr(arrayobj, "fix_integer_index"):
        return

    def as_written(context: Any, builder: Any, kind: Any, index: Any, _size: Any) -> Any:
        return context.cast(builder, index, kind, types.intp if kind.signed else types.uintp)

    arrayobj.fix_integer_index = as_written


def _all_below(library: Any) -> list[Any]:
    """Every library that this one needs, and those that they need."""
    found: dict[Any, None] = {}
    waiting = list(library._linking_libraries)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = None
            waiting += one._linking_libraries
    return list(found)


def _object_of(compiled: Any, symbol: str, arguments: Arguments) -> bytes:
    """The object file of a compiled function, with the one symbol that `fwsim.native.calling` calls."""
    from llvmlite import binding

    from fwsim.native.bridge import bridge

    compiled.library._ensure_finalized()
    module = compiled.library._final_module
    convention = compiled.target_context.call_conv
    kind = convention.get_function_type(compiled.signature.return_type, compiled.signature.args)
    bridging = binding.parse_assembly(str(bridge(symbol, compiled.fndesc.llvm_func_name, kind, arguments)))
    bridging.data_layout, bridging.triple = module.data_layout, module.triple
    bridging.verify()
    module.link_in(bridging)
    for one in (*module.functions, *module.global_variables):
        if one.is_declaration:
            if one.name not in RUNTIME and not one.name.startswith("llvm."):
                raise RuntimeError(f"{symbol} needs {one.name}, which is not there without Numba")
        elif one.name != symbol:
            one.linkage = "internal"
    machine_code: bytes = compiled.target_context.codegen()._tm.emit_object(module)
    return machine_code
