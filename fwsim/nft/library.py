"""Where included files are found: in the folder of the script, and nowhere else.

Read first: `source`. As nft does when it is run in that folder, every path is taken from the folder of the first
script, also in a file that was included. Unlike nft: a path that leads outside (also through a symbolic link), a file
that includes itself, and more than `MOST_FILES` files are refused, and there is no search in `/etc`.
"""

from __future__ import annotations

import fnmatch
import os
from pathlib import Path

from fwsim.errors import RulesetError

from .source import LARGEST, Source, byte_length, decoded, read_bytes, shown

DEEPEST_INCLUDE = 16
"""Files that may be open at once, as in nft."""

MOST_FILES = 1000
"""Files that may be included in all."""

LONGEST_PATH = 4096
"""Bytes of a path or pattern, as Linux has it."""

MAGIC = frozenset("*?[")


class Library:
    """The files that a script may include."""

    def __init__(self, folder: Path, script: Path | None = None) -> None:
        """`folder` is the folder of the script, whose own file is `script`."""
        self.folder = Path(os.path.realpath(folder))
        self.shown = folder
        self._files = 0
        self._bytes = 0
        self._real: dict[int, str] = {}
        self._script = os.path.realpath(script) if script is not None else ""

    def find(self, pattern: str, source: Source, offset: int) -> list[Source]:
        """The texts that `include "pattern"` at `offset` of `source` means, in the order they are read."""
        if "\0" in pattern or not 0 < byte_length(pattern) <= LONGEST_PATH:
            raise source.error(offset, f"expected the path of a file, of at most {LONGEST_PATH} bytes")
        self._check_depth(source, offset)
        if not MAGIC & set(pattern):
            return [self._read(pattern, source, offset)]
        if ".." in pattern.split("/"):
            raise source.error(offset, f"{shown(pattern)} leads outside the folder of the ruleset")
        found = self._expanded(pattern, source, offset)
        return [self._read(path, source, offset) for path in found if not os.path.isdir(self.folder / path)]

    def _expanded(self, pattern: str, source: Source, offset: int) -> list[str]:
        """The paths that a pattern means, one part after the other: links among folders must not multiply them."""
        found = ["/" if pattern.startswith("/") else ""]
        for part in filter(None, pattern.split("/")):
            before, found = found, []
            for folder in before:
                found += [os.path.join(folder, name) for name in self._names(folder, part)]
                if len(found) > MOST_FILES:
                    raise source.error(offset, f"{shown(pattern)} means more than {MOST_FILES} files, expected fewer")
        return sorted(found)

    def _names(self, folder: str, part: str) -> list[str]:
        """The names in a folder that a part of a pattern means; those with a dot in front only if it says so."""
        if not MAGIC & set(part):
            return [part] if os.path.lexists(self.folder / folder / part) else []
        try:
            names = os.listdir(self.folder / folder)
        except OSError:
            return []
        return [name for name in fnmatch.filter(names, part) if part.startswith(".") or not name.startswith(".")]

    def _check_depth(self, source: Source, offset: int) -> None:
        """Refuse a file too many that is open."""
        depth, above = 1, source.includer
        while above is not None:
            depth, above = depth + 1, above.includer
        if depth >= DEEPEST_INCLUDE:
            raise source.error(offset, f"includes are nested too deeply, expected at most {DEEPEST_INCLUDE} levels")

    def _read(self, path: str, source: Source, offset: int) -> Source:
        """One file as text."""
        real = os.path.realpath(self.folder / path)
        if os.path.commonpath([real, self.folder]) != str(self.folder):
            raise source.error(offset, f"{shown(path)} is outside the folder of the ruleset, expected a file in it")
        above: Source | None = source
        while above is not None:
            if self._real.get(id(above), self._script) == real:
                raise source.error(offset, f"{shown(path)} includes itself, expected a file that does not")
            above = above.includer
        self._files += 1
        if self._files > MOST_FILES:
            raise source.error(offset, f"more than {MOST_FILES} files are included, expected fewer")
        name = os.path.normpath(self.shown / path)
        if os.path.exists(real) and not (os.path.isfile(real) or os.path.isdir(real)):
            raise source.error(offset, f"{shown(path)} is a pipe or a device, expected a file")
        try:
            data = read_bytes(real, name)
        except RulesetError as error:
            raise source.error(offset, f"{shown(path)} {error.problems[0].what}") from None
        self._bytes += len(data)
        if self._bytes > LARGEST:
            raise source.error(offset, f"more than {LARGEST >> 20} MiB are included, expected an nft script")
        found = decoded(name, data, source)
        self._real[id(found)] = real
        return found
