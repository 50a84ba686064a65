"""What a server says on FTP's control connection behind translation: its own address, and numbers as it knows them.

Read first: `nf_nat_ftp`, `nf_ct_seq_adjust`. The firewall writes another address into announcements, so that sequence
numbers mean something else on its two sides. `fwsim.fuzz.ftp` has them as the client sees them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace

from fwsim.capture.crafting import TCP, Ip, checksum, pseudo_header
from fwsim.engine.serial import distance, wrap

CONTROL = 21
SEQ_AT, ACK_AT, OFFSET_AT, CHECKSUM_AT = 4, 8, 12, 16
LEAST = 20


@dataclass
class Shifts:
    """By how much numbers from some position on differ on the two sides; the positions are the client's."""

    known: list[tuple[int, int]] = field(default_factory=list)

    def at(self, number: int) -> int:
        """The difference at a number: that of the last position that is not behind it."""
        for position, shift in reversed(self.known):
            if distance(number, position) >= 0:
                return shift
        return 0

    def note(self, position: int, shift: int) -> None:
        """From this position on it is so much."""
        if shift != self.at(position):
            self.known.append((position, shift))


@dataclass
class Speaking:
    """A control connection as the server knows it."""

    said: Shifts = field(default_factory=Shifts)
    heard: Shifts = field(default_factory=Shifts)

    def hear(self, sent: bytes, arrived: bytes) -> None:
        """A packet of the client, from its IP header on, as it was sent and as (its first bytes) it arrived."""
        one, other = numbers(sent), numbers(arrived)
        if one is not None and other is not None:
            end, seen = wrap(one[0] + one[1]), wrap(other[0] + other[1])
            self.heard.note(end, distance(seen, end))

    def say(self, ip: Ip, known_as: str, own: str) -> Ip:
        """A packet of the server: as the client would see it in, as the server sends it out."""
        segment = ip.payload
        if ip.proto != TCP or ip.fragment or len(segment) < LEAST or segment[OFFSET_AT] >> 4 < 5:
            return ip
        header = (segment[OFFSET_AT] >> 4) * 4
        seq, ack = struct.unpack_from("!II", segment, SEQ_AT)
        text = respelled(segment[header:], known_as, own)
        shifted = struct.pack("!II", wrap(seq + self.said.at(seq)), wrap(ack + self.heard.at(ack)))
        changed = segment[:SEQ_AT] + shifted + segment[ACK_AT + 4 : header] + text
        more = len(text) - len(segment[header:])
        if more:
            self.said.note(wrap(seq + len(segment) - header), self.said.at(seq) + more)
        return replace(ip, payload=summed(ip, changed))


def numbers(packet: bytes) -> tuple[int, int] | None:
    """The sequence number of a TCP segment, and how many bytes of data it has as its IP header tells."""
    family = packet[:1] and packet[0] >> 4
    at = 40 if family == 6 else (packet[0] & 15) * 4 if family == 4 else 0
    if not at or len(packet) < at + LEAST or packet[6 if family == 6 else 9] != TCP:
        return None
    length = struct.unpack_from("!H", packet, 4)[0] + 40 if family == 6 else struct.unpack_from("!H", packet, 2)[0]
    (seq,) = struct.unpack_from("!I", packet, at + SEQ_AT)
    return seq, max(length - at - (packet[at + OFFSET_AT] >> 4) * 4, 0)


def respelled(text: bytes, known_as: str, own: str) -> bytes:
    """A line with the server's own address for the one that it is known as."""
    for before, behind in ((known_as, own), (known_as.replace(".", ","), own.replace(".", ","))):
        text = text.replace(before.encode(), behind.encode())
    return text


def summed(ip: Ip, segment: bytes) -> bytes:
    """The changed segment with its checksum, if it had a right one."""
    if checksum(pseudo_header(ip.src, ip.dst, TCP, len(ip.payload)) + ip.payload):
        return segment
    bare = segment[:CHECKSUM_AT] + b"\0\0" + segment[CHECKSUM_AT + 2 :]
    right = checksum(pseudo_header(ip.src, ip.dst, TCP, len(bare)) + bare)
    return bare[:CHECKSUM_AT] + struct.pack("!H", right) + bare[CHECKSUM_AT + 2 :]
