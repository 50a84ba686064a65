"""Declared networks, local addresses and special-purpose blocks, flattened to one ordered list of intervals.

Read first: ROUTE in `fwsim.engine.places`. Networks nest or are disjoint, so one sweep over their ends with a stack of
those that are open gives, between any two ends, the narrowest. What follows from an interval is for `fwsim.engine`.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from fwsim.engine import places
from fwsim.engine.places import UNCLAIMED
from fwsim.tables import V6, empty

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

ANY: tuple[IPNetwork, ...] = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))
"""What `any` means: all that no other interface's network holds."""

V6_BASE = V6 << 96
"""Where IPv6 begins in the order that both families share (`fwsim.tables`), as a number of four words."""

_RESERVED = places.NEVER | places.UNROUTED

SPECIAL_BLOCKS: tuple[tuple[str, int], ...] = (
    # RFC 6890 and the IANA special-purpose registries. Blocks for documentation are left out: examples use them.
    ("0.0.0.0/8", places.NEVER),
    ("0.0.0.0/32", _RESERVED | places.UNSPECIFIED),
    ("10.0.0.0/8", places.PRIVATE),
    ("100.64.0.0/10", places.PRIVATE),
    ("127.0.0.0/8", _RESERVED | places.LOOPBACK),
    ("169.254.0.0/16", places.NEVER | places.LINK_LOCAL),
    ("172.16.0.0/12", places.PRIVATE),
    ("192.0.0.0/24", places.PRIVATE),
    ("192.168.0.0/16", places.PRIVATE),
    ("198.18.0.0/15", places.PRIVATE),
    ("224.0.0.0/4", _RESERVED | places.MULTICAST),
    ("224.0.0.0/24", places.LINK_MULTICAST),
    ("240.0.0.0/4", places.NEVER),
    ("255.255.255.255/32", _RESERVED | places.BROADCAST | places.LIMITED),
    ("::/96", places.NEVER),
    ("::/128", _RESERVED | places.UNSPECIFIED),
    ("::1/128", _RESERVED | places.LOOPBACK),
    ("::ffff:0:0/96", places.NEVER),
    ("100::/64", places.PRIVATE),
    ("fc00::/7", places.PRIVATE),
    ("fe80::/10", places.UNROUTED | places.LINK_LOCAL),
    ("fec0::/10", places.PRIVATE),
    ("ff00::/8", _RESERVED | places.MULTICAST),
)

_SCOPES = ((0, places.NODE_MULTICAST), (1, places.NODE_MULTICAST), (2, places.LINK_MULTICAST))
"""IPv6 multicast scopes that matter, in the second hexadecimal digit behind `ff` whatever the flags in the first."""


@dataclass(frozen=True)
class Plan:
    """The flattened plan. `members` has a row of flags for each group of interfaces that claim the same network."""

    boundaries: npt.NDArray[np.int64]
    by_first_byte: npt.NDArray[np.int64]
    routes: npt.NDArray[np.void]
    members: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """One network with what it says: the interface whose it is (or UNCLAIMED), and classes of its addresses."""

    low: int
    high: int
    prefix: int
    interface: int
    classes: int


def plan(
    networks: Mapping[int, Sequence[IPNetwork]],
    local: Sequence[IPNetwork],
    interfaces: int,
    broadcasts: Sequence[IPNetwork] | None = None,
    refused: Sequence[tuple[IPNetwork, int]] = (),
) -> Plan:
    """The plan of the `networks` behind each interface, by number, and the firewall's own addresses.

    `broadcasts` are by default the last addresses of the networks. `refused` are networks to which no packet is sent,
    each with its prefix length, or one below 0 for what all others go before.
    """
    claims = [_block(network, number) for number, behind in networks.items() for network in behind]
    if broadcasts is None:
        broadcasts = [end for behind in networks.values() for end in broadcasts_of(behind)]
    claims += [_block(end, UNCLAIMED, places.BROADCAST) for end in broadcasts]
    own = [_block(network, UNCLAIMED, places.LOCAL) for network in local]
    blocks = [*claims, *special_blocks(_private_homes(claims, own)), *own]
    blocks += [replace(_block(network, UNCLAIMED, places.REFUSED), prefix=prefix) for network, prefix in refused]
    groups: dict[frozenset[int], int] = {}
    starts: list[int] = []
    rows: list[tuple[int, int, int]] = []
    for start, route in _sweep(blocks, groups):
        if not rows or rows[-1] != route:
            starts.append(start)
            rows.append(route)
    members = np.zeros((max(1, len(groups)), interfaces), dtype=np.int64)
    for group, number in groups.items():
        members[number, sorted(group)] = 1
    routes = empty(places.ROUTE, len(rows))
    routes[:] = rows
    boundaries = np.array([word for start in starts for word in words_of(start)], np.int64)
    return Plan(boundaries, _by_first_byte(starts), routes, members.reshape(-1))


