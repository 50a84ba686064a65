"""Where machine code is kept: one folder for each state of the sources, of Numba, and of the machine.

Read first: `fwsim.native`. A folder holds an object file for each entry function (and kind of arguments), and once all
of them are there, a file that says so. Each is written beside its place and moved there, so that none is ever half
there; who compiles for all holds a lock, which the system takes away from a process that dies.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO

KEPT = 3
"""Folders that are kept: the one in use, and the latest others (another version, another checkout)."""

COMPLETE = "complete"
LOCK = "lock"
UNFINISHED = ".unfinished"
CHECKSUM = 4
OURS = re.compile("[0-9a-f]{16}")


def wanted_folder(sources: Sequence[Path]) -> Path:
    """The folder for machine code of these sources, which need not exist."""
    base = os.environ.get("FWSIM_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "fwsim" / _digest(sources)


def usable_folder(wanted: Path) -> Path:
    """The folder, made if need be; a temporary one, while the process runs, if it is incomplete and not writable."""
    if is_complete(wanted):
        return wanted
    import tempfile

    try:
        wanted.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=wanted):
            return wanted
    except OSError:
        folder = _temporary_base() / "fwsim" / wanted.name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


@cache
def _temporary_base() -> Path:
    """A folder for this process only."""
    import shutil
    import tempfile

    base = tempfile.mkdtemp(prefix="fwsim-cache-")
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    return Path(base)


def is_lasting(folder: Path) -> bool:
    """Whether other processes will find a folder again."""
    return _temporary_base.cache_info().currsize == 0 or _temporary_base() not in folder.parents


def _digest(sources: Sequence[Path]) -> str:
    """A digest of all that machine code depends on, without importing Numba."""
    digest = hashlib.sha256()
    for path in (*sorted(sources), *sorted(Path(__file__).parent.glob("*.py"))):
        digest.update(path.read_bytes())
    for library in ("numba", "llvmlite", "numpy"):
        digest.update(_version_of(library))
    digest.update(f"{sys.version} {sys.platform} {os.environ.get('NUMBA_BOUNDSCHECK', '0')}".encode())
    digest.update(_processor())
    return digest.hexdigest()[:16]


def _version_of(library: str) -> bytes:
    """What tells one release of a library from the others, without importing it."""
    found = find_spec(library)
    assert found is not None, f"{library} is not installed"
    assert found.origin is not None
    folder = Path(found.origin).parent
    return b"".join(path.read_bytes() for name in ("_version.py", "version.py") if (path := folder / name).exists())


def _processor() -> bytes:
    """The processor and what it can do, as far as that is known without asking LLVM."""
    try:
        with open("/proc/cpuinfo", "rb") as description:
            first = description.read(1 << 14).split(b"\n\n")[0]
    except OSError:
        import platform

        return f"{platform.machine()} {platform.processor()}".encode()
    telling = (b"vendor_id", b"cpu family", b"model", b"stepping", b"flags", b"Features", b"CPU ")
    return b"\n".join(line for line in first.splitlines() if line.startswith(telling))


def write(path: Path, content: bytes) -> None:
    """Write a file that is there as a whole or not at all; its content is what `read` gives."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}{UNFINISHED}")
    unfinished.write_bytes(_checksum(content) + content)
    os.replace(unfinished, path)


def read(path: Path) -> bytes | None:
    """The content of a file; None if it cannot be read, or is damaged, which LLVM would not survive."""
    try:
        stored = path.read_bytes()
    except OSError:
        return None
    content = stored[CHECKSUM:]
    return content if stored[:CHECKSUM] == _checksum(content) else None


def _checksum(content: bytes) -> bytes:
    """What tells a damaged file."""
    return zlib.crc32(content).to_bytes(CHECKSUM, "big")


def is_complete(folder: Path) -> bool:
    """Whether the machine code of all entry functions is there."""
    return (folder / COMPLETE).exists()


def complete(folder: Path) -> None:
    """Say that all is there, and remove what is not needed any more."""
    write(folder / COMPLETE, b"")
    remove_old(folder)


def remove_old(current: Path) -> None:
    """Remove what a compile that was killed left behind, and all folders but the current one and the latest others."""
    import shutil

    for unfinished in current.glob(f"*{UNFINISHED}"):
        unfinished.unlink(missing_ok=True)
    others = [path for path in current.parent.iterdir() if path != current and OURS.fullmatch(path.name)]
    others = [path for path in others if path.is_dir() and not path.is_symlink()]
    for path in sorted(others, key=_age)[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)


def _age(folder: Path) -> float:
    """The later, the less."""
    try:
        return -folder.stat().st_mtime
    except OSError:
        return 0.0


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder; wait for who has it. The file names the process, for people."""
    with open(folder / LOCK, "a+") as file:
        _lock(file)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


if sys.platform == "win32":

    def _lock(file: IO[str]) -> None:
        """Lock a file until it is closed, or the process has ended."""
        import msvcrt
        import time

        while True:
            try:
                file.seek(0)
                return msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            except OSError:
                time.sleep(0.5)

else:

    def _lock(file: IO[str]) -> None:
        """Lock a file until it is closed, or the process has ended."""
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)
