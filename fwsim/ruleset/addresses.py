"""Addresses, networks and ranges of both families, MAC addresses and interface names.

Read first: `values`, `elements`. Reads `10.1.0.5`, `10.1.0.0/16` (host bits are masked away, as nft does),
`10.1.0.9-10.1.0.12`, the same in IPv6, and `any`.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from typing import NamedTuple

from .elements import elements, parsed, scalars
from .mistakes import mistake, seen
from .values import V4_BITS, V6_BITS, Addresses, Intervals, Names, Network, Source, merged

WANTED = "an address, a network or a range of addresses"
WANTED_NAME = "the name of an interface"

MAC = re.compile(r"[0-9a-fA-F]{2}([:-])[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2}){4}")
V4_LETTERS = re.compile(r"[0-9.]+", re.ASCII)
V6_LETTERS = re.compile(r"[0-9a-fA-F:.]+", re.ASCII)
NAME = re.compile(r"[^\s!@*,/](?:[^*,/]*[^\s*,/])?")
"""What an interface may be called. Wider than Linux's rule: captures of other systems name interfaces as they like."""


def is_name(text: str) -> bool:
    """Whether an interface may be called so."""
    return text.isprintable() and NAME.fullmatch(text) is not None


class Span(NamedTuple):
    """Consecutive addresses of one family: first and last as numbers; the prefix length if it is a network."""

    family: int
    low: int
    high: int
    prefix: int | None


EVERY = (Span(4, 0, (1 << V4_BITS) - 1, 0), Span(6, 0, (1 << V6_BITS) - 1, 0))
"""What `any` means."""


def parse_addresses(raw: object) -> Addresses:
    """A match on an address: addresses, networks, ranges, sets, `any`."""
    if isinstance(raw, Addresses):
        return raw
    negated, plain, sets, source = elements(raw, WANTED)
    return collected(parsed(plain, spans), negated, sets, source)


def parse_address_list(raw: object) -> Addresses:
    """A plain list of addresses, networks and ranges, as `local:` holds: no sets, nothing negated."""
    if isinstance(raw, Addresses):
        return raw
    items = scalars(raw, WANTED)
    places = [((position,) if isinstance(raw, (list, tuple)) else (), item) for position, item in enumerate(items)]
    return collected(parsed(places, spans), False, (), items)


def collected(
    found: Sequence[tuple[Span, ...]], negated: bool = False, sets: tuple[str, ...] = (), source: Source = ""
) -> Addresses:
    """Spans as one value, sorted and merged for each family."""
    flat = [span for group in found for span in group]
    return Addresses(_of_family(flat, 4), _of_family(flat, 6), negated, sets, source)


def _of_family(flat: Sequence[Span], family: int) -> Intervals:
    """The intervals of one family."""
    return merged((span.low, span.high) for span in flat if span.family == family)


def spans(item: object) -> tuple[Span, ...]:
    """What one element stands for: one span, or that of either family for `any`."""
    if not isinstance(item, str):
        raise mistake(f"expected {WANTED}, found {seen(item)}")
    if item == "any":
        return EVERY
    if "-" in item:
        return (_range(item),)
    if "/" in item:
        return (_network(item),)
    family, number = address(item)
    return (Span(family, number, number, V4_BITS if family == 4 else V6_BITS),)


def address(text: str) -> tuple[int, int]:
    """The family and the number of an address as text."""
    try:
        if V4_LETTERS.fullmatch(text):
            return 4, int.from_bytes(socket.inet_pton(socket.AF_INET, text), "big")
        if V6_LETTERS.fullmatch(text):
            return 6, int.from_bytes(socket.inet_pton(socket.AF_INET6, text), "big")
    except OSError:
        pass
    hint = " (a set is written '@NAME')" if NAME.fullmatch(text) and not set(".:") & set(text) else ""
    raise mistake(f"expected {WANTED}, found {seen(text)}{hint}")


def _range(item: str) -> Span:
    """`first-last`, of one family and in order."""
    first, _, last = item.partition("-")
    family, low = address(first.strip())
    other, high = address(last.strip())
    if family != other:
        raise mistake(f"the range {seen(item)} mixes IPv4 and IPv6")
    if low > high:
        raise mistake(f"the range {seen(item)} is reversed, expected the lower address first")
    return Span(family, low, high, None)


