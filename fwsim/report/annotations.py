"""What was decided about a frame as a comment in a capture, to be searched for in Wireshark.

Read first: `fwsim.report.cells`. The form is stable: `fwsim:` and then, each with a semicolon behind it, the verdict of
each mode (`stateful=drop;`), what is known of that decision (`stateful.rule=broken;`), the connection, and each word of
evidence. So `frame.comment contains "stateful=drop;"` selects exactly the frames that are dropped: in names that others
have written, `%`, `=` and `;` are written as in a URL, and so is `=` in a comment of the capture that reads like ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from fwsim.harmless import safe
from fwsim.naming import DECISION_FIELDS, FRAME_FIELDS, Naming
from fwsim.report.cells import Cells, Rows

PREFIX = "fwsim: "
OURS = "%=;"
"""Letters that have a meaning here."""
NOTHING = "none"
LIKE_OURS = re.compile(r"(?:stateless|stateful|connection|evidence)[\w.]*=|^fwsim: .*=", re.IGNORECASE | re.DOTALL)
"""What a filter might be asked for; those of Wireshark may disregard case."""
CONNECTION, EVIDENCE = FRAME_FIELDS.index("connection"), FRAME_FIELDS.index("evidence")


class Annotations:
    """Comments for the frames of a run."""

    def __init__(self, modes: Sequence[str], naming: Naming) -> None:
        """`modes` are those that the run has decisions of."""
        self.modes = modes
        self.cells = Cells(_text, naming)

    def of(self, batch: Any, rows: Rows) -> list[str]:
        """A comment for each of some rows of a batch."""
        decided = [
            self.cells.decisions(batch, rows, mode, lambda values, mode=mode: _decision(mode, values))  # type: ignore[misc]
            for mode in self.modes
        ]
        return [
            PREFIX + " ".join([*of_modes, *_about(str(frame[CONNECTION]), frame[EVIDENCE])])
            for frame, of_modes in zip(self.cells.frame(batch, rows), zip(*decided, strict=True), strict=True)
        ]

    def by_row(self, batch: Any, rows: npt.NDArray[np.intp]) -> dict[int, list[str]]:
        """All comments of some rows of a batch, by row: those that they had, and last the one that is ours."""
        had = batch.comments
        told = zip(rows.tolist(), self.of(batch, rows), strict=True)
        return {row: [*map(foreign, had.get(row, ())), comment] for row, comment in told}


def foreign(comment: str) -> str:
    """A comment of the capture's own: one that could be taken for ours gets `%3D` for its equals signs."""
    return comment.replace("=", quote("=")) if LIKE_OURS.search(comment) else comment


def said(name: str, value: str) -> str:
    """What stands in a comment where a name has this value."""
    return f"{name}={_text(value)};"


def _decision(mode: str, values: Sequence[str]) -> str:
    """A decision; what it does not have is left out."""
    verdict, *others = zip(DECISION_FIELDS, values, strict=True)
    told = [f"{mode}={verdict[1]};"]
    return " ".join(told + [f"{mode}.{name}={value};" for name, value in others if value and value != NOTHING])


def _about(connection: str, evidence: str) -> list[str]:
    """What both modes know."""
    return ([f"connection={connection};"] if connection else []) + [f"evidence={word};" for word in evidence.split()]


def _text(value: Any) -> str:
    """A value without the letters that separate values; nothing, and what is not so, is empty."""
    if value is None or value is False:
        return ""
    if isinstance(value, list):
        return " ".join(value)
    return "yes" if value is True else "".join(quote(sign) if sign in OURS else sign for sign in safe(str(value)))
