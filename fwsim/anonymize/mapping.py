"""Addresses and MACs mapped one to one by a key, so that what has a prefix in common keeps just that in common.

Read first: Xu, Fan, Ammar, Moon, "Prefix-Preserving IP Address Anonymization" (ICNP 2002; Crypto-PAn), whose scheme
this is, with keyed BLAKE2 for its block cipher: bit i is turned over or not, as a pseudorandom function of the i bits
before it says. So networks become networks of the same size, with the same hosts in them, and without the key nothing
else is known.

What a firewall treats in a special way must stay what it is. On the way to a special-purpose block no bit is turned: so
10.0.0.0/8 becomes itself, and a private address another private one. Inside `KEPT` none is at all. And the last address
of a network that is known to be one, its broadcast address, becomes the last one of what that network becomes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import ip_network

from fwsim.ruleset.values import Interval, Intervals, merged
from fwsim.topology.address_plan import SPECIAL_BLOCKS, IPNetwork

KEY_LEAST = 16
"""Bytes: a shorter key could be found by trying."""
REMEMBERED = 1 << 16

KEPT = ("0.0.0.0/32", "127.0.0.0/8", "224.0.0.0/24", "255.255.255.255/32", "::/96", "ff00::/12")
"""Blocks whose addresses stay as they are: protocols have given them a meaning of their own."""
SOLICITED = (104, 0xFF0200000000000000000001FF)
"""The first bits of multicast addresses of IPv6 whose last ones name a host (RFC 4291 section 2.7.1)."""
BITS = {4: 32, 6: 128}
MAC_BITS = 48
MAC_GROUP = 7
"""The bit of a MAC that says whether it is one of a group (IEEE 802)."""

Node = tuple[int, int]
"""So many first bits, and what they are."""


class Tree:
    """A mapping of numbers of so many bits."""

    def __init__(self, key: bytes, name: bytes, bits: int, still: Iterable[Node], kept: Iterable[Node]) -> None:
        """Behind the nodes `still` the next bit is not turned; behind those `kept` and all below them, none is."""
        self.bits = bits
        self._key = key
        self._name = name
        self._still = frozenset(still)
        self._kept = tuple(kept)
        self.number = lru_cache(REMEMBERED)(self._number)

    def _number(self, number: int) -> int:
        """The number that another becomes."""
        return self.prefix(number, self.bits)

    def prefix(self, number: int, length: int) -> int:
        """The same for the first `length` bits; what is behind them stays."""
        turned = 0
        for place in range(self._begin(number, length), length):
            before = number >> (self.bits - place)
            if (place, before) not in self._still and self._turns(place, before):
                turned |= 1 << (self.bits - 1 - place)
        return number ^ turned

    def _begin(self, number: int, length: int) -> int:
        """Before which bit none is turned: all bits of one that is kept, but for those that name a host."""
        if not any(length >= size and number >> (self.bits - size) == value for size, value in self._kept):
            return 0
        size, value = SOLICITED
        return size if self.bits > size and number >> (self.bits - size) == value else length

    def _turns(self, place: int, before: int) -> int:
        """Whether the bit behind these is turned over."""
        text = self._name + place.to_bytes(1, "big") + before.to_bytes(16, "big")
        return hashlib.blake2b(text, digest_size=1, key=self._key).digest()[0] & 1

    def intervals(self, intervals: Intervals) -> Intervals:
        """The numbers that those in intervals become, as intervals; there may be more of them."""
        return merged(self._block(*block) for interval in intervals for block in blocks(interval, self.bits))

    def _block(self, first: int, size: int) -> Interval:
        """An aligned block of 2**size numbers."""
        start = self.prefix(first, self.bits - size)
        return start, start + (1 << size) - 1


def blocks(interval: Interval, bits: int) -> Iterator[tuple[int, int]]:
    """An interval as aligned blocks: the first number of each, and the power of two that is its size."""
    low, high = interval
    while low <= high:
        size = min((low & -low).bit_length() - 1 if low else bits, (high - low + 1).bit_length() - 1)
        yield low, size
        low += 1 << size


class Mapping:
    """What becomes of addresses of both families, and of MACs."""

    def __init__(self, secret: bytes, networks: Iterable[IPNetwork] = ()) -> None:
        """`secret` is of any length; `networks` are those whose broadcast addresses matter."""
        key = hashlib.blake2b(secret, digest_size=32).digest()
        special = [ip_network(text) for text, _ in SPECIAL_BLOCKS]
        kept = [ip_network(text) for text in KEPT]
        known = [network for network in networks if network.version == 4]
        self._trees = {
            family: Tree(
                key,
                b"fwsim IPv%d " % family,
                bits,
                [
                    *_ways([network for network in (*special, *kept) if network.version == family]),
                    *(_to_broadcasts(known) if family == 4 else _multicast()),
                ],
                [(network.prefixlen, _value(network)) for network in kept if network.version == family],
            )
            for family, bits in BITS.items()
        }
        unicast = [(MAC_GROUP, first) for first in range(1 << MAC_GROUP)]
        self._macs = Tree(key, b"fwsim MAC ", MAC_BITS, [*unicast, *((length, 0) for length in range(MAC_BITS))], [])

    def address(self, number: int, family: int) -> int:
        """An address of a family, as a number of 32 or of 128 bits."""
        found: int = self._trees[family].number(number)
        return found

    def addresses(self, intervals: Intervals, family: int) -> Intervals:
        """All that are in some intervals."""
        return self._trees[family].intervals(intervals)

    def network(self, number: int, family: int, prefix: int) -> int:
        """The first address of what a network becomes."""
        return self._trees[family].prefix(number, prefix)

    def mac(self, number: int) -> int:
        """A MAC. Those of groups, which protocols have made, stay, and so does the empty one."""
        found: int = number if number >> 40 & 1 else self._macs.number(number)
        return found

    def macs(self, intervals: Intervals) -> Intervals:
        """All that are in some intervals."""
        return merged(self._mac_block(*block) for interval in intervals for block in _within_octets(interval))

    def _mac_block(self, first: int, size: int) -> Interval:
        """A block of MACs that are all of groups, or none is."""
        start = first if first >> 40 & 1 else self._macs.prefix(first, MAC_BITS - size)
        return start, start + (1 << size) - 1


def _within_octets(interval: Interval) -> Iterator[tuple[int, int]]:
    """The blocks of an interval of MACs, none of which has several first octets."""
    for first, size in blocks(interval, MAC_BITS):
        yield from ((first + (octet << 40), min(size, 40)) for octet in range(1 << max(size - 40, 0)))


def _value(network: IPNetwork) -> int:
    """The bits of a network's prefix."""
    return int(network.network_address) >> (network.max_prefixlen - network.prefixlen)


def _ways(networks: Iterable[IPNetwork]) -> Iterator[Node]:
    """The nodes above networks: whose next bit leads to one of them."""
    for network in networks:
        value = _value(network)
        for length in range(network.prefixlen):
            yield length, value >> (network.prefixlen - length)


def _to_broadcasts(networks: Iterable[IPNetwork]) -> Iterator[Node]:
    """The nodes between a network and its last address."""
    for network in networks:
        last = int(network.broadcast_address)
        for length in range(network.prefixlen, 32):
            yield length, last >> (32 - length)


def _multicast() -> Iterator[Node]:
    """The nodes above the scopes of all multicast addresses of IPv6."""
    for length in range(8, 16):
        for flags in range(1 << (length - 8)):
            yield length, 0xFF << (length - 8) | flags
