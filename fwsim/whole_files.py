"""Files that are of use only as a whole: each gets its name when it is complete, and what was there stays until then.

Read first: `whole_file`; `read_whole` reads such a file, if it is one. A link is followed, so that it stays one. A pipe
or a device is no file that another could take the place of: it is written to as it is.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

PART = ".part"
"""Behind the name of a file while it is being written."""
STREAMS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")
"""Where files have names that stand for what a process has open."""


LARGEST = 1 << 26
"""Bytes: a longer file was not written by us."""


def read_whole(path: str, largest: int = LARGEST) -> bytes:
    """All of a file, or of a pipe; raises OSError, also if it does not end (`/dev/full`)."""
    with open(path, "rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    return content


def may_be_replaced(path: str) -> bool:
    """Whether another file may take the place of what is there."""
    if os.path.abspath(path).startswith(STREAMS):
        return False
    return not os.path.exists(path) or os.path.isfile(path)


def part_of(path: str, name: str | None = None) -> str:
    """Where a file is while it is being written: beside its place, under a name of this process if none is given."""
    return place_of(path) + (f".{os.getpid()}{PART}" if name is None else name)


def place_of(path: str) -> str:
    """Where a path leads to."""
    return os.path.realpath(path) if os.path.islink(path) else path


@contextmanager
def whole_file(
    path: str, mode: str = "w", *, part: str | None = None, durable: bool = False, **how: Any
) -> Iterator[IO[Any]]:
    """The file to write to; it takes the place of what is there when all went well, else it is removed.

    `durable`: it is safe on the disk then. `part` is what its name ends with until then. Raises OSError.
    """
    if not may_be_replaced(path):
        with open(path, mode, **how) as file:
            yield file
        return
    real, unfinished = place_of(path), part_of(path, part)
    if os.path.exists(real) and not os.access(real, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    file = open(unfinished, mode, **how)  # noqa: SIM115 -- closed just below, and removed if that fails
    try:
        with file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        if os.path.exists(real):
            shutil.copymode(real, unfinished)
        os.replace(unfinished, real)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(unfinished)
    if durable:
        _sync_folder(real)


def _sync_folder(path: str) -> None:
    """Make the new name safe on the disk too, where folders can be opened."""
    if os.name == "posix":
        folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