def _by_first_byte(starts: Sequence[int]) -> npt.NDArray[np.int64]:
    """For each first byte the last of the intervals that begin no later; one more for the end. IPv4 before IPv6."""
    firsts = [byte << 120 for byte in range(2 * 256 + 1)]
    return np.array([bisect_right(starts, first) - 1 for first in firsts], dtype=np.int64)


@cache
def _listed() -> tuple[Block, ...]:
    """All special-purpose blocks."""
    listed = [(ipaddress.ip_network(text), classes) for text, classes in SPECIAL_BLOCKS]
    for flags in range(16):
        listed += [(ipaddress.ip_network(f"ff{flags:x}{scope:x}::/16"), classes) for scope, classes in _SCOPES]
    return tuple(_block(network, UNCLAIMED, classes) for network, classes in listed)


def special_blocks(homes: Iterable[int] = ()) -> list[Block]:
    """The special-purpose blocks; a private one that holds an address of `homes` is no longer suspicious."""
    inside = [b for b in _listed() if b.classes == places.PRIVATE and any(b.low <= home <= b.high for home in homes)]
    return [block for block in _listed() if block not in inside]


def _private_homes(claims: Sequence[Block], own: Sequence[Block]) -> list[int]:
    """Those of the firewall's addresses that no narrower network than `any` holds.

    Where the firewall itself has a private address towards `any`, private neighbours are in order.
    """
    named = [claim for claim in claims if claim.prefix > 0]
    return [address.low for address in own if not any(n.low <= address.low <= n.high for n in named)]


def has_broadcast(network: IPNetwork) -> bool:
    """Whether the last address of a network is its broadcast address (not for /31, RFC 3021)."""
    return network.version == 4 and 0 < network.prefixlen <= 30


def broadcasts_of(networks: Iterable[IPNetwork]) -> list[IPNetwork]:
    """The broadcast addresses of those of the networks that have one."""
    return [ipaddress.ip_network(network.broadcast_address) for network in networks if has_broadcast(network)]


def _block(network: IPNetwork, interface: int, classes: int = 0) -> Block:
    """A network as a block of the common order."""
    span = (1 << 96) - 1 if network.version == 4 else 0
    low, high = common_number(network.network_address), common_number(network.broadcast_address) + span
    return Block(low, high, network.prefixlen, interface, classes)


def common_number(address: IPAddress) -> int:
    """An address as a number of the order that both families share (the first one, of the many an IPv4 address has)."""
    return int(address) << 96 if address.version == 4 else V6_BASE + int(address)


def words_of(place: int) -> tuple[int, int, int, int]:
    """An address of the common order as its four words; the first has V6 added for IPv6."""
    return place >> 96, place >> 64 & 0xFFFFFFFF, place >> 32 & 0xFFFFFFFF, place & 0xFFFFFFFF


def _sweep(blocks: Sequence[Block], groups: dict[frozenset[int], int]) -> Iterable[tuple[int, tuple[int, int, int]]]:
    """Each interval's first address and route, in order. New groups are numbered as they appear."""
    waiting = sorted(blocks, key=lambda block: (block.low, -block.high, block.prefix))
    ends = {0, V6_BASE} | {block.low for block in waiting} | {block.high + 1 for block in waiting}
    ends.discard(2 * V6_BASE)
    open_blocks: list[Block] = []
    next_block = 0
    for start in sorted(ends):
        while open_blocks and open_blocks[-1].high < start:
            open_blocks.pop()
        while next_block < len(waiting) and waiting[next_block].low == start:
            open_blocks.append(waiting[next_block])
            next_block += 1
        yield start, _route(open_blocks, groups)


def _route(open_blocks: Sequence[Block], groups: dict[frozenset[int], int]) -> tuple[int, int, int]:
    """What the blocks that hold an interval say of it: interface, group, classes."""
    classes = 0
    for block in open_blocks:
        classes |= block.classes
    claims = [block for block in open_blocks if block.interface >= 0 or block.classes == places.REFUSED]
    if claims and claims[-1].interface < 0:
        return UNCLAIMED, -1, classes
    classes &= ~places.REFUSED
    if not claims or (claims[-1].prefix == 0 and classes & places.UNROUTED):
        return UNCLAIMED, -1, classes
    if claims[-1].prefix > 0:
        classes |= places.DECLARED
    alike = [block for block in claims if block.prefix == claims[-1].prefix]
    owners = frozenset(block.interface for block in alike if block.interface >= 0)
    if len(owners) == 1:
        return claims[-1].interface, -1, classes
    return UNCLAIMED, groups.setdefault(owners, len(groups)), classes
