"""The file of a checkpoint: a zip archive of one JSON text and of tables, which is there whole or not at all.

Read first: `write`, `read`. Nothing is compressed, and nothing that is read is executed (no pickle). The archive is
written beside its place and then moved there, so that whoever is killed leaves the one before.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from fwsim.checkpoint.saved import DamagedError, Member
from fwsim.whole_files import PART, part_of, place_of, whole_file

INDEX = "checkpoint.json"
FORMAT = "fwsim checkpoint"
FORMAT_VERSION = 3
"""Of the archive and its tree. Rows of other types than these are refused all the same: `identity.program`."""
MEMBER = "\0member"
"""The key of a dict that stands for a member of the archive; no other dict has it."""
INDEX_MAX = 1 << 26
"""A longer JSON text is no checkpoint's."""


class Stream:
    """Bytes that are written by a function, so that they need not be in memory."""

    def __init__(self, write: Callable[[IO[bytes]], None]) -> None:
        """`write` is called once, with the file to write to."""
        self.write = write


def write(path: str, tree: dict[str, Any]) -> None:
    """Write a tree (`fwsim.checkpoint.saved`) in place of the file, which is safe on the disk when this returns."""
    with (
        whole_file(path, "wb", part=PART, durable=True) as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive,
    ):
        plain = _plain(tree, archive)
        archive.writestr(INDEX, json.dumps({"format": FORMAT, "version": FORMAT_VERSION, "tree": plain}))


def remove(path: str) -> None:
    """There is no checkpoint any more; a link to its place stays."""
    for name in (place_of(path), part_of(path, PART)):
        Path(name).unlink(missing_ok=True)


def _plain(tree: Any, archive: zipfile.ZipFile) -> Any:
    """The tree as JSON has it; tables and bytes go into the archive."""
    if isinstance(tree, dict):
        return {name: _plain(part, archive) for name, part in tree.items()}
    if isinstance(tree, list | tuple):
        return [_plain(part, archive) for part in tree]
    if not isinstance(tree, np.ndarray | bytes | Stream):
        return tree
    number = len(archive.namelist())
    with archive.open(str(number), "w", force_zip64=True) as member:
        if isinstance(tree, Stream):
            tree.write(member)
        else:
            member.write(octets_of(tree).data if isinstance(tree, np.ndarray) else tree)
    return {MEMBER: number}


def octets_of(table: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The bytes of a table."""
    return np.ascontiguousarray(table).reshape(-1).view(np.uint8)


class Opened:
    """A checkpoint that was opened to be read: its tree, whose members are read from the file as long as it is open."""

    def __init__(self, path: str) -> None:
        """Raises DamagedError if the file is none, and OSError if it cannot be read at all."""
        self._file = open(path, "rb")  # noqa: SIM115 -- closed by `__exit__`
        try:
            self._archive = zipfile.ZipFile(self._file)
            self.tree = self._read()
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read(self) -> Any:
        """The tree, its members not in memory; all of them are looked at once, so that later none is damaged."""
        for info in self._archive.infolist():
            if info.compress_type != zipfile.ZIP_STORED:
                raise DamagedError("it is compressed")
        if self._archive.getinfo(INDEX).file_size > INDEX_MAX or self._archive.testzip() is not None:
            raise DamagedError("its bytes are not those that were written")
        index = json.loads(self._archive.read(INDEX))
        if not isinstance(index, dict) or index.get("format") != FORMAT:
            raise DamagedError("it is no checkpoint of fwsim")
        if index.get("version") != FORMAT_VERSION:
            raise DamagedError("it was made by another version of fwsim")
        return self._with_members(index.get("tree"))

    def _with_members(self, plain: Any) -> Any:
        """The tree with its members."""
        if isinstance(plain, list):
            return [self._with_members(part) for part in plain]
        if not isinstance(plain, dict):
            return plain
        if MEMBER not in plain:
            return {name: self._with_members(part) for name, part in plain.items()}
        info = self._archive.getinfo(str(plain[MEMBER]))
        return Member(lambda: self._archive.open(info))
