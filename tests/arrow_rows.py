"""Arrow tables as the objects that JSON lines hold, to be compared with them."""

from __future__ import annotations

import json
from typing import Any

from fwsim.report.cells import seconds_text


def objects_of(table: Any) -> list[dict[str, Any]]:
    """The rows, with times as JSON lines write them."""
    times = table.column("ts").to_numpy().view("int64").tolist()
    rows: list[dict[str, Any]] = table.drop_columns(["ts"]).to_pylist()
    return [row | {"ts": seconds_text(time)} for row, time in zip(rows, times, strict=True)]


def objects_in(lines: str) -> list[dict[str, Any]]:
    """The objects of JSON lines; a protocol without a name is text in Arrow, which has one type for a column."""
    objects: list[dict[str, Any]] = [json.loads(line) for line in lines.splitlines()]
    return [one | {"proto": None if one["proto"] is None else str(one["proto"])} for one in objects]
