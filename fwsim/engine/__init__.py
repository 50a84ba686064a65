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

Uncompiled code may be called at any time. `compile_engine` is called at most once in a process; from then
on the same names are the compiled functions, in every module of fwsim that imported them.
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

_registered: list[FunctionType] = []
_compiled = False


def hot(function: Function) -> Function:
    """Register a function of the hot path; it stays plain Python until `compile_engine`."""
    assert isinstance(function, FunctionType)
    _registered.append(function)
    return function


def is_compiled() -> bool:
    """Whether the hot functions are compiled ones by now."""
    return _compiled


def compile_engine() -> None:
    """Replace every hot function by its compiled form, in all modules that hold it.

    Nothing is compiled yet when this returns: Numba compiles (or loads from its cache) at the first call.
    With NUMBA_DISABLE_JIT=1 everything stays as it is.
    """
    global _compiled
    if _compiled or os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return
    import numba  # the only import of numba: it costs half a second

    _import_all()
    numba.config.CACHE_DIR = str(cache_folder())
    compiled = {id(f): numba.njit(f, nogil=True, cache=True, error_model="numpy", _nrt=False, forceinline=True) for f in _registered}
    for name, module in list(sys.modules.items()):
        if name == "fwsim" or name.startswith("fwsim."):
            for key, value in list(vars(module).items()):
                if id(value) in compiled and isinstance(value, FunctionType):
                    setattr(module, key, compiled[id(value)])
    _compiled = True


def cache_folder() -> Path:
    """Where compiled code is kept: one folder for each state of the sources, Numba and the flags.

    Numba's own cache is unsafe across files: an edited callee leaves its callers stale, and bounds-checked
    code mixes with unchecked code. A folder that cannot be written to is replaced by a temporary one.
    """
    base = os.environ.get("FWSIM_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(base).expanduser() / "fwsim" / _digest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="fwsim-cache-"))
    return folder


def is_cached() -> bool:
    """Whether compiled code of exactly these sources is on disk, so that compiling costs next to nothing."""
    base = os.environ.get("FWSIM_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return (Path(base).expanduser() / "fwsim" / _digest() / "complete").exists()


def _digest() -> str:
    """A digest of all that compiled code depends on, without importing Numba."""
    from importlib.metadata import version

    digest = hashlib.sha256()
    sources = [
        *Path(__file__).parent.glob("*.py"),
        *(Path(__file__).parent.parent / n for n in ("terms.py", "tables.py")),
    ]
    for path in sorted(sources):
        digest.update(path.read_bytes())
    digest.update(f"{version('numba')} {version('numpy')} {sys.version}".encode())
    digest.update(os.environ.get("NUMBA_BOUNDSCHECK", "0").encode())
    return digest.hexdigest()[:16]


def _import_all() -> None:
    """Import every module of the engine, so that all hot functions are registered before they are rebound."""
    from importlib import import_module

    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem != "__init__":
            import_module(f"{__name__}.{path.stem}")
