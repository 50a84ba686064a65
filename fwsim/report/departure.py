"""How a translated packet left: `nat 10.1.0.11.40000 => 203.0.113.1.40000`, what it was and what it became.

Of one that was captured when it had left, what it was when it came in, and what was captured.

Read first: DEPARTURE in `fwsim.tables`. Ends are written as `tcpdump` writes them; what is not known is `?`.
"""

from __future__ import annotations

from collections.abc import Mapping

from fwsim.engine.vague import has_ports, shown_address, shown_id
from fwsim.naming import address_text
from fwsim.tables import CAME
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Proto

NOT_KNOWN = "?"
ENDS = (("src", "sport"), ("dst", "dport"))

Row = Mapping[str, int]


def became(departure: Row, packet: Row) -> str:
    """What has changed of a packet; nothing if it left as it came, or not at all."""
    if not departure["left"]:
        return ""
    if departure["src0"] == UNKNOWN_VALUE == departure["dst0"]:
        return f"nat {NOT_KNOWN}"
    was, now = (departure, packet) if departure["left"] == CAME else (packet, departure)
    parts = [
        f"{end_text(was, end, port, packet[port])} => {end_text(now, end, port, packet[port])}"
        for end, port in ENDS
        if differs(departure, packet, end, port)
    ]
    if departure["icmp_id"] not in (ABSENT, packet["icmp_id"]):
        parts.append(f"id {number_text(was['icmp_id'])} => {number_text(now['icmp_id'])}")
    return f"nat {', '.join(parts)}" if parts else ""


def differs(one: Row, other: Row, end: str, port: str) -> bool:
    """Whether an end of one is not that of the other; a fragment has no port that could differ."""
    if any(one[f"{end}{word}"] != other[f"{end}{word}"] for word in range(4)):
        return True
    return other[port] != ABSENT and one[port] != other[port]


def end_text(row: Row, end: str, port: str, captured: int = 0) -> str:
    """An address, and a port if there is one; none of a fragment that was `captured` without."""
    words = [row[f"{end}{word}"] for word in range(4)]
    address = NOT_KNOWN if words[0] == UNKNOWN_VALUE else address_text(words)
    return address if ABSENT in (row[port], captured) else f"{address}.{number_text(row[port])}"


def number_text(number: int) -> str:
    """A port or an id."""
    return NOT_KNOWN if number == UNKNOWN_VALUE else str(number)


def ends_text(seen: Row) -> str:
    """Both ends as rules see them, and the id of ICMP: `10.1.0.11.40000 > 203.0.113.80.443`."""
    text = f"{end_text(seen, 'src', 'sport')} > {end_text(seen, 'dst', 'dport')}"
    number = seen["icmp_id"]
    if number == ABSENT or (number == 0 and seen["icmp_type"] != ABSENT):
        return text
    return f"{text} id {number_text(number)}"


def tuple_text(row: Row) -> str:
    """A row of TUPLE in the same words."""
    with_ports, is_icmp = has_ports(row["proto"]), row["proto"] in (Proto.ICMP, Proto.ICMPV6)
    seen = {name: row[name] for name in row if name.startswith(("src", "dst"))}
    seen |= {name: shown_address(row[name]) for name in ("src0", "dst0")}
    seen["sport"], seen["dport"] = (shown_id(row[name]) if with_ports else ABSENT for name in ("src_id", "dst_id"))
    seen["icmp_id"], seen["icmp_type"] = shown_id(row["src_id"]) if is_icmp else ABSENT, ABSENT
    return ends_text(seen)
