"""Captured frames as packets that can be played to the kernel: without their link layer, whole, and with checksums.

Read first: `fwsim.kernel.orders.Injection`; FRAME and PACKET in `fwsim.tables`. What only the capture did to a packet
is mended: a length or a checksum that was left to the network card, a payload that was cut off (it becomes zeros, with
a checksum to match, since no checksum of a cut packet is judged). What was wrong on the wire stays wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fwsim.engine import is_compiled, link
from fwsim.engine.link import LAYER, LINK_ETHERNET, LINK_RAW
from fwsim.engine.path import LOCAL as HOOK_LOCAL
from fwsim.kernel.orders import Injection, Way
from fwsim.tables import FRAME, PACKET, V6, Rows, empty
from fwsim.terms import Evidence, Hook, Proto, Reason

Table = npt.NDArray[np.void]

LONGEST = 65521
"""Bytes of an IP packet that fits a TAP device."""

NOT_IP, EGRESS_COPY, CUT = int(Reason.NOT_IP), int(Reason.EGRESS_COPY), int(Reason.CUT)
SHORT_PACKET = int(Reason.SHORT_PACKET)
BAD_CHECKSUM = int(Evidence.BAD_CHECKSUM)
OUTPUT, FORWARD = int(Hook.OUTPUT), int(Hook.FORWARD)
LINK_LOCAL_V6 = V6 + 0xFE800000
ETHER_TYPES = {4: b"\x08\x00", 6: b"\x86\xdd"}
TCP, UDP, ICMP, ICMPV6 = int(Proto.TCP), int(Proto.UDP), int(Proto.ICMP), int(Proto.ICMPV6)
CHECKSUM_AT = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2}
NEEDED = {UDP: 8, ICMP: 8 + 60 + 8, ICMPV6: 8 + 40 + 8}
"""Bytes of a transport header that conntrack may read, with what an ICMP error quotes; TCP says it itself."""
UNPADDABLE = (int(Proto.SCTP), int(Proto.UDPLITE))
"""Checksums over parts that the cut has taken, of other kinds than these."""

LEFT_OUT = {NOT_IP: "not IP", EGRESS_COPY: "an egress copy", CUT: "cut by the capture"}
"""Frames that are not played, by their reason: the first two concern no rule, the last cannot be mended."""
TOO_LONG = "too long for a device"

FRAME_FIELDS = ("offset", "captured", "length", "capture_interface", "reason", "transport_fault", "evidence", "ts")
PACKET_FIELDS = ("hook", "iif", "oif", "proto", "fragment", "dst0", "dst1", "dst2", "dst3", "length")


class Frames(Protocol):
    """What is asked of a chunk or batch: located frames and the bytes they lie in."""

    @property
    def frames(self) -> Table:
        """Rows of FRAME."""

    @property
    def packets(self) -> Table:
        """Rows of PACKET."""

    @property
    def buffer(self) -> npt.NDArray[np.uint8]:
        """The bytes."""

    def __len__(self) -> int:
        """How many frames."""


class Framing:
    """Turns chunks into injections.

    `link_types` by capture interface; `device_of` an interface's device; `route_of` the interface that the routes
    lead a destination to; `judged` whether the simulator looks at checksums at all. Where the rules may translate, a
    packet of the firewall's own is led by the routes, so that they can lead it elsewhere.
    """

    def __init__(
        self,
        device_of: Callable[[int], int],
        route_of: Callable[[tuple[int, ...]], int],
        *,
        judged: bool,
        translates: bool = False,
    ) -> None:
        """Nothing is framed yet."""
        self.device_of = device_of
        self.route_of = route_of
        self.judged = judged
        self.translates = translates

    def injections(
        self, chunk: Frames, link_types: Sequence[int], first: int
    ) -> tuple[list[Injection], dict[int, str]]:
        """The packets of a chunk, numbered from `first` by their row, and why the other rows are left out."""
        found: list[Injection] = []
        left_out: dict[int, str] = {}
        buffer = chunk.buffer.data
        frames = zip(*(chunk.frames[field].tolist() for field in FRAME_FIELDS), strict=True)
        packets = zip(*(chunk.packets[field].tolist() for field in PACKET_FIELDS), strict=True)
        for row, (frame, packet) in enumerate(zip(frames, packets, strict=True)):
            reason = frame[4]
            why = LEFT_OUT.get(reason)
            if why is None:
                at, family = ip_begins(buffer, link_types[frame[3]], frame[0], frame[1], frame[2])
                data = bytes(buffer[at : frame[0] + frame[1]])
                if is_cut(data, frame, packet) and not can_be_padded(data, family, packet):
                    why = LEFT_OUT[CUT]
                elif reason == 0:
                    data = self.mended(data, family, frame, packet)
                if len(data) > LONGEST:
                    why = TOO_LONG
            if why is not None:
                left_out[row] = why
            else:
                found.append(self.injection(first + row, data, family, frame, packet))
        return found, left_out

    def injection(
        self, number: int, data: bytes, family: int, frame: tuple[int, ...], packet: tuple[int, ...]
    ) -> Injection:
        """One packet with the way it takes."""
        hook, iif, oif = packet[:3]
        if frame[4] == 0 and hook in (OUTPUT, HOOK_LOCAL):
            bound = hook == OUTPUT and oif >= 0 and not (self.translates and self.route_of(packet[5:9]) == oif)
            device = self.device_of(oif) if bound else -1
            return Injection(number, Way.SENT, device, data[: packet[9]], frame[7])
        detour = -1
        if frame[4] == 0 and hook == FORWARD and oif >= 0 and packet[5] >> 22 != LINK_LOCAL_V6 >> 22:
            by_route = self.route_of(packet[5:9])
            detour = self.device_of(oif) if by_route != oif else -1
        return Injection(number, Way.RECEIVED, self.device_of(iif), ETHER_TYPES[family] + data, frame[7], detour)

    def mended(self, data: bytes, family: int, frame: tuple[int, ...], packet: tuple[int, ...]) -> bytes:
        """The packet as the network card would have sent it."""
        proto, fragment, length = packet[3], packet[4], packet[9]
        cut = is_cut(data, frame, packet)
        data += bytes(max(length - len(data), 0))
        segmented = length_field(data, family) != length and (family == 4 or data[6] in (TCP, UDP))
        if segmented or (family == 4 and data[10:12] == b"\0\0"):
            data = with_header(data, family, length)
        at = CHECKSUM_AT.get(proto)
        header = (data[0] & 15) * 4 if family == 4 else 40
        direct = family == 4 or data[6] == proto
        if at is None or fragment or not direct or length < header + at + 2 or frame[5] or frame[6] & BAD_CHECKSUM:
            return data
        return with_checksum(data, family, proto, header, at, length, anyway=segmented or cut) if self.judged else data


def ip_begins(buffer: Any, link_type: int, offset: int, captured: int, length: int) -> tuple[int, int]:
    """Where a frame's IP packet begins, and its family; the frame is known to have one."""
    if link_type == LINK_ETHERNET:
        ether_type = buffer[offset + 12] << 8 | buffer[offset + 13]
        if ether_type in (0x0800, 0x86DD):
            return offset + 14, 4 if ether_type == 0x0800 else 6
    elif link_type == LINK_RAW and buffer[offset] >> 4 == 4:
        return offset, 4
    return behind_link_layer(buffer, link_type, offset, captured, length)


