"""Statements that count: counter, quota, limit, ct count, last, as rules, sets and elements have them.

Read first: `members`, `fwsim.nft.rule_tree`. Each function takes the statement and what stands behind its key. Uses by
name are in `statements`.
"""

from __future__ import annotations

from collections.abc import Callable

from fwsim.nft.durations import UNITS
from fwsim.nft.rule_tree import ConnectionLimit, Counter, Last, Limit, Quota, Statement
from fwsim.nft.stateful import TIME_UNITS

from .located import Json
from .members import Members, boolean, integer, is_null, members, needed, one_of, unsigned

RATE_KEYS = ("rate", "per", "burst", "rate_unit", "burst_unit", "inv")
DEFAULT_BURST = {"packets": 5, "bytes": 0}
"""What nft prints in JSON where its text says nothing; both mean it if nothing is said."""


def counter(found: Json, inside: Json) -> Counter:
    """`{"counter": null}`, `{"counter": {"packets": 1, "bytes": 2}}`."""
    if is_null(inside):
        return Counter(found.source, found.start, found.end)
    held = members(inside, ("packets", "bytes"), "packets and bytes")
    packets, size = (unsigned(needed(inside, held, key)) for key in ("packets", "bytes"))
    return Counter(found.source, found.start, found.end, packets, size)


def quota(found: Json, inside: Json) -> Quota:
    """`{"quota": {"val": 25, "val_unit": "mbytes", "inv": true}}`."""
    held = members(inside, ("val", "val_unit", "used", "used_unit", "inv"), "val")
    amount = unsigned(needed(inside, held, "val")) * _unit(held, "val_unit")
    used = unsigned(held["used"]) * _unit(held, "used_unit") if "used" in held else 0
    return Quota(found.source, found.start, found.end, boolean(held.get("inv")), amount, used)


def _unit(held: Members, key: str) -> int:
    """Bytes of a unit; bytes if none was told."""
    return UNITS[one_of(held[key], UNITS, "bytes, kbytes or mbytes")] if key in held else 1


def limit(found: Json, inside: Json) -> Limit:
    """`{"limit": {"rate": 10, "per": "second", "burst": 5}}`."""
    return rate(found, inside, members(inside, RATE_KEYS, "rate and per"))


def rate(found: Json, inside: Json, held: Members) -> Limit:
    """The rate that a limit, in a rule or with a name, tells."""
    amount = unsigned(needed(inside, held, "rate"))
    per = one_of(needed(inside, held, "per"), TIME_UNITS, "second, minute, hour, day or week")
    known = ("packets", *UNITS)
    told = one_of(held["rate_unit"], known, "packets, bytes, kbytes or mbytes") if "rate_unit" in held else "packets"
    unit = "packets" if told == "packets" else "bytes"
    burst = unsigned(held["burst"]) if "burst" in held else DEFAULT_BURST[unit]
    if unit == "bytes":
        amount, burst = amount * UNITS[told], burst * _unit(held, "burst_unit")
    shown = None if burst == DEFAULT_BURST[unit] else burst
    return Limit(found.source, found.start, found.end, boolean(held.get("inv")), amount, unit, per, shown)


def connection_limit(found: Json, inside: Json) -> ConnectionLimit:
    """`{"ct count": {"val": 10, "inv": true}}`."""
    held = members(inside, ("val", "inv"), "val")
    count = integer(needed(inside, held, "val"))
    return ConnectionLimit(found.source, found.start, found.end, boolean(held.get("inv")), count)


def last(found: Json, inside: Json) -> Last:
    """`{"last": null}`, `{"last": {"used": 5000}}` (nft 1.0.7 and later), in milliseconds."""
    if is_null(inside):
        return Last(found.source, found.start, found.end, "never")
    held = members(inside, ("used",), "used")
    used = f"{integer(needed(inside, held, 'used'), 'a number of milliseconds', 1 << 60)}ms"
    return Last(found.source, found.start, found.end, used)


STATEFUL: dict[str, Callable[[Json, Json], Statement]] = {
    "counter": counter, "quota": quota, "limit": limit, "ct count": connection_limit, "last": last,
}  # fmt: skip
"""Statements that sets and elements may carry, by their key."""
