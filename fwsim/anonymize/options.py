"""Options of IPv4, IPv6 and TCP: their kinds and lengths stay, for decisions hang on them; few keep what they hold.

Read first: `fwsim.engine.ip_options`, `fwsim.engine.tcp_header`, `fwsim.headers.options`: what is read there, or named
by nft, is kept here (`TCP_KEPT`), and addresses are mapped. Everything else becomes zeros: identifiers, cookies, keys,
labels, and what somebody may have hidden in padding. Padding that is not blank stays so, since Linux discards it.
"""

from __future__ import annotations

from fwsim.anonymize.mapping import Mapping
from fwsim.anonymize.sums import blank, map_address, summed

END, NO_OPERATION = 0, 1
TCP_KEPT = {2: 4, 3: 3, 4: 2, 5: 34, 8: 10, 30: 2}
"""Bytes by kind of TCP option that stay: maximum segment size, window scale, SACK permitted, SACK, time stamps."""
MULTIPATH = 30
"""Of it the subtype stays, the first four bits behind the length (RFC 8684)."""

ROUTES = (7, 131, 137)
"""Options of IPv4: record route, loose and strict source route; their addresses begin in the fourth byte."""
TIMES = 68
"""Time stamps, with addresses before them where its flag is 1 or 3, and alone where it is 0 (RFC 791)."""
WITH_ADDRESSES, ALONE = (1, 3), 0
ALERT, ALERT_SIZE = 148, 4

PAD1, PADN = 0, 1
HOME_ADDRESS = 201
"""The IPv6 option of a mobile host (RFC 6275 section 6.3)."""
IPV6_KEPT = {5: 4, 194: 6}
"""Bytes by kind of IPv6 option that stay: router alert, the length of a jumbogram."""


def tcp_options(data: bytearray, at: int, end: int) -> None:
    """Strip the options of TCP, which rules look for behind the end of the list too."""
    while at < end:
        kind = data[at]
        size = data[at + 1] if kind > NO_OPERATION and at + 1 < end else 1
        size = max(size, 1)
        last = min(at + size, end)
        if kind == MULTIPATH and at + 2 < last:
            data[at + 2] &= 0xF0
            blank(data, at + 3, last)
        else:
            blank(data, at + TCP_KEPT.get(kind, 2), last)
        at += size


def ip_options(data: bytearray, at: int, end: int, mapping: Mapping) -> int:
    """Strip the options of IPv4; returns by how much their sum has grown."""
    begin, old = at, summed(data[at:end])
    while at < end and data[at] != END:
        size = 1 if data[at] == NO_OPERATION else data[at + 1] if at + 1 < end else 0
        if size < 1 or (data[at] != NO_OPERATION and size < 2):
            at += 2
            break
        if size > 1:
            _ip_option(data, at, min(at + size, end), mapping)
        at += size
    blank(data, at, end)
    return summed(data[begin:end]) - old


def _ip_option(data: bytearray, at: int, end: int, mapping: Mapping) -> None:
    """Strip one option of IPv4."""
    kind = data[at]
    if kind in ROUTES:
        place = at + 3
        while place + 4 <= end:
            map_address(data, place, 4, mapping)
            place += 4
        blank(data, place, end)
    elif kind == TIMES and at + 4 < end:
        _times(data, at, end, mapping)
    elif kind == ALERT:
        blank(data, at + ALERT_SIZE, end)
    elif kind != TIMES:
        blank(data, at + 2, end)


def _times(data: bytearray, at: int, end: int, mapping: Mapping) -> None:
    """Strip the option of time stamps; what stands in a slot that is no whole one, or under another flag, goes."""
    flag = data[at + 3] & 15
    slot = 8 if flag in WITH_ADDRESSES else 4
    place = at + 4
    while flag in (ALONE, *WITH_ADDRESSES) and place + slot <= end:
        if slot == 8:
            map_address(data, place, 4, mapping)
        place += slot
    blank(data, place, end)


def ipv6_options(data: bytearray, at: int, end: int, mapping: Mapping) -> None:
    """Strip the options of a hop-by-hop or destination header."""
    while at + 1 < end:
        kind, size = data[at], data[at + 1] + 2
        if kind == PAD1:
            at += 1
            continue
        last = min(at + size, end)
        if kind == PADN:
            _padding(data, at + 2, last)
        elif kind == HOME_ADDRESS and last - at >= 18:
            map_address(data, at + 2, 6, mapping)
            blank(data, at + 18, last)
        else:
            blank(data, at + IPV6_KEPT.get(kind, 2), last)
        at += size


def _padding(data: bytearray, start: int, end: int) -> None:
    """Padding that is not blank becomes as little of it as there can be."""
    full = any(data[start:end])
    blank(data, start, end)
    if full:
        data[start] = 1
