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

`hot` only registers a function. `compile_engine`, called at most once in a process, puts compiled forms (see
`fwsim.native`) in the place of the `entry` functions, in every module of fwsim that imported them. Everything else
stays plain Python, so that explanations and tests can call it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from fwsim.native import keeping
from fwsim.native.instructions import fetch_line as fetch_line

if TYPE_CHECKING:
    from fwsim.native.translation import Translator

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

    Nothing is compiled yet when this returns: at the first call of a function its machine code is loaded, or made by
    Numba where none is kept. With NUMBA_DISABLE_JIT=1 everything stays as it is.
    """
    global _compiled
    if _compiled or not may_be_compiled():
        return
    from fwsim.native.calling import Native

    _import_all()
    compiled = {function: Native(function, _machine_code) for function in _entries}
    for name, module in list(sys.modules.items()):
        if name.startswith("fwsim."):
            for key, value in list(vars(module).items()):
                if isinstance(value, FunctionType) and value in compiled:
                    setattr(module, key, compiled[value])
    _compiled = True


def may_be_compiled() -> bool:
    """Whether compiling is not forbidden, by Numba's own variable."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") in ("", "0")


def entry_names() -> frozenset[str]:
    """The names of all entry functions."""
    _import_all()
    return frozenset(function.__name__ for function in _entries)


_addresses: dict[str, int] = {}


def _machine_code(function: FunctionType, shape: str, arguments: tuple[Any, ...]) -> int:
    """The address of the machine code of an entry function for arguments of a shape: loaded, or made and kept."""
    from fwsim.native.loading import load

    name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}-{zlib.crc32(shape.encode()):08x}"
    if name not in _addresses:
        _addresses[name] = load(_object_file(function, name, arguments), name)
    return _addresses[name]


def _object_file(function: FunctionType, name: str, arguments: tuple[Any, ...]) -> bytes:
    """The object file of an entry function, with its name as the symbol in it."""
    path = _folder() / f"{name}.o"
    kept = keeping.read(path)
    if kept is not None:
        return kept
    made = _translator().translate(function, name, arguments)
    with contextlib.suppress(OSError):  # it works as well where nothing can be kept
        keeping.write(path, made)
    return made


@cache
def _translator() -> Translator:
    """Numba, which has come to know all hot functions."""
    from fwsim.native.translation import Translator

    _import_all()
    return Translator(_registered, _entries, _shared, _instructions)


def cache_folder() -> Path:
    """Where compiled code is kept; a folder that cannot be written to is replaced by a temporary one."""
    return keeping.usable_folder(_wanted_folder())


_folder = cache(cache_folder)
"""The same, found out once."""


def is_cached(function: str | None = None) -> bool:
    """Whether compiled code of exactly these sources is on disk, of one entry function or of all the engine."""
    folder = _wanted_folder()
    return keeping.is_complete(folder) if function is None else any(folder.glob(f"*.{function}-*.o"))


def _wanted_folder() -> Path:
    """The folder for compiled code, which need not exist."""
    package = Path(__file__).parent
    others = (package.parent / name for name in ("terms.py", "tables.py", *ELSEWHERE))
    return keeping.wanted_folder([*package.glob("*.py"), *others])


def _import_all() -> None:
    """Import every module with hot functions, so that all of these are registered."""
    from importlib import import_module

    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem != "__init__":
            import_module(f"{__name__}.{path.stem}")
    for name in ELSEWHERE:
        import_module(f"fwsim.{name.removesuffix('.py').replace('/', '.')}")
