"""What a checkpoint belongs to: this program, and the files that the run has read.

Read first: `Mark`. A capture may have grown since, by what is behind the place that the run had come to; what is before
that must be what it was, as far as its first and its last mebibyte tell.
"""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fwsim.capture import Captures
from fwsim.capture.merging import Merge
from fwsim.capture.reader import Reader
from fwsim.checkpoint.saved import Saved

LOOKED_AT = 1 << 20
"""Bytes at the beginning, and before the place, that are looked at."""


@lru_cache(maxsize=1)
def program() -> str:
    """A digest of the program's sources: what one version saved, no other goes on with."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_regular(path: str) -> bool:
    """Whether a path is that of a file that can be read again, from any place."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def digest_of(path: str) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@dataclass(frozen=True)
class Mark:
    """A file up to a place: the SHA-256 of its first bytes, and of those before the place."""

    place: int
    first: str
    last: str

    @classmethod
    def of(cls, path: str, place: int) -> Mark:
        """The mark of a file; if it is shorter than `place`, some other mark."""
        with open(path, "rb") as file:
            first = hashlib.sha256(file.read(min(place, LOOKED_AT))).hexdigest()
            file.seek(max(place - LOOKED_AT, 0))
            return cls(place, first, hashlib.sha256(file.read(min(place, LOOKED_AT))).hexdigest())

    def save(self) -> dict[str, object]:
        """As it is saved."""
        return {"place": self.place, "first": self.first, "last": self.last}

    @classmethod
    def saved(cls, saved: Saved) -> Mark:
        """As it was saved."""
        return cls(saved.number("place", 0), saved.text("first"), saved.text("last"))

    def fits(self, path: str) -> bool:
        """Whether a file is the one that was marked, up to that place."""
        try:
            return os.path.getsize(path) >= self.place and Mark.of(path, self.place) == self
        except OSError:
            return False


def marks(captures: Captures) -> list[Mark | None]:
    """The captures as far as they have been read; None for those that were not opened yet."""
    source = captures.source
    heads = [head.source for head in source.heads] if isinstance(source, Merge) else [source]
    places = {reader.number: reader.stored.consumed for reader in heads if isinstance(reader, Reader)}
    return [
        Mark.of(file.path, places.get(number, os.path.getsize(file.path))) if file.format else None
        for number, file in enumerate(captures.files)
    ]
