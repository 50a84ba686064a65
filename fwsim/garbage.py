"""Work that only makes objects which stay: the collector of cyclic garbage need not go through them again and again.

Read first: nothing. Reading and lowering ten thousand rules take a third less without it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector from running meanwhile, here or around a function; it is left as it was."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
