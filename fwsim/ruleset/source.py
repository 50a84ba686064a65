"""A ruleset's bytes as text: from a path, standard input or an open file, bounded, with encoding mistakes located.

Read first: nothing.
"""

from __future__ import annotations

import os
import re
import sys
from os import PathLike
from typing import IO

from fwsim.errors import Problem, RulesetError

LARGEST = 32 * 1024 * 1024
"""Bytes of a ruleset file; a quarter of a million rules are about that."""

STDIN = "-"

WHOLE = (0, 0)
"""The place of a mistake that concerns the file as a whole."""

BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))

FOREIGN = {
    b"\xd4\xc3\xb2\xa1": "a capture", b"\xa1\xb2\xc3\xd4": "a capture", b"\x4d\x3c\xb2\xa1": "a capture",
    b"\xa1\xb2\x3c\x4d": "a capture", b"\x0a\x0d\x0d\x0a": "a capture", b"\x1f\x8b": "a gzip file",
    b"\x28\xb5\x2f\xfd": "a zstd file", b"\x04\x22\x4d\x18": "an lz4 file",
}  # fmt: skip
"""How files begin that are given as a ruleset by mistake."""

FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""What YAML calls not printable (§5.1)."""


def read_text(source: str | PathLike[str] | IO[str] | IO[bytes]) -> tuple[str, str]:
    """The name of a source in messages, and its text without a byte order mark."""
    if isinstance(source, (str, PathLike)):
        name = os.fspath(source)
        path = "<stdin>" if name == STDIN else name
        data: bytes | str = _read(path, name)
    else:
        path = str(getattr(source, "name", "<input>"))
        data = _read_open(path, source)
    if len(data) > LARGEST:
        raise _error(path, *WHOLE, f"larger than {LARGEST >> 20} MiB, expected a ruleset")
    text = _decoded(path, data) if isinstance(data, bytes) else data.removeprefix("\ufeff")
    found = FORBIDDEN.search(text)
    if found is not None:
        line, column = line_and_column(text, found.start())
        raise _error(path, line, column, f"the control character U+{ord(found[0]):04X} is not allowed, expected text")
    return path, text


def _read(path: str, name: str) -> bytes:
    """The bytes of a file or of standard input."""
    try:
        if name == STDIN:
            return sys.stdin.buffer.read(LARGEST + 1)
        with open(name, "rb") as file:
            return file.read(LARGEST + 1)
    except IsADirectoryError:
        raise _error(path, *WHOLE, "is a directory, expected a ruleset file") from None
    except FileNotFoundError:
        raise _error(path, *WHOLE, "no such file") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _error(path, *WHOLE, f"cannot be read: {why}") from None


def _read_open(path: str, source: IO[str] | IO[bytes]) -> bytes | str:
    """What an open file holds."""
    try:
        return source.read(LARGEST + 1)
    except (OSError, UnicodeError) as error:
        raise _error(path, *WHOLE, f"cannot be read: {error}") from None


def _decoded(path: str, data: bytes) -> str:
    """UTF-8, or UTF-16 if a byte order mark says so."""
    encoding = "utf-8"
    for magic, kind in FOREIGN.items():
        if data.startswith(magic):
            raise _error(path, *WHOLE, f"is {kind}, expected a ruleset in YAML, JSON, nft or iptables")
    for mark, name in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            break
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        line, column = line_and_column(before, len(before))
        raise _error(path, line, column, f"not {encoding.upper()}: {error.reason}") from None


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """Line and column, both from 1, of a position in a text."""
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _error(path: str, line: int, column: int, what: str) -> RulesetError:
    """A single problem as an error."""
    return RulesetError([Problem(path, line, column, what)])
