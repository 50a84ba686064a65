"""States as `conntrack -L` prints them: what a machine can be asked for, and people can write.

Read first: `conntrack(8)`. Such a line tells tuples, time left, TCP state, status and mark. Of windows it says
nothing: they are not checked, as in connections that are picked up in mid-stream. What `-o extended` adds is passed
over; what this program prints of what it does not know (`?`) is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.states.as_json import NANOSECONDS, WrongError
from fwsim.states.model import (
    BITS,
    GRE,
    ICMPS,
    NUMBERS,
    STATES,
    WITH_PORTS,
    Entry,
    Fields,
    State,
    inverse_of,
    translated,
    tuple_of,
)  # fmt: skip

COMMENT = ("conntrack v", "#")
FAMILIES = ("ipv4", "ipv6")
PASSED_OVER = ("use", "packets", "bytes", "secctx", "delta-time", "start", "labels", "id")
"""Keys that say nothing about what will be decided."""
FLAGS = {"[ASSURED]", "[UNREPLIED]", "[OFFLOAD]", "[HW_OFFLOAD]"}
LEFT_MOST = 1 << 31
ID, MARK = 0xFFFF, 0xFFFFFFFF


def state_of(text: str) -> State:
    """A state from such lines; raises WrongError with the number of the line."""
    return State(list(_entries(text)))


def _entries(text: str) -> Iterator[Entry]:
    """The connections, one a line."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith(COMMENT):
            try:
                yield _entry(line.split())
            except (WrongError, ValueError) as error:
                raise WrongError(f"line {number}: {error}") from None


class _Line:
    """The words of a line, sorted."""

    def __init__(self, words: list[str]) -> None:
        """Tell pairs from flags."""
        self.plain = [word for word in words if "=" not in word and not word.startswith("[")]
        self.flags = {word for word in words if word.startswith("[")}
        self.pairs: dict[str, list[str]] = {}
        for word in words:
            name, sign, value = word.partition("=")
            if sign:
                self.pairs.setdefault(name, []).append(value)

        self.pairs["id"] = self.pairs.get("id", [])[:2]  # a third one is that of the entry (-o id)

    def number(self, name: str, place: int, most: int) -> int:
        """A number of the original (0) or of the reply (1) tuple."""
        values = self.pairs.get(name, [])
        if len(values) != 2:
            raise WrongError(f"expected {name}= twice")
        return whole(values[place], f"{name}=", most)


def whole(text: str, what: str, most: int) -> int:
    """A number, or a key in hexadecimal."""
    try:
        found = int(text, 16 if text.startswith("0x") else 10)
    except ValueError:
        found = -1
    if not text.isascii() or not 0 <= found <= most:
        raise WrongError(f"{what} {text!r}: expected a number from 0 to {most}")
    return found


def _entry(words: list[str]) -> Entry:
    """A connection."""
    line = _Line(words[2:] if words[0] in FAMILIES else words)
    proto, left, state = _begin(line.plain)
    tuples = [_tuple(line, proto, place) for place in range(2)]
    inverse_of(tuples[0])
    _check(line, proto)
    mark = line.pairs.get("mark", ["0"])
    status = translated(tuples[0], tuples[1])
    status |= 0 if "[UNREPLIED]" in line.flags else BITS["seen_reply"]
    status |= BITS["assured"] if "[ASSURED]" in line.flags else 0
    return Entry(tuples[0], tuples[1], left * NANOSECONDS, state, status, whole(mark[0], "mark=", MARK))


def _begin(plain: list[str]) -> tuple[int, int, int]:
    """Protocol, time left and state: `tcp 6 431999 ESTABLISHED`."""
    if len(plain) < 3 or (plain[0] not in NUMBERS and plain[0] != "unknown"):
        raise WrongError("expected a line of conntrack -L: protocol, its number, seconds left, src=... dst=...")
    proto, left = whole(plain[1], "protocol", 255), whole(plain[2], "seconds left:", LEFT_MOST)
    if NUMBERS.get(plain[0], proto) != proto:
        raise WrongError(f"{plain[0]} is not protocol {proto}")
    words = STATES.get(proto)
    if words is None and len(plain) == 3:
        return proto, left, 0
    if words is None or len(plain) != 4 or plain[3] not in words:
        raise WrongError(f"{' '.join(plain[3:])!r}: expected {'one of ' + ', '.join(words) if words else 'no state'}")
    return proto, left, words[plain[3]]


def _tuple(line: _Line, proto: int, place: int) -> Fields:
    """The original tuple, or that of replies."""
    ends = [line.pairs.get(name, []) for name in ("src", "dst")]
    if any(len(values) != 2 for values in ends):
        raise WrongError("expected src= and dst= twice")
    ids = 0, 0
    if proto in WITH_PORTS:
        ids = line.number("sport", place, ID), line.number("dport", place, ID)
    elif proto in ICMPS:
        kind = line.number("type", place, 255) << 8 | line.number("code", place, 255)
        ids = line.number("id", place, ID), kind
    elif proto == GRE:
        ids = line.number("srckey", place, ID), line.number("dstkey", place, ID)
    return tuple_of(proto, ends[0][place], ends[1][place], ids)


def _check(line: _Line, proto: int) -> None:
    """Refuse what would change decisions and cannot be loaded."""
    names = (
        ("sport", "dport")
        if proto in WITH_PORTS
        else ("type", "code", "id")
        if proto in ICMPS
        else ("srckey", "dstkey")
    )
    known = {"src", "dst", "mark", *names, *PASSED_OVER}
    unknown = sorted(set(line.pairs) - known) + sorted(
        line.flags - {"[ASSURED]", "[UNREPLIED]", "[OFFLOAD]", "[HW_OFFLOAD]"}
    )
    if unknown:
        raise WrongError(f"{', '.join(unknown)}: cannot be loaded")
