"""The JSON Schemas of what `--against` writes: the object of `--format json`, and a line of `--format jsonl`.

Read first: `changes_json`, which writes them, and `frame_schema`. Words are taken from the vocabulary.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from fwsim.baseline.changes import TITLES
from fwsim.baseline.kinds import Kind
from fwsim.naming import DECISION_WORDS

from .changes_json import SCHEMA_VERSION
from .frame_schema import frame_fields, words

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NUMBER: Schema = {"type": "integer", "minimum": 0}
TEXT: Schema = {"type": "string"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
CHANGE: Schema = {"enum": list(TITLES.values())}


def closed(properties: Schema) -> Schema:
    """An object with just these properties."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def several(items: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": items}


def of_each_change(schema: Schema) -> Schema:
    """An object with one of these for every kind of change."""
    return closed(dict.fromkeys(TITLES.values(), schema))


def decision_schema() -> Schema:
    """A decision without its packet, then or now."""
    own = [one.name for one in fields(Kind) if one.name != "decider"]
    known = {name: words(DECISION_WORDS[name].values()) for name in own if name in DECISION_WORDS}
    known["mirror"] = {"type": "boolean"}
    line = {"type": ["integer", "null"], "minimum": 0}
    return closed({name: known[name] for name in own} | {"decided_by": TEXT, "line": line})


def line_schema() -> Schema:
    """The schema of a line for a packet that changed."""
    decision = decision_schema()
    properties = frame_fields() | {"change": CHANGE, "was": decision, "now": decision}
    title = "fwsim: a frame, and what becomes of it now instead of then"
    return {"$schema": DIALECT, "title": title} | closed(properties)


def object_schema() -> Schema:
    """The schema of the whole object."""
    properties = {"summary": _summary(), "counts": _counts(), "rules": several(_rule())}
    properties["connections"] = several(_connection())
    title = "fwsim: what another ruleset, or another version, decides otherwise about the same packets"
    return {"$schema": DIALECT, "title": title} | closed(properties)


def _summary() -> Schema:
    """What was compared."""
    capture = closed({"path": TEXT, "sha256": TEXT, "packets": NUMBER})
    return closed(
        {
            "schema_version": {"const": SCHEMA_VERSION}, "fwsim": TEXT, "answer": TEXT,
            "now": closed({"path": TEXT, "sha256": TEXT_OR_NULL, "texts": TEXT}),
            "was": closed({"path": TEXT_OR_NULL, "sha256": TEXT_OR_NULL}), "against": TEXT,
            "captures": several(capture), "complete": {"type": "boolean"},
            "mode": {"enum": ["stateful", "stateless"]}, "selection": TEXT_OR_NULL, "accepted": {"type": "boolean"},
            "notes": several(TEXT),
        }
    )  # fmt: skip


def _counts() -> Schema:
    """How many packets and connections changed."""
    return closed(
        {
            "packets": NUMBER, "changed": NUMBER, "changes": of_each_change(NUMBER),
            "connections": of_each_change(closed({"opening": NUMBER, "later": NUMBER})),
            "packets_of_connections_not_told_apart": NUMBER,
        }
    )  # fmt: skip


def _frames() -> Schema:
    """The first frames of something."""
    return several(closed({"file": TEXT, "n": {"type": "integer", "minimum": 1}}))


def _rule() -> Schema:
    """The rule that decided, and the one that does now."""
    return closed(
        {
            "change": CHANGE, "was": TEXT, "now": TEXT, "packets": NUMBER, "connections": NUMBER,
            "first_frames": _frames(),
        }
    )  # fmt: skip


def _connection() -> Schema:
    """A connection with packets that changed."""
    decision = decision_schema()
    return closed(
        {
            "change": CHANGE, "ends": TEXT, "proto": TEXT, "packets": NUMBER, "opening": {"type": "boolean"},
            "was": decision, "now": decision, "first_frames": _frames(),
        }
    )  # fmt: skip
