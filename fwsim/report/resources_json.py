"""`compare --resources --format json`: what keeping state costs and buys, as an object, and its schema.

Read first: `fwsim.report.resources`. All but `this_machine` depends on nothing but the packets and the ruleset.
"""

from __future__ import annotations

from typing import Any

from fwsim.report.about import About
from fwsim.report.cells import seconds_text
from fwsim.report.resources import bought, evaluated, memory, peak_reached
from fwsim.report.tally import Tally
from fwsim.resources.meter import Measured
from fwsim.resources.stopwatch import Speed
from fwsim.resources.timeline import MOST, Point
from fwsim.terms import EVIDENCE_GROUPS

Object = dict[str, Any]

COUNTS = ("live", "opened", "expired", "closed", "evicted", "refused")


def resources_object(measured: Measured, tally: Tally, about: About) -> Object:
    """The whole object."""
    found = bought(tally)
    return {
        "tracking": about.tracking,
        "connections": _connections(measured) if about.tracking else None,
        "bytes": _bytes(measured) if about.tracking else None,
        "look_ups": _look_ups(measured) if about.tracking else None,
        "rules_tried": {
            "packets": evaluated(tally),
            **{mode: tally.hits[mode].tried for mode in tally.modes},
        },
        "state_blocks": {"packets": sum(found.blocked.values()), "by_evidence": found.blocked},
        "state_admits": {"packets": sum(found.admitted.values()), "by_evidence": found.admitted},
        "this_machine": {
            "packets_per_second": {mode: _speed(measured.speeds.get(mode)) for mode in tally.modes},
            "shards": measured.shards,
            "bytes_held": {"connections": measured.held, "refused_openings": measured.ghosts},
        },
    }


def _connections(measured: Measured) -> Object:
    """Connections over time."""
    return {
        "limit": measured.limit or None,
        "peak": measured.end.peak,
        "peak_by": seconds_text(peak_reached(measured)) if measured.end.peak else None,
        "begin": seconds_text(measured.begin),
        "bucket_ns": measured.width,
        "points": [_point(point) for point in measured.points],
    }


def _point(point: Point) -> Object:
    """The table at a time, and what had happened by then."""
    return {"ts": seconds_text(point.at)} | {name: getattr(point, name) for name in COUNTS}


def _bytes(measured: Measured) -> Object:
    """What connections take."""
    taken = memory(measured)
    return {"per_connection": taken.each, "peak": taken.peak, "limit": taken.full}


def _look_ups(measured: Measured) -> Object:
    """How often the table was searched."""
    return {"packets": measured.packets, "stateless": 0, "stateful": measured.searches}


def _speed(speed: Speed | None) -> Object | None:
    """How fast a mode was."""
    if speed is None:
        return None
    return {
        "packets_per_second": speed.per_second, "compiled": speed.compiled,
        "packets": speed.packets, "nanoseconds": speed.nanoseconds,
    }  # fmt: skip


# --- the schema ------------------------------------------------------------------------------------------------------

NUMBER: Object = {"type": "integer", "minimum": 0}
TIME: Object = {"type": "string", "pattern": r"^\d+\.\d{9}$", "description": "seconds since 1970"}


def resources_schema() -> Object:
    """The schema of the object that stands under `resources`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fwsim: what state costs, and what it buys",
        "description": "What stands under resources in compare --resources --format json. Costs are of all packets, "
        "whatever is selected; rules tried and what state blocks and admits are of the selected ones.",
        **_fields(
            tracking={"type": "boolean", "description": "false: no rule asks for the connection, and none is kept"},
            connections=_or_null(_connections_schema()),
            bytes=_or_null(
                _fields(per_connection=NUMBER, peak=NUMBER, limit=_or_null(NUMBER)),
                "rows of the connection table, two hash buckets included; peak and limit: with as many connections",
            ),
            look_ups=_or_null(
                _fields(packets=NUMBER, stateless=NUMBER, stateful=NUMBER),
                "searches of the connection table, told from what became of the packets (a datagram in fragments is "
                "one); what translation of addresses asks is not in it",
            ),
            rules_tried=_fields(packets=NUMBER, stateless=NUMBER, stateful=NUMBER),
            state_blocks=_bought_schema("that stateless admits"),
            state_admits=_bought_schema("that stateless blocks"),
            this_machine=_machine_schema(),
        ),
    }


def _fields(**properties: Object) -> Object:
    """An object with exactly these fields."""
    return {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip


def _or_null(schema: Object, description: str = "") -> Object:
    """The same, or null."""
    either: Object = {"anyOf": [schema, {"type": "null"}]}
    return either | ({"description": description} if description else {})


def _connections_schema() -> Object:
    """Connections over time."""
    point = _fields(ts=TIME, **dict.fromkeys(COUNTS, NUMBER)) | {
        "description": "live connections, and counts since the beginning: opened = expired + closed + evicted + live; "
        "refused: packets dropped because the table was full",
    }
    return _fields(
        limit=_or_null(NUMBER, "nf_conntrack_max; null: none"),
        peak=NUMBER,
        peak_by=_or_null(TIME, "the end of the bucket in which it was reached"),
        begin=TIME,
        bucket_ns={"type": "integer", "minimum": 1},
        points={
            "type": "array", "items": point, "minItems": 1, "maxItems": MOST,
            "description": "the ends of the buckets behind the beginning; the last point is that of the last packet",
        },
    )  # fmt: skip


def _bought_schema(rest: str) -> Object:
    """Packets by evidence."""
    groups = ["ordinary traffic", *EVIDENCE_GROUPS, "further fragments"]
    by_evidence = {"type": "object", "propertyNames": {"enum": groups}, "additionalProperties": NUMBER}
    return _fields(packets=NUMBER, by_evidence=by_evidence) | {"description": f"packets {rest}"}


def _machine_schema() -> Object:
    """What is otherwise on another machine."""
    speed = _fields(packets_per_second=NUMBER, compiled={"type": "boolean"}, packets=NUMBER, nanoseconds=NUMBER)
    speeds = _fields(stateless=_or_null(speed), stateful=_or_null(speed))
    return _fields(
        packets_per_second=speeds | {"description": "of one core at work; null: too short to be timed"},
        shards={"type": "integer", "minimum": 1, "description": "whose times are added up"},
        bytes_held=_fields(connections=NUMBER, refused_openings=NUMBER),
    ) | {"description": "as it was in this run, on this machine: otherwise the next time"}
