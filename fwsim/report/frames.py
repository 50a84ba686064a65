"""Frames and their decisions as JSON lines and as CSV, one record per captured frame.

Read first: `fwsim.report.cells`. In a comparison the decision stands twice, under `stateless` and `stateful` (JSON) or
with these words and a dot before the field's name (CSV).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fwsim.harmless import csv_cell
from fwsim.naming import DECISION_FIELDS, FRAME_FIELDS, NAT, NAT_FIELDS, Naming
from fwsim.report.cells import Cells, Rows

_DECISION = ",".join(f'"{name}":%s' for name in DECISION_FIELDS)
_NAT = f',"{NAT}":' + "{" + ",".join(f'"{name}":%s' for name in NAT_FIELDS) + "}"


class JsonLines:
    """Frames as JSON, one object per line."""

    quote = '"'
    ending = "}\n"

    def __init__(self, modes: Sequence[str], naming: Naming) -> None:
        """`modes` are those that the run has decisions of."""
        self.modes = modes
        self.cells = Cells(_json, naming)
        self.shape = _DECISION if len(modes) == 1 else "{" + _DECISION
        self.closing = "" if len(modes) == 1 else "}"
        self.line = _line(self)

    def opening(self, name: str) -> str:
        """What stands before a field, or before the decision of a mode."""
        if name in self.modes and len(self.modes) == 1:
            return ","
        return ("{" if name == FRAME_FIELDS[0] else ",") + f'"{name}":'

    def header(self) -> str:
        """Nothing stands before the first frame."""
        return ""

    def lines(self, batch: Any, rows: Rows) -> str:
        """The selected rows of a batch."""
        return _joined(self, batch, rows)

    def decision(self, values: list[str]) -> str:
        """One decision from its encoded values, without its end."""
        return self.shape % tuple(values)

    def departure(self, values: list[str] | None) -> str:
        """The end of a decision: how the packet left, if it was translated."""
        return (f',"{NAT}":{self.cells.nothing}' if values is None else _NAT % tuple(values)) + self.closing


class Csv:
    """Frames as CSV (RFC 4180, but lines end with a newline only), with a header."""

    quote = ""
    ending = "\n"

    def __init__(self, modes: Sequence[str], naming: Naming) -> None:
        """As `JsonLines`."""
        self.modes = modes
        self.cells = Cells(csv_cell, naming)
        self.line = _line(self)

    def opening(self, name: str) -> str:
        """A comma, but before the first field."""
        return "" if name == FRAME_FIELDS[0] else ","

    def header(self) -> str:
        """The names of the columns."""
        prefixes = [f"{mode}." for mode in self.modes] if len(self.modes) > 1 else [""]
        fields = (*DECISION_FIELDS, *(f"{NAT}.{name}" for name in NAT_FIELDS))
        return ",".join([*FRAME_FIELDS, *(prefix + name for prefix in prefixes for name in fields)]) + "\n"

    def lines(self, batch: Any, rows: Rows) -> str:
        """The selected rows of a batch."""
        return _joined(self, batch, rows)

    def decision(self, values: list[str]) -> str:
        """One decision from its encoded values, without its end."""
        return ",".join(values)

    def departure(self, values: list[str] | None) -> str:
        """The end of a decision: how the packet left, if it was translated."""
        return "," * len(NAT_FIELDS) if values is None else "".join(f",{value}" for value in values)


def _line(format_: JsonLines | Csv) -> str:
    """A line with a place for each field of a frame and for each decision."""
    fields = [
        f"{format_.opening(name)}{format_.quote}%s{format_.quote}" if name == "ts" else f"{format_.opening(name)}%s"
        for name in FRAME_FIELDS
    ]
    return "".join(fields + [f"{format_.opening(mode)}%s%s" for mode in format_.modes]) + format_.ending


def _joined(format_: JsonLines | Csv, batch: Any, rows: Rows) -> str:
    """The lines of the selected rows, as one text."""
    frames = format_.cells.frame(batch, rows)
    decisions = []
    for mode in format_.modes:
        decisions.append(format_.cells.decisions(batch, rows, mode, format_.decision))
        decisions.append(format_.cells.departures(batch, rows, mode, format_.departure))
    line = format_.line
    return "".join(
        [line % (frame + decision) for frame, decision in zip(frames, zip(*decisions, strict=True), strict=True)]
    )


def _json(value: Any) -> str:
    """A value as compact JSON, in ASCII."""
    return json.dumps(value, separators=(",", ":"))
