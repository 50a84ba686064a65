"""Connections as the `conntrack` tool prints them: `conntrack -L`, `conntrack -E`, and as JSON.

Read first: `conntrack(8)`; the formats are those of conntrack-tools 1.4.7 (measured on Linux 6.18). A connection is the
dict that `fwsim.tracker.connections_listing` gives. Nothing is looked up or decided here.
"""

from __future__ import annotations

from typing import Any

from fwsim.naming import STATE_WORDS, address_text
from fwsim.report.cells import seconds_text
from fwsim.terms import UNKNOWN_VALUE, CtStatus, Proto

Connection = dict[str, Any]

NAMES = {
    Proto.TCP: "tcp", Proto.UDP: "udp", Proto.UDPLITE: "udplite", Proto.ICMP: "icmp", Proto.ICMPV6: "icmpv6",
    Proto.SCTP: "sctp", Proto.GRE: "gre",
}  # fmt: skip
"""Protocols that the tool knows by name; the others are `unknown`."""

_PORTS = (Proto.TCP, Proto.UDP, Proto.UDPLITE, Proto.SCTP)
_ICMP = (Proto.ICMP, Proto.ICMPV6)
UNKNOWN_TEXT = "?"
EVENTS = {"new": "    [NEW]", "update": " [UPDATE]", "destroy": "[DESTROY]"}


def listed(connection: Connection, now: int) -> str:
    """A line of `conntrack -L` at time `now` (ns): `tcp      6 431999 ESTABLISHED src=... [ASSURED] mark=0 use=1`."""
    return f"{_body(connection, _left(connection, now))} mark={_mark(connection)}{_helper(connection)} use=1"


def event(kind: str, connection: Connection, now: int) -> str:
    """A line of `conntrack -E`; `kind` is `new`, `update` or `destroy`. One that timed out has no time to print."""
    left = _left(connection, now)
    mark = f" mark={_mark(connection)}" if connection["mark"] else ""
    if kind == "destroy":
        return f"{EVENTS[kind]} {_body(connection, '' if left == '0' else left)}{mark}"
    return f"{EVENTS[kind]} {_body(connection, left)}{mark}{_helper(connection)}"


def _mark(connection: Connection) -> str:
    """The mark; a question mark if it is not known."""
    return str(connection["mark"]) if connection["mark"] >= 0 else UNKNOWN_TEXT


def _helper(connection: Connection) -> str:
    """The helper that reads along, if one does."""
    return " helper=ftp" if connection["status"] & CtStatus.HELPER else ""


def seconds_left(connection: Connection, now: int) -> int:
    """Whole seconds until a connection dies."""
    return max(int(connection["expires"]) - now, 0) // 1_000_000_000


def _is_followed(connection: Connection) -> bool:
    """Whether state and timeout of a connection are known: no packet of it may have been missed."""
    return not connection["status"] & CtStatus.STRAY


def _left(connection: Connection, now: int) -> str:
    """The seconds as text; a question mark if only the kernel knows."""
    return str(seconds_left(connection, now)) if _is_followed(connection) else UNKNOWN_TEXT


def _state(connection: Connection) -> str | None:
    """The word for the state of a connection of TCP or SCTP, if it is known."""
    words = STATE_WORDS.get(connection["original"]["proto"])
    return words[connection["state"]] if words and _is_followed(connection) else None


def _body(connection: Connection, left: str) -> str:
    """Protocol, time left (unless empty), TCP or SCTP state, both tuples and the status words."""
    proto = connection["original"]["proto"]
    parts = [f"{NAMES.get(proto, 'unknown'):8} {proto}"]
    parts += [left] if left else []
    parts += [_state(connection) or UNKNOWN_TEXT] if proto in STATE_WORDS else []
    parts.append(_tuple(connection["original"]))
    parts += [] if connection["status"] & CtStatus.SEEN_REPLY else ["[UNREPLIED]"]
    parts.append(_tuple(connection["reply"]))
    parts += ["[ASSURED]"] if connection["status"] & CtStatus.ASSURED else []
    return " ".join(parts)


def _tuple(side: dict[str, int]) -> str:
    """One direction: addresses, then what the protocol has for ports."""
    proto = side["proto"]
    text = f"src={_address(side, 'src')} dst={_address(side, 'dst')}"
    if proto in _PORTS:
        return f"{text} sport={_id(side['src_id'])} dport={_id(side['dst_id'])}"
    if proto in _ICMP:
        return f"{text} type={side['dst_id'] >> 8} code={side['dst_id'] & 255} id={_id(side['src_id'])}"
    if proto == Proto.GRE:
        return f"{text} srckey={side['src_id']:#x} dstkey={side['dst_id']:#x}"
    return text


def _address(side: dict[str, int], end: str) -> str:
    """One address of a tuple; a question mark if it is not known, since only the kernel knows how it translates."""
    words = [side[f"{end}{word}"] for word in range(4)]
    return UNKNOWN_TEXT if words[0] == UNKNOWN_VALUE else address_text(words)


def _id(number: int) -> str:
    """A port, or an id of ICMP; a question mark for one that the kernel draws."""
    return UNKNOWN_TEXT if number == UNKNOWN_VALUE else str(number)


def record(connection: Connection, now: int) -> dict[str, Any]:
    """A connection as an object for JSON, with what the tool cannot know: its number and its frames."""
    proto = connection["original"]["proto"]
    status = connection["status"]
    return {
        "connection": connection["number"],
        "proto": NAMES.get(proto, proto),
        "state": _state(connection),
        "timeout": seconds_left(connection, now) if _is_followed(connection) else None,
        "original": _tuple_record(connection["original"]),
        "reply": _tuple_record(connection["reply"]),
        "seen_reply": bool(status & CtStatus.SEEN_REPLY),
        "assured": bool(status & CtStatus.ASSURED),
        "snat": bool(status & CtStatus.SNAT),
        "dnat": bool(status & CtStatus.DNAT),
        "tentative": bool(status & CtStatus.TENTATIVE),
        "mark": connection["mark"] if connection["mark"] >= 0 else None,
        "created": seconds_text(connection["created"]),
        "opened_by": _frame(connection, "opened"),
        "last_seen_in": _frame(connection, "last"),
    }


def _frame(connection: Connection, which: str) -> dict[str, int] | None:
    """A frame of a connection; null if that was there before the capture, and none of its packets has come yet."""
    number = connection[f"{which}_frame"]
    return {"file": connection[f"{which}_file"], "n": number} if number else None


def _tuple_record(side: dict[str, int]) -> dict[str, Any]:
    """One direction as an object; null for what is not known."""
    found: dict[str, Any] = {end: _address(side, end) if side[f"{end}0"] >= 0 else None for end in ("src", "dst")}
    ids = [side[name] if side[name] >= 0 else None for name in ("src_id", "dst_id")]
    if side["proto"] in _PORTS:
        found |= {"sport": ids[0], "dport": ids[1]}
    elif side["proto"] in _ICMP:
        found |= {"type": side["dst_id"] >> 8, "code": side["dst_id"] & 255, "id": ids[0]}
    elif side["proto"] == Proto.GRE:
        found |= {"srckey": side["src_id"], "dstkey": side["dst_id"]}
    return found
