"""How a translated packet left, in a few words: `nat from 203.0.113.1.40000`, `nat to 10.1.0.12.80`.

Read first: DEPARTURE in `fwsim.tables`. Ends are written as `tcpdump` writes them; what is not known is `?`.
"""

from __future__ import annotations

from collections.abc import Mapping

from fwsim.naming import address_text
from fwsim.terms import ABSENT, UNKNOWN_VALUE

NOT_KNOWN = "?"
ENDS = (("from", "src", "sport"), ("to", "dst", "dport"))

Row = Mapping[str, int]


def became(departure: Row, packet: Row) -> str:
    """What has changed of a packet; nothing if it left as it came, or not at all."""
    if not departure["left"]:
        return ""
    if departure["src0"] == UNKNOWN_VALUE == departure["dst0"]:
        return f"nat {NOT_KNOWN}"
    parts = [
        f"{word} {end_text(departure, end, port)}" for word, end, port in ENDS if differs(departure, packet, end, port)
    ]
    number = departure["icmp_id"]
    if number not in (ABSENT, packet["icmp_id"]):
        parts.append(f"id {NOT_KNOWN if number == UNKNOWN_VALUE else number}")
    return f"nat {' '.join(parts)}" if parts else ""


def differs(one: Row, other: Row, end: str, port: str) -> bool:
    """Whether an end of one is not that of the other; a fragment has no port that could differ."""
    if any(one[f"{end}{word}"] != other[f"{end}{word}"] for word in range(4)):
        return True
    return other[port] != ABSENT and one[port] != other[port]


def end_text(row: Row, end: str, port: str) -> str:
    """An address, and a port if there is one."""
    words = [row[f"{end}{word}"] for word in range(4)]
    address = NOT_KNOWN if words[0] == UNKNOWN_VALUE else address_text(words)
    number = row[port]
    return address if number == ABSENT else f"{address}.{NOT_KNOWN if number == UNKNOWN_VALUE else number}"
