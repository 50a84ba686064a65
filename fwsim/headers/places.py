"""The bytes of many packets at once, and where their headers begin: as netfilter finds them.

Read first: FRAME and PACKET in `fwsim.tables`; of the kernel `nft_set_pktinfo_ipv4`, `nft_set_pktinfo_ipv6`,
`nft_payload_eval`, `ipv6_find_hdr`. All numbers are arrays with an element for each packet.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fwsim.terms import ABSENT, UNKNOWN_VALUE, Hook

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Table = npt.NDArray[np.void]

TCP, UDP, GRE = 6, 17, 47
IP_IN_IP = (4, 41)
GRE_HEADER = 4
HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, NO_NEXT, DESTINATION = 0, 43, 44, 51, 59, 60
EXTENSIONS = (HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, NO_NEXT, DESTINATION)
"""What the kernel takes for an extension header (`ipv6_ext_hdr`)."""
LOCAL = 5
"""In PACKET["hook"]: from a local address to a local one."""
ETHERNET, COOKED = 14, 16
"""Bytes of a header of Ethernet, and of Linux cooked v1, in which a MAC address stands at the same place."""
ADDRESSES_OF_ETHERNET = 12


class Header(NamedTuple):
    """Where a header begins, in bytes behind the beginning of the IP header; `state` is 0, ABSENT or UNKNOWN_VALUE."""

    start: Numbers
    state: Numbers


class Found(NamedTuple):
    """A header of IPv6: its number, where it begins, the offset of the fragment in which it is, and `Header.state`.

    Where the chain of headers ends in the middle of one, it is `broken`: xtables drops such packets.
    """

    kind: Numbers
    start: Numbers
    fragment: Numbers
    state: Numbers
    broken: Flags


class Packets:
    """Packets, and their bytes as far as they are known."""

    def __init__(self, frames: Table, packets: Table, buffer: npt.NDArray[np.uint8]) -> None:
        """The rows, and the bytes that the frames lie in."""
        self.frames = frames
        self.rows = packets
        self.bytes = buffer if len(buffer) else np.zeros(1, np.uint8)
        self.network: Numbers = frames["offset"] + frames["network"]
        self.family: Numbers = packets["family"].copy()
        self.length: Numbers = np.where(self.family > 0, packets["length"], 0)
        self.known: Numbers = np.minimum(frames["captured"] - frames["network"], self.length)
        self.reassembled = np.zeros(len(frames), np.bool_)
        """Which packets were put together of fragments, in the header of the first."""

    def __len__(self) -> int:
        """How many packets."""
        return len(self.frames)

    @property
    def nothing(self) -> Numbers:
        """A zero for each packet."""
        return np.zeros(len(self), np.int64)

    def byte(self, at: Numbers | int, rows: Any = slice(None)) -> Numbers:
        """A byte of each of some packets, so far behind the beginning of the IP header; any if it is not known."""
        place = np.clip(self.network[rows] + at, 0, len(self.bytes) - 1)
        found: Numbers = self.bytes[place].astype(np.int64)
        return found

    def pair(self, at: Numbers | int, rows: Any = slice(None)) -> Numbers:
        """Two bytes, in network order."""
        return self.byte(at, rows) << 8 | self.byte(at + 1, rows)

    def reach(self, header: Header, end: Numbers | int) -> Numbers:
        """0 for packets of which the bytes of a header up to `end` are known, else ABSENT or UNKNOWN_VALUE."""
        last = header.start + end
        cut = np.where(last > self.known, UNKNOWN_VALUE, 0)
        return np.where(header.state != 0, header.state, np.where(last > self.length, ABSENT, cut))

    # --- where headers begin ----------------------------------------------------------------------------------------

    def header(self, base: str) -> Header:
        """The header of a layer, as nft names these."""
        headers = {"ll": self.link, "nh": self.network_header, "th": self.transport, "ih": self.inner}
        return headers[base]

    @cached_property
    def network_header(self) -> Header:
        """The IP header."""
        return Header(self.nothing, np.where(self.family > 0, 0, ABSENT))

    @cached_property
    def link(self) -> Header:
        """That of Ethernet: a packet that is made here has none yet, and of others a capture may keep another one."""
        size = self.frames["network"]
        hook = self.rows["hook"]
        state = np.where(size == ETHERNET, 0, UNKNOWN_VALUE)
        return Header(-size, np.where(hook == Hook.OUTPUT, ABSENT, np.where(hook == LOCAL, UNKNOWN_VALUE, state)))

    @cached_property
    def addresses_of_link(self) -> Header:
        """The same, of which only the addresses are asked for: tags stand behind these."""
        size = self.frames["network"]
        tagged = (size > COOKED) & (self.byte(6 - size) << 8 | self.byte(7 - size) == self.frames["source_mac"] >> 32)
        state = np.where((self.link.state == UNKNOWN_VALUE) & tagged & (self.rows["hook"] != LOCAL), 0, self.link.state)
        return Header(self.link.start, state)

    @cached_property
    def _in_ipv6(self) -> Found:
        """The transport header of packets of IPv6."""
        return self.find(-1)

    @cached_property
    def protocol(self) -> Numbers:
        """The protocol of the transport header."""
        return np.where(self.family == 6, self._in_ipv6.kind, self.byte(9))

    @cached_property
    def transport(self) -> Header:
        """The header behind the IP header: no rule sees that of a later fragment."""
        v6 = self._in_ipv6
        cut = np.where(self.known < 20, UNKNOWN_VALUE, 0)
        of_v4 = np.where(self.pair(6) & 0x1FFF != 0, np.where(cut != 0, cut, ABSENT), cut)
        of_v6 = np.where((v6.state == 0) & (v6.fragment != 0), ABSENT, v6.state)
        start = np.where(self.family == 6, v6.start, (self.byte(0) & 15) * 4)
        state = np.where(self.family == 6, of_v6, of_v4)
        return Header(start, np.where(self.family > 0, state, ABSENT))

    @cached_property
    def inner(self) -> Header:
        """What a transport header carries (`__nft_payload_inner_offset`); of tunnels it is not worked out."""
        start, state = self.transport
        tcp = self.protocol == TCP
        size = np.where(tcp, (self.byte(start + 12) >> 4) * 4, 8)
        found = np.where(tcp, self.reach(self.transport, 20), np.where(self.protocol == UDP, 0, ABSENT))
        tunnelled = np.isin(self.protocol, (*IP_IN_IP, GRE))
        cut_short = (self.protocol == GRE) & (self.reach(self.transport, GRE_HEADER) == ABSENT)
        found = np.where(tunnelled & ~cut_short, UNKNOWN_VALUE, found)
        return Header(start + size, np.where(state != 0, state, found))

    def find(self, target: int) -> Found:
        """The extension header of IPv6 with a number, or with -1 the transport header (`ipv6_find_hdr`)."""
        kind, start, fragment = self.nothing - 1, self.nothing + 40, self.nothing
        state = self.nothing + ABSENT
        broken = np.zeros(len(self), np.bool_)
        rows = np.flatnonzero(self.family == 6)
        state[rows] = UNKNOWN_VALUE
        rows = rows[self.known[rows] >= 40]
        number, at = self.byte(6, rows), np.full(len(rows), 40, np.int64)
        while len(rows):
            step = self._step(target, rows, number, at)
            end = rows[step.stops]
            kind[end], start[end], state[end] = step.kind[step.stops], at[step.stops], step.state[step.stops]
            fragment[end], broken[end] = step.fragment[step.stops], step.broken[step.stops]
            goes_on = ~step.stops
            number, at, rows = self.byte(at, rows)[goes_on], (at + step.size)[goes_on], rows[goes_on]
        return Found(kind, start, fragment, state, broken)

    def _step(self, target: int, rows: Any, number: Numbers, at: Numbers) -> _Step:
        """Look at the header `number` at `at` of some packets."""
        found = (number == target) | ((number == AUTHENTICATION) & (target < 0))  # IP6_FH_F_AUTH
        last = ~np.isin(number, EXTENSIONS) | (number == NO_NEXT)
        needed = at + np.where((number == ROUTING) | (number == FRAGMENT), 4, 2)
        missing = ~last & (needed > self.length[rows])
        cut = ~last & (needed > self.known[rows])
        following = self.byte(at, rows)
        offset = np.where(number == FRAGMENT, self.pair(at + 2, rows) & 0xFFF8, 0)
        later = ~last & (offset != 0)
        inside = later & ~found & (target < 0) & (~np.isin(following, EXTENSIONS) | (following == NO_NEXT))
        there = found | (last & (target < 0)) | inside
        state = np.select([missing, cut, there], [ABSENT, UNKNOWN_VALUE, 0], ABSENT)
        length = self.byte(at + 1, rows)
        size = np.where(number == AUTHENTICATION, (length + 2) * 4, (length + 1) * 8)
        return _Step(
            stops=last | missing | cut | later | found,
            kind=np.where(inside, following, number),
            fragment=offset,
            state=state,
            broken=missing,
            size=np.where(number == FRAGMENT, 8, size),
        )


class _Step(NamedTuple):
    """One step along the headers of IPv6: which packets are at the end, and what of them is said; the `size` passed."""

    stops: Flags
    kind: Numbers
    fragment: Numbers
    state: Numbers
    broken: Flags
    size: Numbers
