"""Compile the engine and keep the machine code, if that has not been done: `python -m fwsim.compiler`.

Runs may start it (`fwsim.compiling.child`); it may as well be run by hand, for instance when an image is built. Of
several started at once, one compiles, and the others wait for it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable

from fwsim.compiler.frames import in_one_piece
from fwsim.compiling.child import KEEP_GOING
from fwsim.engine import cache_folder, compile_engine, is_cached
from fwsim.native import keeping

NICE = 5
"""How much the process steps back for others, where there is another core for it."""

LITTER = (20_000, 50, 1000)
"""Thresholds of the garbage collector, which costs an eighth of the time otherwise."""


def main(*arguments: str) -> None:
    """Compile, unless it is done; with `--watched` end as soon as the starter has ended."""
    if "--watched" in arguments:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who watches is told of Ctrl-C, and ends this process
        threading.Thread(target=watch, daemon=True).start()
        step_back()
    folder = cache_folder()
    with keeping.locked(folder):
        if not is_cached():
            in_one_piece(make)()
            keeping.complete(folder)


def make() -> None:
    """Have every entry function compiled, by using it."""
    import numba  # noqa: F401  # before what is there is left out of every garbage collection

    from fwsim.compiler.exercise import exercise

    gc.collect()
    gc.freeze()
    gc.set_threshold(*LITTER)
    compile_engine()
    exercise()


def step_back() -> None:
    """Leave the processor to the run that goes on meanwhile; a single core is shared evenly."""
    nice: Callable[[int], int] | None = getattr(os, "nice", None)
    if nice is not None and (os.cpu_count() or 1) > 1:
        with contextlib.suppress(OSError):
            nice(NICE)


def watch() -> None:
    """End this process when the one that started it closes the pipe or has ended, unless it said to go on."""
    if os.read(0, 1) == KEEP_GOING:  # not through `sys.stdin`, on which the interpreter would wait when it ends
        return
    os._exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
