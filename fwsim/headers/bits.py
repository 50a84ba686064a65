"""Bits of headers as numbers, as a packet came and as it is forwarded.

Read first: `places`. As `nft_payload_eval`: what reaches beyond the packet is not there.
"""

from __future__ import annotations

import numpy as np

from fwsim.netfilter.fields import Raw
from fwsim.terms import ABSENT, UNKNOWN_VALUE

from .places import ADDRESSES_OF_ETHERNET, Header, Numbers, Packets

TTL, CHECKSUM, HOP_LIMIT = 8, 10, 7
"""Bytes of the IP header that forwarding changes: of IPv4 two fields, of IPv6 the last."""
PUT_TOGETHER = {4: ((14, 16), (48, 64), (80, 96)), 6: ((10, 12),)}
"""Bits that the kernel works out anew for a datagram put together of fragments: ECN, flags and offset, checksum."""


def raw(packets: Packets, asked: Raw, *, forwarded: bool = False) -> Numbers:
    """The value of bits of a header."""
    _, last = _bytes(asked)
    header = packets.header(asked.base)
    if asked.base == "ll" and last <= ADDRESSES_OF_ETHERNET:
        header = packets.addresses_of_link
    value = number(packets, header, asked.offset, asked.length, changed=forwarded and asked.base == "nh")
    if asked.base == "nh" and packets.reassembled.any():
        value = np.where(packets.reassembled & _is_worked_out_anew(packets, asked), UNKNOWN_VALUE, value)
    return value


def there(packets: Packets, asked: Raw) -> Numbers:
    """1 for packets that have the bits, whether they were captured or not."""
    header = packets.header(asked.base)
    too_far = np.where(header.start + _bytes(asked)[1] > packets.length, ABSENT, 1)
    return np.where(header.state != 0, header.state, too_far)


def number(packets: Packets, header: Header, offset: int, length: int, *, changed: bool = False) -> Numbers:
    """Bits of a header as a number, in network order; `changed` as forwarding does."""
    first, last = offset >> 3, (offset + length + 7) >> 3
    value = packets.nothing
    for at in range(first, last):
        byte = forwarded_byte(packets, at) if changed else packets.byte(header.start + at)
        if at == first:
            byte &= 0xFF >> (offset & 7)
        spare = max(8 * (at + 1) - offset - length, 0)
        value = value << 8 - spare | byte >> spare
    reach = packets.reach(header, last)
    return np.where(reach != 0, reach, value)


def forwarded_byte(packets: Packets, at: int) -> Numbers:
    """A byte of the IP header behind `ip_forward` or `ip6_forward`."""
    byte = packets.byte(at)
    if at == HOP_LIMIT:
        return np.where((packets.family == 6) & (byte > 0), byte - 1, byte)
    if at == TTL:
        return np.where((packets.family == 4) & (byte > 0), byte - 1, byte)
    if at not in (CHECKSUM, CHECKSUM + 1):
        return byte
    # ip_decrease_ttl counts up the other way round: in little-endian order
    swapped = packets.byte(CHECKSUM) | packets.byte(CHECKSUM + 1) << 8
    counted = swapped + 1
    counted = counted + (counted >= 0xFFFF) & 0xFFFF
    new = counted & 0xFF if at == CHECKSUM else counted >> 8
    return np.where((packets.family == 4) & (packets.byte(TTL) > 0), new, byte)


def _bytes(asked: Raw) -> tuple[int, int]:
    """The first byte, and the one behind the last."""
    return asked.offset >> 3, (asked.offset + asked.length + 7) >> 3


def _is_worked_out_anew(packets: Packets, asked: Raw) -> Numbers:
    """1 for packets of a family in whose datagrams such bits are worked out anew."""
    begin, end = asked.offset, asked.offset + asked.length
    families = [family for family, parts in PUT_TOGETHER.items() if any(a < end and begin < b for a, b in parts)]
    return np.isin(packets.family, families).astype(np.int64)
