"""States as JSON: all that a run needs to go on as if it had not stopped.

Read first: `fwsim.states.model`. One line for each connection, times in seconds with nine decimals. Keys that are not
known are refused; those that may be missing are told in `OPTIONAL`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from fwsim.naming import STATE_WORDS
from fwsim.states.model import (
    BITS,
    GRE,
    ICMPS,
    NAMES,
    NUMBERS,
    OF_SIDE,
    STATES,
    WITH_PORTS,
    Entry,
    Fields,
    State,
    address,
    inverse_of,
    translated,
    tuple_of,
)  # fmt: skip
from fwsim.tables import EXPECTATION
from fwsim.terms import ABSENT, UNKNOWN_VALUE

FORMAT = "fwsim connections"
VERSION = 1
LAST = (
    "last_direction", "last_index", "last_seq", "last_ack", "last_end", "last_win", "last_wscale", "last_flags",
    "retrans",
)  # fmt: skip
"""Fields of CONNECTION about the last packet of TCP."""
READ = tuple(name for name in EXPECTATION.names or () if name not in ("older", "newer"))
REQUIRED = ("proto", "original", "left")
OPTIONAL = ("reply", "state", "status", "mark", "timeout", "age", "windows", "last", "helper")
NANOSECONDS = 1_000_000_000
YEARS = 1 << 62
"""More ns than any time has."""
ID = 0xFFFF
NUMBER = 0xFFFFFFFF
BOUNDS = {
    **dict.fromkeys(("end", "maxend", "maxwin", "maxack", "last_seq", "last_ack", "last_end", "last_win"), (0, NUMBER)),
    **dict.fromkeys(("flags", "last_flags", "retrans"), (0, 0xFF)), "scale": (0, 14), "last_wscale": (-1, 14),
    "last_direction": (-1, 2), "last_index": (-1, 8), "expects": (0, 2), "direction": (0, 1), "follows": (0, 1),
    **dict.fromkeys(("port", "saved"), (UNKNOWN_VALUE, ID)), "expires": (0, YEARS),
    **dict.fromkeys(("line00", "line01", "line10", "line11"), (ABSENT, NUMBER)),
    **dict.fromkeys(("turn0", "turn1"), (0, NUMBER)),
    **dict.fromkeys(("before0", "after0", "before1", "after1"), (-NUMBER, NUMBER)),
}  # fmt: skip
"""What the numbers of windows, last packets and helpers may be."""


def seconds(nanoseconds: int) -> str:
    """Nanoseconds as seconds, exactly."""
    sign = "-" if nanoseconds < 0 else ""
    whole, rest = divmod(abs(nanoseconds), NANOSECONDS)
    return f"{sign}{whole}.{rest:09d}"


def json_lines(state: State) -> Iterator[str]:
    """A state, line by line."""
    at = None if state.at_ns is None else seconds(state.at_ns)
    head = json.dumps({"format": FORMAT, "version": VERSION, "at": at})
    yield f'{head[:-1]}, "connections": ['
    last = len(state.entries) - 1
    for number, entry in enumerate(state.entries):
        yield f"\n {json.dumps(record(entry))}{',' if number < last else ''}"
    yield "\n]}\n"


def record(entry: Entry) -> dict[str, Any]:
    """A connection as an object."""
    found: dict[str, Any] = {
        "proto": NAMES.get(entry.proto, entry.proto),  # type: ignore[call-overload]
        "original": _tuple(entry.original),
        "reply": _tuple(entry.reply),
        "left": seconds(entry.left_ns),
        "status": [name for name, bit in BITS.items() if entry.status & bit],
        "mark": entry.mark,
        "timeout": seconds(entry.timeout_ns),
        "age": seconds(entry.age_ns),
    }
    if entry.proto in STATE_WORDS:
        found["state"] = STATE_WORDS[entry.proto][entry.state]
        found["windows"] = None if entry.sides is None else list(entry.sides)
        found["last"] = entry.last
    if entry.expectation is not None:
        found["helper"] = entry.expectation
    return found


def _tuple(fields: Fields) -> dict[str, Any]:
    """A tuple as an object."""
    found: dict[str, Any] = {end: address(fields, end) for end in ("src", "dst")}
    return found | dict(zip(_ids(fields["proto"]), _told(fields), strict=False))


def _ids(proto: int) -> tuple[str, ...]:
    """What the ids of a tuple are called."""
    if proto in WITH_PORTS:
        return "sport", "dport"
    return ("type", "code", "id") if proto in ICMPS else ("srckey", "dstkey") if proto == GRE else ()


def _told(fields: Fields) -> tuple[int, ...]:
    """The ids of a tuple as they are told."""
    if fields["proto"] in ICMPS:
        return fields["dst_id"] >> 8, fields["dst_id"] & 255, fields["src_id"]
    return fields["src_id"], fields["dst_id"]


# --- reading -------------------------------------------------------------------------------------------------------


class WrongError(Exception):
    """Something is not what it should be. Never leaves `fwsim.states.reading`."""


def state_of(text: str) -> State:
    """A state from its JSON; raises WrongError."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongError(f"is no JSON: {error}") from None
    _known(whole, ("format", "version", "connections"), ("at",), "the file")
    if whole["format"] != FORMAT or whole["version"] != VERSION:
        raise WrongError(f"expected the format {FORMAT!r} of version {VERSION}")
    if not isinstance(whole["connections"], list):
        raise WrongError("connections: expected a list")
    at = whole.get("at")
    return State(list(_entries(whole["connections"])), None if at is None else _time(at, "at"))


