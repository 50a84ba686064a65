"""Numbers, addresses, ports and marks as xtables reads them.

Read first: nothing. What xtables would not take is `RefusedError`. Numbers are C's: `0x10` and `010` are 16 and 8.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from fwsim.ruleset.values import Addresses, Choice, Intervals, Masked, Names, Numbers, merged

from .services import ANY_PROTOCOL, PROTOCOLS, SERVICES


class RefusedError(Exception):
    """Something that iptables does not take: the message says what, and what it expects."""


BITS = {4: 32, 6: 128}
MOST_PORT = 65535
KEPT = 100_000
"""Values that are kept: rules repeat each other, and what is the same object is looked at once where it is lowered."""
MOST_INTERVALS = 256
"""A mask with holes stands for that many stretches of addresses at most; beyond, it stays a mask."""

NUMBER = re.compile(r"[ \t]*\+?(?:0[xX]([0-9a-fA-F]+)|0([0-7]*)|([1-9][0-9]*))\Z")


def number_or_none(text: str, low: int, high: int) -> int | None:
    """A number as C's strtoul with base 0 reads it, if it is one and within the bounds."""
    found = NUMBER.match(text)
    if found is None:
        return None
    hexadecimal, octal, decimal = found.groups()
    try:
        value = int(hexadecimal, 16) if hexadecimal else int(decimal) if decimal else int(octal or "0", 8)
    except ValueError:
        return None  # thousands of digits
    return value if low <= value <= high else None


def number(text: str, low: int, high: int, what: str = "number") -> int:
    """A number within bounds."""
    value = number_or_none(text, low, high)
    if value is None:
        raise RefusedError(f"`{text}` is no {what} from {low} to {high}")
    return value


def number_range(text: str, high: int) -> tuple[int, int]:
    """`5`, `5:7`, `:7` or `5:`; a range may be upside down, it is then empty."""
    parts = text.split(":")
    if len(parts) > 2:
        raise RefusedError(f"`{text}` has too many parts: expected `N` or `N:M`")
    first = number(parts[0], 0, high) if parts[0] else 0
    if len(parts) == 1:
        return first, first
    return first, number(parts[1], 0, high) if parts[1] else high


def interval(first: int, last: int) -> Intervals:
    """From the first to the last, nothing if upside down."""
    return ((first, last),) if first <= last else ()


# --- ports and protocols ---------------------------------------------------------------------------------------------


def port(text: str, services: Mapping[str, int]) -> int:
    """A port by number or by the name of a service."""
    value = number_or_none(text, 0, MOST_PORT)
    if value is None:
        value = services.get(text)
    if value is None:
        expected = f"expected 0 to {MOST_PORT} or a service of this protocol in Debian's /etc/services"
        raise RefusedError(f"`{text}` is no port: {expected}")
    return value


def services_of(protocol: str) -> Mapping[str, int]:
    """The services of a protocol by name."""
    return SERVICES.get(protocol, {})


def port_range(text: str, services: Mapping[str, int]) -> tuple[int, int]:
    """`80`, `http`, `1:5`, `:5` or `5:`; the other way round is refused."""
    first, colon, last = text.partition(":")
    if not colon:
        value = port(first, services)
        return value, value
    low = port(first, services) if first else 0
    high = port(last, services) if last else MOST_PORT
    if low > high:
        raise RefusedError(f"`{text}` is no range of ports: the first is greater than the last")
    return low, high


def loose_port_range(text: str) -> tuple[int, int]:
    """As the matches `udp`, `dccp` and `conntrack` read ports: names of any protocol, numbers wrap at 65536."""
    parts = text.split(":")
    if len(parts) > 2:
        raise RefusedError(f"`{text}` has too many parts: expected `PORT` or `PORT:PORT`")
    values = [_loose_port(part) if part else None for part in parts]
    if len(values) == 1:
        return values[0] or 0, values[0] or 0
    return values[0] or 0, MOST_PORT if values[1] is None else values[1]


def _loose_port(text: str) -> int:
    """One port, by way of getaddrinfo."""
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text) & MOST_PORT
    return port(text, ANY_PROTOCOL)


def protocol(text: str) -> int:
    """A protocol by number or name; 0 is every one."""
    value = number_or_none(text, 0, 255)
    if value is None:
        value = PROTOCOLS.get(text.lower())
    if value is None:
        raise RefusedError(f"`{text}` is no protocol: expected 0 to 255 or a name of Debian's /etc/protocols")
    return value


# --- addresses -------------------------------------------------------------------------------------------------------


class AddressMask(NamedTuple):
    """An address, already masked, and which of its bits count."""

    address: int
    mask: int

    def intervals(self, bits: int) -> Intervals | None:
        """The addresses meant as stretches; None if a mask with holes makes too many."""
        every = (1 << bits) - 1
        low_hole = ~self.mask & every
        if low_hole & (low_hole + 1) == 0:
            return ((self.address, self.address | low_hole),)
        tail = (low_hole ^ (low_hole + 1)) >> 1
        holes = [bit for bit in range(bits) if (low_hole & ~tail) >> bit & 1]
        if 1 << len(holes) > MOST_INTERVALS:
            return None
        starts = [self.address]
        for bit in holes:
            starts += [start | 1 << bit for start in starts]
        return merged((start, start | tail) for start in starts)