def _network(item: str) -> Span:
    """`address/prefix length`, or `address/netmask` for IPv4. Bits behind the prefix are masked away."""
    text, _, after = item.partition("/")
    family, number = address(text.strip())
    bits = V4_BITS if family == 4 else V6_BITS
    prefix = _prefix(after.strip(), bits, item)
    hosts = (1 << (bits - prefix)) - 1
    return Span(family, number & ~hosts, number | hosts, prefix)


def _prefix(text: str, bits: int, item: str) -> int:
    """A prefix length, written as a number or as a netmask."""
    if bits == V4_BITS and "." in text:
        hosts = address(text)[1] ^ ((1 << V4_BITS) - 1)
        if hosts & (hosts + 1):
            raise mistake(f"the netmask of {seen(item)} has holes, expected ones before zeros")
        return V4_BITS - hosts.bit_length()
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= bits):
        raise mistake(f"expected a prefix length of 0 to {bits} in {seen(item)}")
    return int(text)


def parse_networks(raw: object) -> tuple[Network, ...]:
    """The networks behind an interface: addresses or networks with their prefix, or `any` for either family's all."""
    if isinstance(raw, tuple) and all(isinstance(item, Network) for item in raw):
        return raw
    items = raw if isinstance(raw, (list, tuple)) else [raw]
    return tuple(network for group in parsed(_places(raw, items), _networks) for network in group)


def _places(raw: object, items: Sequence[object]) -> list[tuple[tuple[int, ...], object]]:
    """The items of a list with their paths; a single value is its own only item."""
    if raw is not items:
        return [((), raw)]
    return [((position,), item) for position, item in enumerate(items)]


def _networks(item: object) -> tuple[Network, ...]:
    """The networks that one element stands for."""
    result = []
    for family, low, high, prefix in spans(item):
        if prefix is None:
            raise mistake(f"expected a network such as 10.1.0.0/16 or 'any', found the range {seen(item)}")
        result.append(Network(family, low, high, prefix, str(item)))
    return tuple(result)


def parse_macs(raw: object) -> tuple[int, ...]:
    """MAC addresses behind an interface, as 48-bit numbers."""
    if isinstance(raw, tuple) and all(isinstance(item, int) for item in raw):
        return raw
    items = raw if isinstance(raw, (list, tuple)) else [raw]
    return tuple(parsed(_places(raw, items), _mac))


def _mac(item: object) -> int:
    """One MAC address, with colons or hyphens."""
    if not isinstance(item, str) or not MAC.fullmatch(item):
        raise mistake(f"expected a MAC address such as 00:00:5e:00:53:01, found {seen(item)}")
    return int(item.replace(":", "").replace("-", ""), 16)


def parse_names(raw: object) -> Names:
    """A match on an interface: names, or beginnings of names as `eth*`."""
    if isinstance(raw, Names):
        return raw
    negated, plain, sets, source = elements(raw, WANTED_NAME)
    found = parsed(plain, interface_pattern)
    names = tuple(name for name, wildcard in found if not wildcard)
    prefixes = tuple(name for name, wildcard in found if wildcard)
    return Names(names, prefixes, negated, sets, source)


def interface_pattern(item: object) -> tuple[str, bool]:
    """A name, and whether it stands for all names that begin so."""
    text = str(item) if type(item) is int else item
    if isinstance(text, str) and text == "*":
        return "", True
    bare = text[:-1] if isinstance(text, str) and text.endswith("*") else text
    if not isinstance(bare, str) or not is_name(bare):
        raise mistake(f"expected {WANTED_NAME}, or its beginning as 'eth*', found {seen(item)}")
    return bare, bare is not text


def parse_interface_name(raw: object) -> str:
    """The name under which an interface is declared."""
    if isinstance(raw, str) and is_name(raw):
        return raw
    raise mistake(f"expected {WANTED_NAME} (letters, digits, '.', '-'), found {seen(raw)}")
