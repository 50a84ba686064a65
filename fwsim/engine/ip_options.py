"""Options of IPv4 headers, and IPv6 hop-by-hop options: which of them make the stack discard a packet.

Read first: RFC 791 §3.1, RFC 8200 §4.2-4.3; in the kernel `__ip_options_compile` and `ip_rcv_options`, which routing
calls behind PREROUTING, and `ipv6_parse_hopopts`, which runs before any hook. IPv6 destination options and routing
headers are handled on delivery only, behind INPUT (`ip6_protocol_deliver_rcu`): no verdict hangs on them. Every case
was measured on kernel 6.18 with its own settings: no source routes are accepted (`accept_source_route`), up to eight
hop-by-hop options are (`max_hbh_opts_number`), and no security labels are known (`netlabelctl`).
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.wire import Buffer, u8, u32
from fwsim.terms import Reason

Row = Any

NONE = int(Reason.NONE)
CUT = int(Reason.CUT)
BAD_IP_OPTIONS = int(Reason.BAD_IP_OPTIONS)
SOURCE_ROUTED = int(Reason.SOURCE_ROUTED)
BAD_HOP_BY_HOP = int(Reason.BAD_HOP_BY_HOP)

END_OF_OPTIONS = 0
NO_OPERATION = 1
RECORD_ROUTE = 7
TIMESTAMP = 68
LOOSE_SOURCE_ROUTE = 131
CIPSO = 134
STRICT_SOURCE_ROUTE = 137
ROUTER_ALERT = 148

ONCE_ROUTE = 1
ONCE_TIMESTAMP = 2
ONCE_SOURCE_ROUTE = 4
KNOWN = (
    (RECORD_ROUTE, 3, 4, ONCE_ROUTE),
    (TIMESTAMP, 4, 5, ONCE_TIMESTAMP),
    (LOOSE_SOURCE_ROUTE, 3, 4, ONCE_SOURCE_ROUTE),
    (STRICT_SOURCE_ROUTE, 3, 4, ONCE_SOURCE_ROUTE),
    (ROUTER_ALERT, 4, 0, 0),
)
"""The options of IPv4 that the kernel reads: type, least length, least pointer (0: it has none), and the bit of those
of which there may be one. Of the two source routes there may be one altogether. All others are let through unread."""

WITH_ADDRESS = 1
PRESPECIFIED = 3
"""Flags of a timestamp option: with these, eight bytes are written instead of four."""
OVERFLOW_MAX = 15

PAD1 = 0
PADN = 1
ROUTER_ALERT_V6 = 5
CALIPSO = 7
IOAM = 49
JUMBO = 194
PADDING_MAX = 7
"""Bytes of padding in a row."""
OPTIONS_MAX = 8
"""IP6_DEFAULT_MAX_HBH_OPTS_CNT; padding does not count."""
UNLESS_KNOWN = 0xC0
"""The bits of an option's type that say what to do with it if it is not known: 0 is to go on (RFC 8200 §4.2)."""
IPV6_MAXPLEN = 65535


@hot
def ipv4_options(buffer: Buffer, at: int, end: int) -> int:
    """Why routing discards a packet with the IPv4 options from `at` to `end` (`__ip_options_compile`); or NONE."""
    once = 0
    while at < end and u8(buffer, at) != END_OF_OPTIONS:  # what follows the end is not looked at
        if u8(buffer, at) == NO_OPERATION:
            at += 1
            continue
        if end - at < 2:
            return BAD_IP_OPTIONS
        size = u8(buffer, at + 1)
        if size < 2 or size > end - at:
            return BAD_IP_OPTIONS
        bit = ipv4_option(buffer, at, size)
        if bit < 0 or once & bit:
            return BAD_IP_OPTIONS
        once |= bit
        at += size
    return SOURCE_ROUTED if once & ONCE_SOURCE_ROUTE else NONE


@hot
def ipv4_option(buffer: Buffer, at: int, size: int) -> int:
    """The `KNOWN` bit of an option; -1 if the option is malformed, 0 if there may be several of it."""
    kind = u8(buffer, at)
    if kind == CIPSO:
        return -1  # no domain of interpretation is known (cipso_v4_validate)
    for known, least, least_pointer, bit in KNOWN:
        if kind == known:
            if size < least or (least_pointer > 0 and u8(buffer, at + 2) < least_pointer):
                return -1
            if kind == RECORD_ROUTE:
                return bit if has_room(buffer, at, size, 4) else -1
            if kind == TIMESTAMP:
                return bit if takes_timestamp(buffer, at, size) else -1
            return bit
    return 0


