"""ICMP and ICMPv6 messages: what they quote is mapped like any packet, addresses in them are, the rest becomes zeros.

Read first: RFC 792, RFC 4443, RFC 4861 section 4. Type, code and the four bytes behind the checksum stay, but for the
gateway of a redirect. Of neighbour discovery targets and link-layer addresses are mapped, of MLD groups.
"""

from __future__ import annotations

from fwsim.anonymize.mapping import Mapping
from fwsim.anonymize.network import BEFORE_ADDRESSES, ip
from fwsim.anonymize.sums import blank, map_address

HEADER = 8
ERRORS = (3, 4, 5, 11, 12)
REDIRECT = 5
TARGETS = {135: (8,), 136: (8,), 137: (8, 24), 130: (8,), 131: (8,), 132: (8,)}
"""Where in an ICMPv6 message addresses stand."""
OPTIONS = {133: 8, 134: 16, 135: 24, 136: 24, 137: 40}
"""Where the options of neighbour discovery begin."""
LINK_LAYER = (1, 2)
PREFIX = 3
PREFIX_KEPT = 12
"""Bytes of the option of a prefix: its length, flags and how long it holds."""
REDIRECTED = 4
QUOTED = 8
"""Bytes of a quoted packet's transport header that stay: its ports, or what stands in their place."""


def message(data: bytearray, start: int, end: int, version_6: bool, family: int, mapping: Mapping) -> None:
    """Strip a message of ICMP, or of ICMPv6, in a packet of this family in its place, but for its checksum."""
    if end - start < HEADER:
        return
    kind = data[start]
    if not version_6:
        if kind in ERRORS:
            quoted(data, start + HEADER, end, family, mapping)
        if kind == REDIRECT:
            map_address(data, start + 4, 4, mapping)
        if kind not in ERRORS:
            blank(data, start + HEADER, end)
    elif kind < 128:
        quoted(data, start + HEADER, end, family, mapping)
    else:
        informational(data, start, end, kind, mapping)


def quoted(data: bytearray, start: int, end: int, family: int, mapping: Mapping) -> None:
    """A quoted packet: its header, and the beginning of what it carries."""
    inside = ip(data, start, end, family, mapping, quoted=True)
    header = 20 if family == 4 else 40
    if inside is not None:
        blank(data, max(inside.start + QUOTED, start + header), end)
    else:
        blank(data, start + (header if end - start >= header else BEFORE_ADDRESSES[family]), end)


def informational(data: bytearray, start: int, end: int, kind: int, mapping: Mapping) -> None:
    """An ICMPv6 message that is no error."""
    known = HEADER
    for at in TARGETS.get(kind, ()):
        if start + at + 16 <= end:
            map_address(data, start + at, 6, mapping)
            known = at + 16
    if kind not in OPTIONS:
        blank(data, start + known, end)
        return
    at = start + OPTIONS[kind]
    while at + 2 <= end and data[at + 1]:
        last = min(at + data[at + 1] * 8, end)
        option(data, at, last, mapping)
        at = last
    blank(data, at, end)


def option(data: bytearray, at: int, end: int, mapping: Mapping) -> None:
    """An option of neighbour discovery; those that are not known keep their type and length alone."""
    kind = data[at]
    if kind in LINK_LAYER and end - at == 8:
        data[at + 2 : end] = mapping.mac(int.from_bytes(data[at + 2 : end], "big")).to_bytes(6, "big")
    elif kind == PREFIX and end - at == 32:
        blank(data, at + PREFIX_KEPT, at + 16)
        map_address(data, at + 16, 6, mapping)
    elif kind == REDIRECTED and end - at > 8:
        blank(data, at + 2, at + 8)
        quoted(data, at + 8, end, 6, mapping)
    else:
        blank(data, at + 2, end)
