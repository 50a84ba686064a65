"""The JSON Schema of one line of `--format jsonl`.

Read first: DESIGN section 5 and `fwsim.report.cells`, which writes the fields. Words are taken from the vocabulary, so
that the schema cannot fall behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fwsim.naming import DECISION_FIELDS, DECISION_WORDS, FRAME_FIELDS, NAT, NAT_FIELDS, SIDES
from fwsim.terms import Evidence, word

Schema = dict[str, Any]

_NUMBER: Schema = {"type": ["integer", "null"], "minimum": 0}
_TEXT: Schema = {"type": ["string", "null"]}


def words(those: Iterable[str]) -> Schema:
    """One of these words, or null."""
    return {"enum": [*those, None]}


def _decision_fields() -> Schema:
    """The fields of a decision."""
    fields: Schema = {name: words(those.values()) for name, those in DECISION_WORDS.items()}
    fields |= {"chain": _TEXT, "rule": _TEXT, "line": _NUMBER, "mirror": {"type": "boolean"}}
    return {name: fields[name] for name in DECISION_FIELDS} | {NAT: _nat()}


def _nat() -> Schema:
    """How a packet left."""
    return {
        "type": ["object", "null"],
        "description": "translated ends: how the packet left, or, if it was captured then, how it came in",
        "properties": {"side": {"enum": [*SIDES.values()]}}
        | {name: _TEXT if name in ("src", "dst") else _NUMBER for name in NAT_FIELDS[1:]},
        "required": list(NAT_FIELDS),
        "additionalProperties": False,
    }


def frame_fields() -> Schema:
    """The fields of a frame."""
    fields: Schema = {
        "n": {"type": "integer", "minimum": 1, "description": "number within its file, from 1"},
        "file": {"type": "string"},
        "ts": {"type": "string", "pattern": r"^\d+\.\d{9}$", "description": "seconds since 1970"},
        "len": {"type": "integer", "minimum": 0, "description": "bytes on the wire"},
        "src": _TEXT,
        "dst": _TEXT,
        "proto": {"type": ["string", "integer", "null"], "description": "name, or number if it has none"},
        "flags": {"type": ["string", "null"], "pattern": r"^([FSRP.UEW]+|none)$", "description": "as tcpdump"},
        "iif": _TEXT,
        "oif": _TEXT,
        "evidence": {"type": "array", "items": {"enum": [word(bit) for bit in Evidence if bit]}},
    }
    return {name: fields.get(name, _NUMBER) for name in FRAME_FIELDS}


def frame_schema(modes: tuple[str, ...] = ("stateless", "stateful")) -> Schema:
    """The schema of one line: with two modes the decision stands under each, with one beside the frame's fields."""
    decision = {
        "type": "object",
        "properties": _decision_fields(),
        "required": [*DECISION_FIELDS, NAT],
        "additionalProperties": False,
    }
    properties = frame_fields() | (_decision_fields() if len(modes) == 1 else dict.fromkeys(modes, decision))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fwsim: a frame and what became of it",
        "description": "Null: the frame does not have it, or it cannot be known.",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