def _entries(records: Iterable[Any]) -> Iterator[Entry]:
    """The connections, counted from 1 where they are wrong."""
    for number, one in enumerate(records, 1):
        try:
            yield _entry(one)
        except (WrongError, ValueError) as error:
            raise WrongError(f"connection {number}: {error}") from None


def _entry(one: Any) -> Entry:
    """A connection."""
    _known(one, REQUIRED, OPTIONAL, "it")
    proto: Any = one["proto"]
    proto = NUMBERS.get(proto, proto) if isinstance(proto, str) else proto
    if type(proto) is not int or not 0 <= proto <= 255:
        raise WrongError(f"proto: expected one of {', '.join(NUMBERS)}, or a number")
    original = _tuple_of(proto, one["original"], "original")
    reply = _tuple_of(proto, one["reply"], "reply") if one.get("reply") is not None else inverse_of(original)
    status = _status(one.get("status", [])) | translated(original, reply)
    sides = one.get("windows")
    helper = one.get("helper")
    if (helper is not None) != bool(status & BITS["helper"]):
        raise WrongError("helper: expected it if the status has helper, and only then")
    return Entry(
        original=original,
        reply=reply,
        left_ns=_time(one["left"], "left"),
        state=_state(proto, one.get("state")),
        status=status,
        mark=_number(one.get("mark", 0), "mark", 0, NUMBER),
        timeout_ns=_time(one.get("timeout", "0"), "timeout"),
        age_ns=_time(one.get("age", "0"), "age"),
        sides=None if sides is None else _sides(proto, sides),
        last=_numbers(one.get("last") or {}, LAST, "last", whole=False),
        expectation=None if helper is None else _numbers(helper, READ, "helper", whole=True),
    )


def _known(one: Any, required: tuple[str, ...], optional: tuple[str, ...], what: str) -> None:
    """Refuse an object without some key, or with one that nobody knows."""
    if not isinstance(one, dict):
        raise WrongError(f"{what}: expected an object")
    missing = [name for name in required if name not in one]
    unknown = [name for name in one if name not in (*required, *optional)]
    if missing or unknown:
        said = [f"no {', '.join(missing)}"] * bool(missing) + [f"unknown keys {', '.join(unknown)}"] * bool(unknown)
        raise WrongError(f"{what}: {'; '.join(said)}")


def _number(found: Any, what: str, least: int, most: int) -> int:
    """A number in these bounds."""
    if type(found) is not int or not least <= found <= most:
        raise WrongError(f"{what}: expected a number from {least} to {most}")
    return found


def _numbers(found: Any, names: tuple[str, ...], what: str, *, whole: bool) -> Fields:
    """An object of numbers."""
    _known(found, names if whole else (), () if whole else names, what)
    return {name: _number(found[name], f"{what}.{name}", *BOUNDS[name]) for name in names if name in found}


def _sides(proto: int, found: Any) -> tuple[Fields, Fields]:
    """Windows of TCP; of SCTP, `end` is a tag."""
    if not isinstance(found, list) or len(found) != 2 or proto not in STATES:
        raise WrongError("windows: expected a list of two, of a connection of TCP or SCTP")
    one, other = (_numbers(side, OF_SIDE, "windows", whole=True) for side in found)
    return one, other


def _time(found: Any, what: str) -> int:
    """Seconds, as a text with up to nine decimals or as a whole number."""
    text = str(found) if type(found) is int else found
    if not isinstance(text, str) or not text.isascii():
        raise WrongError(f'{what}: expected seconds, such as "431999.5"')
    whole, _, rest = text.partition(".")
    digits = whole.removeprefix("-") + rest
    if not digits.isdigit() or len(digits) > 19 or len(rest) > 9:
        raise WrongError(f'{what}: expected seconds, such as "431999.5"')
    number = int(whole.removeprefix("-") or 0) * NANOSECONDS + int(rest.ljust(9, "0") or 0)
    if number > YEARS:
        raise WrongError(f"{what}: {text} seconds are too many")
    return -number if whole.startswith("-") else number


def _status(found: Any) -> int:
    """The bits of a status."""
    if not isinstance(found, list) or not all(isinstance(word, str) and word in BITS for word in found):
        raise WrongError(f"status: expected a list of {', '.join(BITS)}")
    return sum({BITS[word] for word in found})


def _state(proto: int, found: Any) -> int:
    """The state of a connection of TCP or SCTP."""
    words = STATES.get(proto)
    if words is None:
        if found is not None:
            raise WrongError("state: this protocol has none")
        return 0
    if not isinstance(found, str) or found not in words:
        raise WrongError(f"state: expected one of {', '.join(words)}")
    return words[found]


def _tuple_of(proto: int, found: Any, what: str) -> Fields:
    """A tuple."""
    names = _ids(proto)
    _known(found, ("src", "dst", *names), (), what)
    if not isinstance(found["src"], str) or not isinstance(found["dst"], str):
        raise WrongError(f"{what}: expected addresses as src and dst; one that is not known cannot be loaded")
    numbers = [_number(found[name], f"{what}.{name}", 0, 255 if name in ("type", "code") else ID) for name in names]
    if proto in ICMPS:
        numbers = [numbers[2], numbers[0] << 8 | numbers[1]]
    return tuple_of(proto, found["src"], found["dst"], (numbers[0], numbers[1]) if numbers else (0, 0))
