"""IP headers with mapped addresses: IPv4 with its options, IPv6 with its extension headers, also in what ICMP quotes.

Read first: RFC 791, RFC 8200 section 4; `fwsim.anonymize.options`. What the header says of lengths and fragments stays,
and so do the addresses of routing headers, mapped; what else extension headers hold becomes zeros.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwsim.anonymize.mapping import Mapping
from fwsim.anonymize.options import ip_options, ipv6_options
from fwsim.anonymize.sums import blank, get, map_address, put, summed, updated

HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION = 0, 43, 44, 51, 60
NO_NEXT_HEADER = 59
EXTENSIONS = (HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION)
ROUTING_FIXED = 4
"""What all routing headers have."""
SOURCE_ROUTE, MOBILE, SEGMENTS = 0, 2, 4
"""Kinds of routing headers (IANA): addresses stand behind eight bytes, in the last as many as the fifth byte says, and
one more (RFC 8754)."""
AUTHENTICATED = 12
"""Bytes of an authentication header before what proves it."""

BEFORE_ADDRESSES = {4: 12, 6: 8}
"""Bytes by family: what stays of an IP header that is broken, or was cut."""


@dataclass(frozen=True)
class Inside:
    """What an IP packet carries: where in the frame, and how its addresses have changed."""

    proto: int
    start: int
    end: int
    """Behind the last captured byte of the packet."""
    whole: bool
    """Whether all of it was captured."""
    size: int
    """Bytes from `start` on, as the header says."""
    change: int
    """By how much the sum of the addresses has grown."""
    before: int
    """The sum of the addresses as they were."""
    offset: int = 0
    """Of a fragment, in bytes."""
    fragment: bool = False


def ip(data: bytearray, start: int, end: int, family: int, mapping: Mapping, *, quoted: bool = False) -> Inside | None:
    """Map the header that begins there; None if there is none to speak of, or nothing behind it.

    Of a `quoted` one neither version nor lengths are looked at, as in Linux.
    """
    if family == 4:
        return ipv4(data, start, end, mapping, quoted=quoted)
    return ipv6(data, start, end, mapping, quoted=quoted) if family == 6 else None


def ipv4(data: bytearray, start: int, end: int, mapping: Mapping, *, quoted: bool = False) -> Inside | None:
    """An IPv4 header."""
    header = (data[start] & 15) * 4 if end > start else 0
    if end - start < 20 or (not quoted and (data[start] >> 4 != 4 or header < 20)):
        return None
    before = summed(data[start + 12 : start + 20])
    change = sum(map_address(data, start + at, 4, mapping) for at in (12, 16))
    behind = start + header
    grown = change + ip_options(data, start + 20, min(behind, end), mapping)
    checksum = get(data, start + 10)
    if checksum:  # one of 0 is left to the network card
        put(data, start + 10, updated(checksum, grown))
    if end < behind:
        return None
    total = get(data, start + 2) or end - start
    place = get(data, start + 6)
    last = end if quoted else min(end, start + max(total, header))
    return Inside(
        data[start + 9], behind, last, end - start >= total, total - header, change, before,
        (place & 0x1FFF) * 8, bool(place & 0x3FFF),
    )  # fmt: skip


def ipv6(data: bytearray, start: int, end: int, mapping: Mapping, *, quoted: bool = False) -> Inside | None:
    """An IPv6 header, and the extension headers behind it."""
    if end - start < 40 or (not quoted and data[start] >> 4 != 6):
        return None
    before = summed(data[start + 8 : start + 40])
    change = sum(map_address(data, start + at, 6, mapping) for at in (8, 24))
    total = get(data, start + 4)
    size = total or end - start - 40
    last = end if quoted else min(end, start + 40 + size)
    at, kind, offset, fragment = start + 40, data[start + 6], 0, False
    while kind in EXTENSIONS and offset == 0:
        if last - at >= 2:
            _strip_extension(data, at, last, kind, mapping)
        if last - at < 8:
            return Inside(NO_NEXT_HEADER, last, last, True, 0, change, before)
        if kind == FRAGMENT:
            offset, fragment = get(data, at + 2) & 0xFFF8, get(data, at + 2) & 0xFFF9 != 0
        step = 8 if kind == FRAGMENT else (data[at + 1] + 2) * 4 if kind == AUTHENTICATION else (data[at + 1] + 1) * 8
        kind = data[at]
        at += step
    if at > last:
        return Inside(NO_NEXT_HEADER, last, last, True, 0, change, before)
    whole = end - start - 40 >= size
    return Inside(kind, at, last, whole, start + 40 + size - at, change, before, offset, fragment)


def _strip_extension(data: bytearray, at: int, end: int, kind: int, mapping: Mapping) -> None:
    """Strip an extension header, of which there are two bytes at least."""
    if kind == FRAGMENT:
        return
    size = (data[at + 1] + 2) * 4 if kind == AUTHENTICATION else (data[at + 1] + 1) * 8
    last = min(at + size, end)
    if kind == ROUTING:
        _routing(data, at, last, mapping)
    elif kind == AUTHENTICATION:
        blank(data, at + AUTHENTICATED, last)
    else:
        ipv6_options(data, at + 2, last, mapping)


def _routing(data: bytearray, at: int, end: int, mapping: Mapping) -> None:
    """Map the addresses of a routing header; they are in no checksum."""
    kind = data[at + 2] if at + 2 < end else None
    if kind not in (SOURCE_ROUTE, MOBILE, SEGMENTS):
        blank(data, at + ROUTING_FIXED, end)
        return
    last = end
    if kind == SEGMENTS and at + 4 < end:
        last = min(at + 8 + (data[at + 4] + 1) * 16, end)
    place = at + 8
    while place + 16 <= last:
        map_address(data, place, 6, mapping)
        place += 16
    blank(data, place, end)