@hot
def has_room(buffer: Buffer, at: int, size: int, need: int) -> bool:
    """Whether so many bytes can be recorded where the pointer points to; behind the end, it says that all is full."""
    pointer = u8(buffer, at + 2)
    return pointer > size or pointer + need - 1 <= size


@hot
def takes_timestamp(buffer: Buffer, at: int, size: int) -> bool:
    """Whether there is room for a timestamp, or for counting one more host that found none.

    Flags that RFC 791 does not know need no more room than four bytes, and record nothing.
    """
    flag = u8(buffer, at + 3) & 15
    if u8(buffer, at + 2) > size:
        return flag == PRESPECIFIED or u8(buffer, at + 3) >> 4 != OVERFLOW_MAX
    return has_room(buffer, at, size, 8 if flag == WITH_ADDRESS or flag == PRESPECIFIED else 4)


@hot
def hop_by_hop(buffer: Buffer, layer: Row, payload: int) -> int:
    """Why the stack discards a packet with the hop-by-hop options at the layer (`ip6_parse_tlv`); or NONE.

    `payload` is the length field of the IPv6 header. A jumbogram is trimmed to the length that its option tells.
    """
    if layer["size"] < 8:
        return BAD_HOP_BY_HOP
    if layer["have"] < 2:
        return CUT
    end = (u8(buffer, layer["at"] + 1) + 1) * 8
    if end > layer["size"]:
        return BAD_HOP_BY_HOP
    if end > layer["have"]:
        return CUT
    offset = 2
    options = 0
    padding = 0
    while offset < end:
        at = layer["at"] + offset
        size = option_size(buffer, at, end - offset)
        if size == 0:
            return BAD_HOP_BY_HOP
        if u8(buffer, at) == PAD1 or u8(buffer, at) == PADN:
            padding += size
            if padding > PADDING_MAX or not is_blank(buffer, at + 2, at + size):
                return BAD_HOP_BY_HOP
        else:
            padding = 0
            options += 1
            if options > OPTIONS_MAX or not is_accepted(buffer, layer, offset, payload):
                return BAD_HOP_BY_HOP
        offset += size
    return NONE


@hot
def option_size(buffer: Buffer, at: int, left: int) -> int:
    """The bytes of an IPv6 option, 0 if it does not end within the `left` bytes of the header."""
    if u8(buffer, at) == PAD1:
        return 1
    if left < 2:
        return 0
    size = u8(buffer, at + 1) + 2
    return size if size <= left else 0


@hot
def is_blank(buffer: Buffer, at: int, end: int) -> bool:
    """Whether there are only zeros here (RFC 4942 §2.1.9.5)."""
    place = at
    while place < end and u8(buffer, place) == 0:
        place += 1
    return place >= end


@hot
def is_accepted(buffer: Buffer, layer: Row, offset: int, payload: int) -> bool:
    """Whether a hop-by-hop option lets its packet go on; `offset` is where it begins in its header."""
    at = layer["at"] + offset
    kind = u8(buffer, at)
    if kind == ROUTER_ALERT_V6:
        return u8(buffer, at + 1) == 2
    if kind == IOAM:
        return offset & 3 == 0  # where it is aligned, it is ignored: ioam6_enabled is off
    if kind == CALIPSO:
        return False  # no domain of interpretation is known (calipso_validate)
    if kind == JUMBO:
        return u8(buffer, at + 1) == 4 and offset & 3 == 2 and is_jumbogram(layer, payload, u32(buffer, at + 2))
    return kind & UNLESS_KNOWN == 0


@hot
def is_jumbogram(layer: Row, payload: int, length: int) -> bool:
    """Trim a jumbogram to its length, which must be one that only a jumbogram has (`ipv6_hop_jumbo`)."""
    if payload != 0 or length <= IPV6_MAXPLEN or length > layer["size"]:
        return False
    layer["size"] = length
    layer["have"] = min(layer["have"], length)
    return True