def exact_address(text: str, family: int) -> int:
    """An address, written in full."""
    try:
        packed = socket.inet_pton(socket.AF_INET if family == 4 else socket.AF_INET6, text)
    except (OSError, ValueError):
        raise RefusedError(f"`{text}` is no IPv{family} address") from None
    return int.from_bytes(packed, "big")


def _short_address(text: str) -> int | None:
    """IPv4 as xtables reads it: `10.1` is 10.1.0.0, octal and hexadecimal parts count; `0x0a000001` is 10.0.0.1."""
    parts = text.split(".")
    values = [number_or_none(part, 0, 255) for part in parts]
    if len(parts) > 4 or "" in parts or text[:1] in " \t+":
        return None
    if len(parts) == 1 and values[0] is None:
        return number_or_none(text, 0, 0xFFFFFFFF)
    if None in values:
        return None
    return sum((value or 0) << 24 - 8 * place for place, value in enumerate(values))


def address(text: str, family: int) -> int:
    """An address as `-s` takes it. No name is asked of a name server; `localhost` is known (RFC 6761)."""
    try:
        return exact_address(text, family)
    except RefusedError:
        short = _short_address(text) if family == 4 else None
    if short is not None:
        return short
    if text == "localhost" and family == 4:
        return 0x7F000001
    expected = f"expected an IPv{family} address; names are not looked up"
    raise RefusedError(f"`{text}` is no IPv{family} address: {expected}")


def prefix_mask(length: int, bits: int) -> int:
    """The mask of so many leading bits."""
    return ((1 << length) - 1) << (bits - length)


def _mask(text: str, family: int) -> int:
    """`24` or `255.255.255.0`."""
    bits = BITS[family]
    length = number_or_none(text, 0, bits)
    if length is not None:
        return prefix_mask(length, bits)
    try:
        return exact_address(text, family)
    except RefusedError:
        raise RefusedError(f"`{text}` is no mask: expected 0 to {bits} or an address") from None


@lru_cache(KEPT)
def network(text: str, family: int) -> AddressMask:
    """`10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `10.0.0.1`; of `/0` the address does not count."""
    host, slash, mask_text = text.rpartition("/")
    mask = _mask(mask_text, family) if slash else prefix_mask(BITS[family], BITS[family])
    if mask == 0:
        return AddressMask(0, 0)
    return AddressMask(address(host if slash else text, family) & mask, mask)


def networks(text: str, family: int) -> list[AddressMask]:
    """A list with commas, of which iptables makes several rules."""
    return [network(part.lstrip(" \t"), family) for part in text.split(",")]


@lru_cache(KEPT)
def addresses_value(found: AddressMask, family: int, negated: bool) -> Addresses | Masked:
    """What a field is compared with."""
    intervals = found.intervals(BITS[family])
    if intervals is None:
        return Masked((Choice(found.address, found.address, found.mask),), negated)
    return Addresses(v4=intervals, negated=negated) if family == 4 else Addresses(v6=intervals, negated=negated)


@lru_cache(KEPT)
def numbers_value(intervals: Intervals, negated: bool = False) -> Numbers:
    """The same of numbers."""
    return Numbers(intervals, negated)


@lru_cache(KEPT)
def interface_value(name: str, negated: bool) -> Names:
    """The same of an interface; `+` at its end stands for any end."""
    return Names((), (name[:-1],), negated) if name.endswith("+") else Names((name,), (), negated)


@lru_cache(KEPT)
def any_of(bits: int, negated: bool = False) -> Masked:
    """Any of these bits; of none it is false."""
    return Masked((Choice(1, bits, bits),) if bits else (), negated)


def address_range(text: str, family: int) -> Intervals:
    """`10.0.0.1-10.0.0.5` or one address; upside down it is empty."""
    first, dash, last = text.partition("-")
    low = _range_end(first, family)
    return interval(low, _range_end(last, family) if dash else low)


def _range_end(text: str, family: int) -> int:
    """One end of a range, which is never a name."""
    short = _short_address(text) if family == 4 else None
    return exact_address(text, family) if short is None or "." not in text else short


# --- marks and the like ----------------------------------------------------------------------------------------------


def mark_and_mask(text: str) -> tuple[int, int]:
    """`VALUE` or `VALUE/MASK`."""
    value, slash, mask = text.partition("/")
    return number(value, 0, 0xFFFFFFFF, "mark"), number(mask, 0, 0xFFFFFFFF, "mask") if slash else 0xFFFFFFFF


def mac(text: str) -> int:
    """`00:11:22:33:44:55`."""
    parts = text.split(":")
    if len(parts) != 6 or not all(re.fullmatch(r"[0-9a-fA-F]{1,2}", part) for part in parts):
        raise RefusedError(f"`{text}` is no MAC address: expected six numbers such as 00:11:22:33:44:55")
    return int("".join(part.zfill(2) for part in parts), 16)
