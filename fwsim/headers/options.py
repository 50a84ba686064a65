"""Options of TCP and IP, and extension headers of IPv6, as nft and xtables find them.

Read first: `places`; of the kernel `nft_exthdr_tcp_eval`, `nft_exthdr_ipv6_eval`, `ipv4_find_option`, and xt_tcpmss and
xt_tcpudp, which look for options of TCP otherwise than nft.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fwsim.netfilter.fields import Option
from fwsim.terms import ABSENT, UNKNOWN_VALUE

from .bits import number
from .places import AUTHENTICATION, TCP, Header, Numbers, Packets
from .selecting import IP_KINDS, TCP_KINDS, XTABLES, bits_of, kind_of

TCP_HEADER = 20
IPV4_HEADER = 20
MAXSEG, MAXSEG_SIZE = TCP_KINDS["maxseg"], 4
END, NO_OPERATION = 0, 1
LEAST_SIZE = {IP_KINDS["rr"]: 3, IP_KINDS["ra"]: 4, IP_KINDS["lsrr"]: 7, IP_KINDS["ssrr"]: 7}
"""Of the IP options that are looked for."""
FIRST_POINTER = 4


def option(packets: Packets, asked: Option) -> Numbers:
    """The value of a field, or whether there is such an option."""
    if asked.header in ("tcp", XTABLES):
        return _tcp(packets, asked)
    return _ip(packets, asked) if asked.header == "ip" else _extension(packets, asked)


# --- TCP -------------------------------------------------------------------------------------------------------------


def _tcp(packets: Packets, asked: Option) -> Numbers:
    """An option of TCP."""
    kind, bits = kind_of(asked), bits_of(asked)
    assert kind is not None
    reach = _whole_header(packets)
    if asked.header == XTABLES:
        place = _in_xtables(packets, reach == 0, kind, sized=bits is not None)
        # what is no whole header has the packet dropped (`hotdrop`), and of a fragment the payload is taken for one
        reach = np.where((packets.protocol == TCP) & (reach == ABSENT), UNKNOWN_VALUE, reach)
    else:
        place = _in_nft(packets, reach == 0, kind, 1 if bits is None else (bits.offset + bits.length + 7) >> 3)
    if bits is None:
        return np.where(reach == UNKNOWN_VALUE, reach, (place > 0).astype(np.int64))
    value = number(packets, Header(packets.transport.start + place, reach), bits.offset, bits.length)
    return np.where((reach == 0) & (place == 0), ABSENT, value)


def _whole_header(packets: Packets) -> Numbers:
    """0 for packets with a whole header of TCP (`nft_tcp_header_pointer`), else ABSENT or UNKNOWN_VALUE."""
    transport = packets.transport
    fixed = packets.reach(transport, TCP_HEADER)
    size = _size(packets)
    whole = np.where(size < TCP_HEADER, ABSENT, packets.reach(transport, size))
    reach = np.where(fixed != 0, fixed, whole)
    other = (transport.state != UNKNOWN_VALUE) & (packets.protocol != TCP)
    return np.where(other, ABSENT, reach)


def _size(packets: Packets) -> Numbers:
    """How long the header says to be."""
    return (packets.byte(packets.transport.start + 12) >> 4) * 4


def _in_nft(packets: Packets, whole: npt.NDArray[np.bool_], kind: int, needed: int) -> Numbers:
    """Where nft finds an option, 0 where it does not: the first of its kind counts, if it is long enough."""
    place = packets.nothing
    rows = np.flatnonzero(whole)
    begin, size = packets.transport.start[rows], _size(packets)[rows]
    at = np.full(len(rows), TCP_HEADER, np.int64)
    while (goes_on := at < size - 1).any():
        rows, begin, size, at = rows[goes_on], begin[goes_on], size[goes_on], at[goes_on]
        own, length = packets.byte(begin + at, rows), packets.byte(begin + at + 1, rows)
        length = np.where((own <= NO_OPERATION) | (length == 0), 1, length)
        hit = own == kind
        fits = hit & (at + length <= size) & (needed <= length)
        place[rows[fits]] = at[fits]
        at = np.where(hit, size, at + length)
    return place


def _in_xtables(packets: Packets, whole: npt.NDArray[np.bool_], kind: int, *, sized: bool) -> Numbers:
    """Where xtables finds an option; a maximum segment size (`sized`) is one of the right length only."""
    place = packets.nothing
    rows = np.flatnonzero(whole)
    begin, size = packets.transport.start[rows], _size(packets)[rows]
    at = np.full(len(rows), TCP_HEADER, np.int64)
    while (goes_on := at < size).any():
        rows, begin, size, at = rows[goes_on], begin[goes_on], size[goes_on], at[goes_on]
        own, length = packets.byte(begin + at, rows), packets.byte(begin + at + 1, rows)
        hit = own == kind
        if sized:
            hit &= (size - at >= MAXSEG_SIZE) & (length == MAXSEG_SIZE)
        place[rows[hit]] = at[hit]
        at = np.where(hit, size, at + np.where((own <= NO_OPERATION) | (length == 0), 1, length))
    return place


# --- IPv4 ------------------------------------------------------------------------------------------------------------


def _ip(packets: Packets, asked: Option) -> Numbers:
    """Whether there is an option of IPv4; with others than those that are looked for it is unknown."""
    kind = kind_of(asked)
    found = np.zeros(len(packets), np.bool_)
    doubtful = np.zeros(len(packets), np.bool_)
    v4 = packets.family == 4
    size = (packets.byte(0) & 15) * 4
    doubtful[v4 & (packets.known < size)] = True
    rows = np.flatnonzero(v4 & ~doubtful)
    at = np.full(len(rows), IPV4_HEADER, np.int64)
    routes = packets.nothing
    while (goes_on := at < size[rows]).any():
        rows, at = rows[goes_on], at[goes_on]
        own, length, pointer = (packets.byte(at + n, rows) for n in range(3))
        plain = own <= NO_OPERATION
        least = np.select([own == known for known in LEAST_SIZE], list(LEAST_SIZE.values()), 256)
        routed = (own == IP_KINDS["lsrr"]) | (own == IP_KINDS["ssrr"])
        routes[rows[routed]] += 1
        bad = ~plain & ((length < least) | (at + length > size[rows]) | _is_odd(own, length, pointer))
        doubtful[rows[bad]] = True
        found[rows[(own == kind) & ~bad]] = True
        at = np.where(bad | (own == END), size[rows], at + np.where(plain, 1, length))
    value = np.where(doubtful | (routes > 1), UNKNOWN_VALUE, found.astype(np.int64))
    return np.where(v4, value, 0)


def _is_odd(kind: Numbers, length: Numbers, pointer: Numbers) -> npt.NDArray[np.bool_]:
    """Options whose pointer the kernel may not take (`__ip_options_compile`), or that mean something else by it."""
    route = (kind == IP_KINDS["lsrr"]) | (kind == IP_KINDS["ssrr"])
    recorded = (kind == IP_KINDS["rr"]) & ((pointer < FIRST_POINTER) | ((pointer <= length) & (pointer + 3 > length)))
    alert = (kind == IP_KINDS["ra"]) & (pointer != 0)
    odd: npt.NDArray[np.bool_] = route & ((pointer != FIRST_POINTER) | ((length - 3) & 3 != 0)) | recorded | alert
    return odd


# --- IPv6 ------------------------------------------------------------------------------------------------------------


def _extension(packets: Packets, asked: Option) -> Numbers:
    """An extension header of IPv6."""
    kind, bits = kind_of(asked), bits_of(asked)
    assert kind is not None
    found = packets.find(kind)
    header = Header(found.start, found.state)
    if bits is not None:
        field = number(packets, header, bits.offset, bits.length)
        return np.where(found.broken & (asked.header == "exthdr"), UNKNOWN_VALUE, field)
    value = np.where(found.state == UNKNOWN_VALUE, UNKNOWN_VALUE, (found.state == 0).astype(np.int64))
    if asked.header != "exthdr":
        return value
    value = np.where(found.broken, UNKNOWN_VALUE, value)
    if asked.option == "frag":
        return value
    # of one that says to be longer than the packet xtables thinks otherwise (ip6t_hbh.c, ip6t_rt.c, ip6t_ah.c)
    length = number(packets, header, 8, 8)
    size = (length + 2) * 4 if kind == AUTHENTICATION else (length + 1) * 8
    whole = np.where(length < 0, length, np.where(found.start + size > packets.length, UNKNOWN_VALUE, 1))
    return np.where(value == 1, np.where(whole == ABSENT, UNKNOWN_VALUE, whole), value)
