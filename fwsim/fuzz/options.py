"""IPv4 options and IPv6 options, right and wrong: lengths, pointers, order, padding.

Read first: RFC 791 §3.1, RFC 8200 §4.2; `fwsim.engine.ip_options`, which says what comes of them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from random import Random

from fwsim.capture.crafting import Ip

Making = Callable[[Random], bytes]
"""Makes an option."""

AREA = 40
"""Bytes of options that an IPv4 header can hold."""
HOP_BY_HOP, ROUTING, DESTINATION = 0, 43, 60
RECORDED = (b"\0\0\0\0", b"\x0a\x01\0\x0b", b"\xc6\x33\x64\x15", b"\xff\xff\xff\xff")
"""What stands in the slots of a recorded route: nothing yet, or an address."""


def with_options(chance: Random, ip: Ip) -> Ip:
    """The packet with options in its IPv4 header, or in IPv6 with a header for options or for routing in front."""
    if ip.family == 4:
        return replace(ip, ip_options=ipv4_options(chance))
    (kind,) = chance.choices((HOP_BY_HOP, DESTINATION, ROUTING), (17, 2, 1))
    header = routing_header(chance, ip.proto) if kind == ROUTING else options_header(chance, ip.proto)
    length = chance.choice((None, None, None, 0)) if is_jumbo(header) else None
    return replace(ip, proto=kind, payload=header + ip.payload, length=length)


# --- IPv4 ------------------------------------------------------------------------------------------------------


def ipv4_options(chance: Random) -> bytes:
    """An option area: mostly one option, padded to four bytes."""
    area = b""
    for _ in range(chance.choice((1, 1, 1, 1, 2, 2, 3, 5))):
        option = chance.choice(IPV4_OPTIONS)(chance)
        if chance.random() < 0.1:
            option = misspelt(chance, option)
        if len(area + option) <= AREA:
            area += option
    area += chance.choice((b"\0", b"\0", b"\x01", b"\x07")) * (-len(area) % 4)
    return area or b"\x01" * 4


def misspelt(chance: Random, option: bytes) -> bytes:
    """An option with one byte changed; of its type, its length and its pointer most often."""
    place = chance.choice((0, 1, 1, 2, 2, 3, chance.randrange(40))) % len(option)
    byte = chance.choice((0, 1, 2, 3, 4, 5, len(option), len(option) + 1, 40, chance.randrange(256)))
    return option[:place] + bytes((byte,)) + option[place + 1 :]


def no_operation(chance: Random) -> bytes:
    """One to three bytes of padding."""
    return b"\x01" * chance.randrange(1, 4)


def end_of_options(chance: Random) -> bytes:
    """The end, and what nobody reads behind it."""
    return b"\0" + chance.choice((b"", b"\x07\x01", b"\x83\x07\x04"))


def route(chance: Random, kinds: tuple[int, ...] = (7,)) -> bytes:
    """Slots for addresses, with the pointer anywhere among them or behind them."""
    slots = chance.choice((0, 1, 1, 2, 3, 4, 9))
    pointer = 4 + 4 * chance.randrange(slots + 2)
    if chance.random() < 0.15:
        pointer = chance.randrange(48)
    return bytes((chance.choice(kinds), 3 + 4 * slots, pointer)) + chance.choice(RECORDED) * slots


def source_route(chance: Random) -> bytes:
    """A route to be taken, strictly or loosely."""
    return route(chance, (131, 137))


def timestamp(chance: Random) -> bytes:
    """Timestamps of each kind; full at times, then with a count of those that found no room."""
    flag = chance.choice((0, 0, 1, 1, 3, 3, 2, 15))
    slots = chance.choice((0, 1, 2, 3, 4))
    each = 4 if flag == 0 else 8
    pointer = 5 + each * chance.randrange(slots + 2)
    if chance.random() < 0.15:
        pointer = chance.randrange(48)
    overflow = chance.choice((0, 0, 1, 14, 15, 15))
    slot = chance.choice(RECORDED) + bytes(each - 4)
    return bytes((68, 4 + each * slots, pointer, overflow << 4 | flag)) + slot * slots


def router_alert(chance: Random) -> bytes:
    """RFC 2113; with another length or value now and then."""
    return bytes((148, 4, 0, chance.choice((0, 0, 0, 1)))) if chance.random() < 0.8 else b"\x94\x03\0"


def label(chance: Random) -> bytes:
    """A security label: CIPSO, whose domain of interpretation nobody knows, or one of those before it."""
    return chance.choice(
        (
            b"\x86\x0a\0\0\0\1\1\4\0\1",
            b"\x86\x06\0\0\0\1",
            b"\x82\x0b\0\0\0\0\0\0\0\0\0",
            b"\x88\x04\0\1",
            b"\x85\x03\1",
        )
    )


def unknown(chance: Random) -> bytes:
    """An option of any type."""
    data = chance.randbytes(chance.choice((0, 0, 1, 2, 6, 10)))
    return bytes((chance.randrange(2, 256), 2 + len(data))) + data


IPV4_OPTIONS: tuple[Making, ...] = (
    no_operation, end_of_options, route, route, route, source_route, timestamp, timestamp, timestamp, timestamp,
    router_alert, router_alert, label, unknown, unknown, unknown,
)  # fmt: skip

# --- IPv6 ------------------------------------------------------------------------------------------------------


def options_header(chance: Random, following: int) -> bytes:
    """A hop-by-hop or destination options header; now and then it ends before or behind its options."""
    count = chance.choice((0, 0, 1, 1, 1, 1, 2, 2, 3, 7, 8, 9, 12))
    area = b""
    for _ in range(count):
        option = chance.choice(IPV6_OPTIONS)(chance)
        area += misspelt(chance, option) if chance.random() < 0.02 + 0.06 / count else option
        if chance.random() < 0.05:
            area += padding(chance, chance.randrange(1, 10))
    if chance.random() < 0.1:
        area += padding(chance, 8)
    area += padding(chance, -(2 + len(area)) % 8)
    words = (2 + len(area)) // 8 - 1
    if chance.random() < 0.03:
        words = chance.choice((0, 1, words + 1, 5, 255))
    return bytes((following, words)) + area


def routing_header(chance: Random, following: int) -> bytes:
    """A routing header of any type, with or without hosts still to be visited (RFC 8200 §4.4)."""
    hosts = chance.randrange(3)
    left = chance.choice((0, 0, 1, hosts, 255))
    return bytes((following, 2 * hosts, chance.choice((0, 2, 3, 4, 253)), left)) + bytes(4 + 16 * hosts)


def padding(chance: Random, size: int) -> bytes:
    """So many bytes of padding: one PadN, or Pad1 throughout; seldom with something in it."""
    if size < 2 or chance.random() < 0.15:
        return bytes(size)
    filling = b"\1" if chance.random() < 0.03 else b"\0"
    return bytes((1, size - 2)) + filling * (size - 2)


def harmless(chance: Random) -> bytes:
    """An option that may be skipped by whom does not know it."""
    data = chance.randbytes(chance.choice((0, 1, 2, 4, 6, 12)))
    return bytes((chance.choice((2, 3, 4, 8, 0x1E, 0x22, 0x3E, 0x26, 0x30)), len(data))) + data


def alert(chance: Random) -> bytes:
    """Router alert (RFC 2711), as multicast listeners send it."""
    return struct.pack("!BBH", 5, 2, chance.choice((0, 0, 0, 1, 9))) if chance.random() < 0.95 else b"\x05\x01\0"


def any_type(chance: Random) -> bytes:
    """An option of any type, so three times out of four of one that must be known."""
    data = chance.randbytes(chance.choice((0, 2, 4)))
    return bytes((chance.randrange(2, 256), len(data))) + data


def jumbo(chance: Random) -> bytes:
    """A jumbo payload (RFC 2675), aligned as it should be if it comes first; its length is none that fits."""
    return struct.pack("!BBI", 194, 4, chance.choice((0, 64, 65_535, 65_536, 1 << 31)))


def in_situ(chance: Random) -> bytes:
    """In-situ measurement (RFC 9486), of which the alignment counts."""
    return chance.choice((b"", b"\0", b"\1\0", b"\1\0")) + bytes((49, 10, 0, 0)) + bytes(8)


def calipso(chance: Random) -> bytes:
    """A security label (RFC 5570)."""
    return bytes((7, 8, 0, 0, 0, 1, 0, 1)) + chance.randbytes(2)


IPV6_OPTIONS: tuple[Making, ...] = (harmless,) * 24 + (alert,) * 10 + (any_type, jumbo, in_situ, in_situ, calipso)


def is_jumbo(header: bytes) -> bool:
    """Whether a jumbo payload option comes first in a header."""
    return header[2:4] == b"\xc2\x04"
