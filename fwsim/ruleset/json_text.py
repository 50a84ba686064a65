"""JSON text (RFC 8259) as the events that YAML text has, so that the same builder gives both their places.

Read first: nothing. JSON is nearly a part of YAML 1.2, but PyYAML's parser refuses some of it (surrogate escapes,
long keys). Validity is the standard library's judgement; the tokens of valid JSON then need no grammar.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from json import decoder
from typing import Any, cast

import yaml

read_string: Callable[[str, int, bool], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]

TOKEN = re.compile(r'[\[\]{}"]|[^\s\[\]{},:"]+')


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the text: offset, line and column from 0."""

    index: int
    line: int
    column: int


def is_json(text: str) -> bool:
    """Whether the text is a JSON object or array."""
    if text.lstrip(" \t\n\r")[:1] not in ("{", "["):
        return False
    try:
        # Numbers stay text: Python refuses to convert very long ones, and NaN is not JSON.
        json.loads(text, parse_int=str, parse_float=str, parse_constant=_refused)
    except (ValueError, RecursionError):
        return False
    return True


def _refused(name: str) -> None:
    """NaN and Infinity, which Python's reader knows and JSON does not."""
    raise ValueError(name)


def json_events(text: str) -> Iterator[Any]:
    """The events of a valid JSON text."""
    line, line_start, position = 0, 0, 0
    while True:
        found = TOKEN.search(text, position)
        if found is None:
            return
        first = found.start()
        line += text.count("\n", position, first)
        line_start = max(line_start, text.rfind("\n", position, first) + 1)
        mark = Mark(first, line, first - line_start)
        token = found[0]
        position = found.end()
        if token == '"':
            value, position = read_string(text, position, True)
            yield _scalar(value, mark, position, '"')
        elif token in "[]{}":
            yield _bracket(token, mark)
        else:
            yield _scalar(token, mark, position, None)


def _scalar(value: str, mark: Any, end: int, style: str | None) -> Any:
    """A string, or a number or constant as a plain scalar."""
    return yaml.ScalarEvent(None, None, (True, False), value, mark, cast("Any", Mark(end, mark.line, 0)), style)


def _bracket(token: str, mark: Any) -> Any:
    """The beginning or end of an object or array."""
    end: Any = Mark(mark.index + 1, mark.line, mark.column + 1)
    if token == "{":
        return yaml.MappingStartEvent(None, None, True, mark, end, flow_style=True)
    if token == "[":
        return yaml.SequenceStartEvent(None, None, True, mark, end, flow_style=True)
    return (yaml.MappingEndEvent if token == "}" else yaml.SequenceEndEvent)(mark, end)
