"""One run at a time: two that went on from the same checkpoint would write into the same output.

A lock is a file beside the checkpoint, locked as long as its holder lives (`flock(2)`): it needs no cleaning up after
`kill -9`. Where there is no `flock` (Windows) nothing is locked.
"""

from __future__ import annotations

import contextlib
import os
from typing import IO

from fwsim.errors import UsageError

SUFFIX = ".lock"
"""Behind the name of the checkpoint."""


def locked(path: str) -> IO[bytes] | None:
    """Lock a checkpoint for this process; raises UsageError if another run has it, or if it cannot be locked."""
    try:
        import fcntl
    except ImportError:
        return None
    while True:
        try:
            file = open(path + SUFFIX, "ab")  # noqa: SIM115 -- closed by `unlock`
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise UsageError(f"{path}: another run is going on with this checkpoint") from None
        if _is_there(path, file):
            return file
        file.close()  # its holder removed it between our opening and our locking it


def _is_there(path: str, file: IO[bytes]) -> bool:
    """Whether the file still has its name."""
    try:
        return os.path.samestat(os.stat(path + SUFFIX), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def unlock(path: str, file: IO[bytes]) -> None:
    """Let others have it."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path + SUFFIX)
    file.close()
