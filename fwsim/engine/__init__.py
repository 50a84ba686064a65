"""The hot path, and the one decorator that owns its compilation.

The rules of the subset, which every function marked `@hot` obeys:

1. It is Numba nopython code *and* ordinary Python: both give the same decisions, byte for byte.
2. Its data are rows (`row["field"]`) of the tables in `fwsim.tables`, never attributes of objects.
3. Every number is an int64. What is 32 bits on the wire wraps through `fwsim.engine.serial`; no product passes 63 bits.
4. Bytes are read through `fwsim.engine.wire`, which widens them (`b[0] << 8` on a uint8 is 0 uncompiled).
5. It allocates nothing and uses no dict, string or exception. What goes wrong is a `Reason`.
6. It reads no clock: time is `packet["now"]`.
7. A divisor is tested before it divides; an index is known to be inside (compiled code checks none).
8. Several values are returned through a scratch row, not a tuple of many.

`hot` only registers a function. `compile_engine`, called at most once in a process, makes compiled twins of all of
them, in copies of their modules; of those, only the `entry` functions take the place of the plain ones, in every
module of fwsim that imported them. Everything else stays plain Python, so that explanations and tests can call it.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

ELSEWHERE = ("report/digits.py", "report/record_bytes.py")
"""The modules beside the engine that hold hot functions too."""

_registered: list[FunctionType] = []
_entries: set[FunctionType] = set()
_shared: set[FunctionType] = set()
_instructions: dict[FunctionType, Callable[[], Any]] = {}
_compiled = False


def hot(function: Function) -> Function:
    """Register a function of the hot path."""
    assert isinstance(function, FunctionType)
    _registered.append(function)
    return function


def entry(function: Function) -> Function:
    """Register a function of the hot path that is called from outside the engine, with a whole chunk of work."""
    assert isinstance(function, FunctionType)
    _entries.add(function)
    return hot(function)


def shared(function: Function) -> Function:
    """Register a large function of the hot path that is called from several places: once compiled, it is called.

    All others are inlined wherever they are called.
    """
    assert isinstance(function, FunctionType)
    _shared.add(function)
    return hot(function)


def instruction(make: Callable[[], Any]) -> Callable[[Function], Function]:
    """Register a function that does nothing uncompiled, and compiled is what `make` returns, a Numba intrinsic."""

    def register(function: Function) -> Function:
        assert isinstance(function, FunctionType)
        _instructions[function] = make
        return function

    return register


def is_compiled() -> bool:
    """Whether the entry functions are compiled ones by now."""
    return _compiled


def compile_engine() -> None:
    """Replace every entry function by its compiled form, in all modules of fwsim that hold it.

    Nothing is compiled yet when this returns: Numba compiles (or loads from its cache) at the first call.
    With NUMBA_DISABLE_JIT=1 everything stays as it is.
    """
    global _compiled
    if _compiled or os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return
    import numba  # the only import of numba: it costs half a second

    _import_all()
    numba.config.CACHE_DIR = str(cache_folder())
    _optimise_entries_only()
    _index_as_written()
    compiled = _compiled_twins(numba.njit)
    for name, module in list(sys.modules.items()):
        if name.startswith("fwsim."):
            for key, value in list(vars(module).items()):
                if isinstance(value, FunctionType) and value in _entries:
                    setattr(module, key, compiled[value])
    _compiled = True


def _compiled_twins(njit: Callable[..., Any]) -> dict[FunctionType, Any]:
    """A compiled form of every hot function, each calling the compiled forms of the others.

    Two options that make all the difference, measured on the stateful pipeline, nanoseconds a packet: 8,500 with
    neither; 1,300 without reference counts (`_nrt`: each call counted every array of a NamedTuple up and down;
    nothing is allocated here, so nothing needs counting); 150 with everything inlined into the entry functions too.
    """
    spaces: dict[str, dict[str, Any]] = {}
    compiled: dict[FunctionType, Any] = {}
    for function in _registered:
        space = spaces.setdefault(function.__module__, dict(function.__globals__))
        twin = FunctionType(function.__code__, space, function.__name__)
        twin.__qualname__ = function.__qualname__
        is_entry = function in _entries
        dispatcher = njit(
            twin,
            nogil=True,
            error_model="numpy",
            _nrt=False,
            forceinline=not is_entry and function not in _shared,
            no_cpython_wrapper=not is_entry,
            no_cfunc_wrapper=not is_entry,
            cache=is_entry,
        )
        _without_literals(dispatcher)
        compiled[function] = dispatcher
    compiled |= {function: make() for function, make in _instructions.items()}
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


def _optimise_entries_only() -> None:
    """Keep Numba from optimising every function with all that it calls, and their callers with them again, and again.

    What is inlined everywhere is worth optimising only where it ends up: in the entry functions. This reaches into
    Numba; should a release change there, compiling only takes longer, by a factor of two to three.
    """
    from numba.core import codegen

    library = getattr(codegen, "CPUCodeLibrary", None)
    full = getattr(library, "_optimize_final_module", None)
    if library is None or full is None:
        return
    inner = {function.__qualname__ for function in _registered if function not in _entries}

    def optimise(self: Any) -> None:
        if self.name not in inner:
            full(self)

    library._optimize_final_module = optimise


def _index_as_written() -> None:
    """Keep Numba from asking at every index whether it is negative and counts from the end: here none does (rule 7).

    This reaches into Numba; should a release change there, compiled code only runs a little slower.
    """
    from numba.core import types
    from numba.np import arrayobj

    if not hasattr(arrayobj, "fix_integer_index"):
        return

    def as_written(context: Any, builder: Any, kind: Any, index: Any, _size: Any) -> Any:
        return context.cast(builder, index, kind, types.intp if kind.signed else types.uintp)

    arrayobj.fix_integer_index = as_written


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


def cache_folder() -> Path:
    """Where compiled code is kept: one folder for each state of the sources, Numba and the flags.

    Numba's own cache is unsafe across files: an edited callee leaves its callers stale, and bounds-checked
    code mixes with unchecked code. A folder that cannot be written to is replaced by a temporary one.
    """
    folder = _wanted_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="fwsim-cache-"))
    return folder


def is_cached(function: str = "run_stateful") -> bool:
    """Whether compiled code of exactly these sources is on disk, so that compiling costs next to nothing."""
    return any(_wanted_folder().rglob(f"*.{function}-*.nbi"))


def _wanted_folder() -> Path:
    """The folder for compiled code, which need not exist."""
    base = os.environ.get("FWSIM_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "fwsim" / _digest()


def _digest() -> str:
    """A digest of all that compiled code depends on, without importing Numba."""
    from importlib.metadata import version

    digest = hashlib.sha256()
    sources = [
        *Path(__file__).parent.glob("*.py"),
        *(Path(__file__).parent.parent / n for n in ("terms.py", "tables.py", *ELSEWHERE)),
    ]
    for path in sorted(sources):
        digest.update(path.read_bytes())
    digest.update(f"{version('numba')} {version('numpy')} {sys.version}".encode())
    digest.update(os.environ.get("NUMBA_BOUNDSCHECK", "0").encode())
    digest.update(str(Path(__file__).parent).encode())  # Numba keeps code by the path of its source
    return digest.hexdigest()[:16]


def _import_all() -> None:
    """Import every module with hot functions, so that all of these are registered before they are rebound."""
    from importlib import import_module

    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem != "__init__":
            import_module(f"{__name__}.{path.stem}")
    for name in ELSEWHERE:
        import_module(f"fwsim.{name.removesuffix('.py').replace('/', '.')}")