def behind_link_layer(buffer: Any, link_type: int, offset: int, captured: int, length: int) -> tuple[int, int]:
    """The same by way of the engine, for all link types."""
    tables = [empty(row, 1) for row in (FRAME, PACKET, LAYER)]
    tables[2][0] = (offset, captured, length, 0)
    if is_compiled():
        frame, packet, layer = (table[0] for table in tables)
        link.link_layer(np.frombuffer(buffer, np.uint8), link_type, frame, packet, layer)
    else:
        frame, packet, layer = (Rows(table)[0] for table in tables)
        link.link_layer(buffer, link_type, frame, packet, layer)
    return int(layer["at"]), int(layer["kind"])


def is_cut(data: bytes, frame: tuple[int, ...], packet: tuple[int, ...]) -> bool:
    """Whether the capture kept only the beginning of a packet; one that is longer than its frame was, is malformed."""
    return len(data) < packet[9] and frame[4] != SHORT_PACKET


def can_be_padded(data: bytes, family: int, packet: tuple[int, ...]) -> bool:
    """Whether zeros may stand for what the capture cut off: all that conntrack reads must be there."""
    proto, fragment, length = packet[3], packet[4], packet[9]
    header = (data[0] & 15) * 4 if family == 4 else 40
    if fragment or proto in UNPADDABLE or proto < 0 or (family == 6 and data[6] != proto):
        return False
    if proto == TCP:
        return len(data) >= header + 20 and len(data) >= header + (data[header + 12] >> 4) * 4
    return len(data) >= min(header + NEEDED.get(proto, 0), length)


def length_field(data: bytes, family: int) -> int:
    """The length that an IP header tells."""
    return data[2] << 8 | data[3] if family == 4 else 40 + (data[4] << 8 | data[5])


def with_header(data: bytes, family: int, length: int) -> bytes:
    """A packet with its length and header checksum filled in, where they can hold it."""
    if family == 6:
        return data if length - 40 > 0xFFFF else data[:4] + (length - 40).to_bytes(2, "big") + data[6:]
    size = (data[0] & 15) * 4
    header = data[:2] + min(length, 0xFFFF).to_bytes(2, "big") + data[4:10] + b"\0\0" + data[12:size]
    return header[:10] + (0xFFFF - sum_of(header)).to_bytes(2, "big") + header[12:] + data[size:]


def with_checksum(
    data: bytes, family: int, proto: int, header: int, at: int, length: int, *, anyway: bool
) -> bytes:  # fmt: skip
    """A packet with the transport checksum that was left to the network card.

    The sum over the pseudo-header stands in its place, with or without the length in it: both are taken for that by
    `fwsim.engine.transport.judge` as well. With `anyway` any wrong one is mended.
    """
    segment = data[header:length]
    addresses = data[12:20] if family == 4 else data[8:40]
    field = segment[at : at + 2]
    without_length = 0 if proto == ICMP else int.from_bytes(addresses, "big") + proto
    pseudo = 0 if proto == ICMP else (without_length + len(segment)) % 0xFFFF
    if (proto == UDP and field == b"\0\0") or (pseudo + sum_of(segment)) % 0xFFFF == 0:
        return data
    sums = (pseudo, without_length % 0xFFFF)
    left_to_card = proto != ICMP and int.from_bytes(field, "big") % 0xFFFF in sums
    if not (anyway or left_to_card):
        return data
    bare = segment[:at] + b"\0\0" + segment[at + 2 :]
    value = 0xFFFF - (pseudo + sum_of(bare)) % 0xFFFF
    return data[: header + at] + value.to_bytes(2, "big") + data[header + at + 2 :]


def sum_of(data: bytes) -> int:
    """The one's complement sum of some bytes, padded to 16-bit words, modulo 0xFFFF."""
    return int.from_bytes(data if len(data) % 2 == 0 else data + b"\0", "big") % 0xFFFF
