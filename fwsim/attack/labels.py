"""Labels of forged packets: as comments in the capture, or in a file of their own.

Read first: `comment_of`. The form is stable: `fwsim:attack=NAME`, then `key=value` pairs with `;` between them, in
the order of `KEYS`; a value has no `;`. The file is CSV with the columns of `COLUMNS`; frames count from 1, as in
Wireshark.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import IO

from fwsim.attack.model import Forged
from fwsim.harmless import csv_cell

PREFIX = "fwsim:"
KEYS = ("attack", "style", "id", "knows", "victim", "before-rfc5961", "by-rfc5961")
"""The family; in which style; which attack of the family, from 1; what its attacker knows; the connection that it aims
at, as `10.1.4.23:51822>203.0.113.80:443`, opener first, or nothing; and what it would do to the host (`Effect`)."""
COLUMNS = ("file", "frame", *(key.replace("-", "_") for key in KEYS))


def values_of(forged: Forged) -> dict[str, str]:
    """What is said of a forged packet, by `KEYS`."""
    values = (
        forged.family, forged.style, str(forged.number), forged.knows.word, forged.victim,
        str(forged.intent.before), str(forged.intent.after),
    )  # fmt: skip
    return dict(zip(KEYS, values, strict=True))


def comment_of(forged: Forged) -> str:
    """The comment of a forged packet."""
    return PREFIX + ";".join(f"{key}={value}" for key, value in values_of(forged).items())


def read_comment(comment: str) -> dict[str, str] | None:
    """What such a comment says, by `KEYS`; None if it is no label."""
    if not comment.startswith(f"{PREFIX}attack="):
        return None
    pairs = (pair.partition("=") for pair in comment.removeprefix(PREFIX).split(";"))
    return {key: value for key, _, value in pairs}


def label_among(comments: Iterable[str]) -> dict[str, str] | None:
    """The label among the comments of a frame, if there is one."""
    return next((label for comment in comments if (label := read_comment(comment)) is not None), None)


class LabelFile:
    """Labels as CSV."""

    def __init__(self, stream: IO[str], file: str) -> None:
        """Begin it; `file` is the name of the capture that it is about."""
        self._stream = stream
        self._file = file
        self._row(COLUMNS)

    def add(self, frame: int, label: dict[str, str]) -> None:
        """The label of a frame."""
        self._row([self._file, frame, *(label.get(key, "") for key in KEYS)])

    def _row(self, cells: Iterable[object]) -> None:
        """A line."""
        self._stream.write(",".join(map(csv_cell, cells)) + "\n")


def read_labels(lines: Iterable[str]) -> dict[int, dict[str, str]]:
    """The labels of a file by the numbers of their frames, as `read_comment` gives them."""
    rows: Iterable[dict[str, str]] = csv.DictReader(lines)
    names: Sequence[tuple[str, str]] = [(key, key.replace("-", "_")) for key in KEYS]
    return {int(row["frame"]): {key: row[name] for key, name in names} for row in rows}
