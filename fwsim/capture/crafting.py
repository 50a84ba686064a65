"""Packets described in a few words, and their bytes: what a playbook sends.

Read first: RFC 791, RFC 8200, RFC 9293 §3.1, RFC 768, RFC 792, RFC 4443, RFC 9260 §3. Everything is deterministic, and
every length and checksum is right unless a wrong one is asked for. Nothing here knows of conversations or firewalls.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from ipaddress import ip_address

ICMP, TCP, UDP, GRE, ICMPV6, SCTP = 1, 6, 17, 47, 58, 132
FRAGMENT_HEADER = 44
ETHERTYPE_IPV4, ETHERTYPE_ARP, ETHERTYPE_VLAN, ETHERTYPE_IPV6 = 0x0800, 0x0806, 0x8100, 0x86DD

FLAG_BITS = {"F": 0x01, "S": 0x02, "R": 0x04, "P": 0x08, "A": 0x10, ".": 0x10, "U": 0x20, "E": 0x40, "W": 0x80}

CHUNK_TYPES = {
    "data": 0, "init": 1, "init-ack": 2, "sack": 3, "heartbeat": 4, "heartbeat-ack": 5, "abort": 6, "shutdown": 7,
    "shutdown-ack": 8, "error": 9, "cookie-echo": 10, "cookie-ack": 11, "ecne": 12, "cwr": 13, "shutdown-complete": 14,
}  # fmt: skip
"""SCTP's chunks (RFC 9260 §3.2)."""
CHUNK_BODIES = {
    "data": struct.pack("!IHHI", 1, 0, 0, 0) + b"data",
    "sack": struct.pack("!IIHH", 1, 65535, 0, 0),
    "heartbeat": struct.pack("!HH", 1, 8) + b"beat",
    "heartbeat-ack": struct.pack("!HH", 1, 8) + b"beat",
    "shutdown": struct.pack("!I", 1),
    "cookie-echo": b"a cookie",
}


@lru_cache(maxsize=4096)
def packed(address: str) -> bytes:
    """The 4 or 16 bytes of an address."""
    return ip_address(address).packed


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071): a ones' complement sum is the number modulo 2**16 - 1, 0 only if all is 0."""
    number = int.from_bytes(data + b"\0" * (len(data) % 2), "big")
    return 0xFFFF - (number % 0xFFFF or (0xFFFF if number else 0))


def flag_bits(letters: str) -> int:
    """TCP flags from their letters: `SA` or, as tcpdump writes it, `S.`."""
    bits = 0
    for letter in letters:
        bits |= FLAG_BITS[letter]
    return bits


@dataclass(frozen=True)
class Ip:
    """One IP packet. What is not named is as an ordinary sender has it.

    `payload` begins with the transport header, or in IPv6 with extension headers, of which `proto` names the first.
    `length` overrides the length field (IPv4: total, IPv6: payload); `fragment` is the offset in bytes; `ip_options`
    are those of an IPv4 header, a multiple of four bytes.
    """

    src: str
    dst: str
    proto: int
    payload: bytes
    ttl: int = 64
    tos: int = 0
    ip_id: int = 0
    dont_fragment: bool = True
    fragment: int = 0
    more_fragments: bool = False
    length: int | None = None
    bad_header_checksum: bool = False
    ip_options: bytes = b""

    @property
    def family(self) -> int:
        """4 or 6."""
        return 6 if ":" in self.src else 4

    def encode(self) -> bytes:
        """The packet's bytes."""
        return self._ipv6() if self.family == 6 else self._ipv4()

    def _ipv4(self) -> bytes:
        header = 20 + len(self.ip_options)
        total = header + len(self.payload) if self.length is None else self.length
        fragment = self.fragment // 8 | (0x2000 if self.more_fragments else 0)
        if self.dont_fragment and not fragment:
            fragment = 0x4000
        rest = packed(self.src) + packed(self.dst) + self.ip_options
        head = struct.pack("!BBHHHBB", 0x40 | header // 4, self.tos, total, self.ip_id, fragment, self.ttl, self.proto)
        right = checksum(head + rest)
        return head + struct.pack("!H", right ^ 0x0101 if self.bad_header_checksum else right) + rest + self.payload

    def _ipv6(self) -> bytes:
        length = len(self.payload) if self.length is None else self.length
        head = struct.pack("!IHBB", 6 << 28 | self.tos << 20, length, self.proto, self.ttl)
        return head + packed(self.src) + packed(self.dst) + self.payload

    def forwarded(self) -> Ip:
        """The same packet behind the next router."""
        return replace(self, ttl=self.ttl - 1)


def in_pieces(packet: Ip, size: int) -> list[Ip]:
    """The fragments of a packet, of so many bytes of payload each (a multiple of 8), in order."""
    ends = range(0, max(len(packet.payload), 1), size)
    return [fragment_of(packet, at, min(at + size, len(packet.payload))) for at in ends]


def fragment_of(packet: Ip, start: int, end: int, *, more: bool | None = None) -> Ip:
    """A fragment of a packet: bytes `start` to `end` of its payload; in IPv6 the IP id is the fragment header's."""
    goes_on = end < len(packet.payload) if more is None else more
    piece = packet.payload[start:end]
    if packet.family == 4:
        return replace(packet, payload=piece, fragment=start, more_fragments=goes_on, dont_fragment=False)
    header = struct.pack("!BBHI", packet.proto, 0, start | goes_on, packet.ip_id)
    return replace(packet, proto=FRAGMENT_HEADER, payload=header + piece)


def pseudo_header(src: str, dst: str, proto: int, length: int) -> bytes:
    """What TCP, UDP and ICMPv6 put before themselves when summing (RFC 9293 §3.1, RFC 8200 §8.1)."""
    if ":" in src:
        return packed(src) + packed(dst) + struct.pack("!II", length, proto)
    return packed(src) + packed(dst) + struct.pack("!BBH", 0, proto, length)


def tcp_options(
    *,
    mss: int | None = None,
    sack_ok: bool = False,
    wscale: int | None = None,
    timestamps: tuple[int, int] | None = None,
    sack: tuple[tuple[int, int], ...] = (),
) -> bytes:
    """An option area in the order in which Linux writes it, padded to four bytes (`tcp_options_write`)."""
    area = b"" if mss is None else struct.pack("!BBH", 2, 4, mss)
    if timestamps:
        area += (b"\x04\x02" if sack_ok else b"\x01\x01") + struct.pack("!BBII", 8, 10, *timestamps)
    elif sack_ok:
        area += b"\x01\x01\x04\x02"
    if wscale is not None:
        area += struct.pack("!BBBB", 1, 3, 3, wscale)
    if sack:
        area += struct.pack("!BBBB", 1, 1, 5, 2 + 8 * len(sack))
        area += b"".join(struct.pack("!II", left, right) for left, right in sack)
    return area + b"\0" * (-len(area) % 4)


def tcp_segment(
    src: str,
    dst: str,
    ports: tuple[int, int],
    numbers: tuple[int, int],
    flags: int,
    win: int,
    *,
    options: bytes = b"",
    data: bytes = b"",
    offset: int | None = None,
    bad_checksum: bool = False,
    offloaded: bool = False,
) -> bytes:
    """A TCP header with its data. `offloaded` leaves the checksum to the network card, as a sender captures it."""
    words = (20 + len(options)) // 4 if offset is None else offset
    head = struct.pack("!HHIIBBHHH", *ports, *numbers, words << 4, flags, win, 0, 0)
    segment = head + options + data
    pseudo = pseudo_header(src, dst, TCP, len(segment))
    right = ~checksum(pseudo) & 0xFFFF if offloaded else checksum(pseudo + segment)
    return segment[:16] + struct.pack("!H", right ^ 0x0101 if bad_checksum else right) + segment[18:]


def udp_datagram(
    src: str,
    dst: str,
    ports: tuple[int, int],
    data: bytes,
    *,
    udp_length: int | None = None,
    no_checksum: bool = False,
    bad_checksum: bool = False,
    summed: int | None = None,
) -> bytes:
    """A UDP header with its data. `udp_length` overrides the field, `summed` how many bytes the checksum covers."""
    size = 8 + len(data) if udp_length is None else udp_length
    datagram = struct.pack("!HHHH", *ports, size, 0) + data
    covered = datagram if summed is None else datagram[:summed]
    right = checksum(pseudo_header(src, dst, UDP, len(covered)) + covered) or 0xFFFF
    field = 0 if no_checksum else right ^ 0x0101 if bad_checksum else right
    return datagram[:6] + struct.pack("!H", field) + data


def icmp_message(
    src: str, dst: str, kind: int, code: int, rest: bytes, data: bytes = b"", *, bad_checksum: bool = False
) -> bytes:
    """An ICMP or ICMPv6 message, by the family of its addresses; `rest` is the second half of the 8-byte header."""
    message = struct.pack("!BBH", kind, code, 0) + rest + data
    pseudo = pseudo_header(src, dst, ICMPV6, len(message)) if ":" in src else b""
    right = checksum(pseudo + message)
    return message[:2] + struct.pack("!H", right ^ 0x0101 if bad_checksum else right) + message[4:]


@cache
def crc_table() -> tuple[int, ...]:
    """The CRC of each byte (RFC 9260 appendix A, reflected polynomial 0x82F63B78)."""
    table = list(range(256))
    for byte in table:
        for _ in range(8):
            table[byte] = table[byte] >> 1 ^ (0x82F63B78 if table[byte] & 1 else 0)
    return tuple(table)


def crc32c(data: bytes | bytearray) -> int:
    """The CRC of RFC 9260 appendix A."""
    crc, table = 0xFFFFFFFF, crc_table()
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def sctp_chunk(
    kind: str | int, *, tag: int = 0, flags: int = 0, claims: int | None = None, body: bytes | None = None
) -> bytes:
    """A chunk, padded; `tag` is that of an INIT or INIT-ACK, `claims` overrides its length field, `body` what it holds.

    `kind` is one of `CHUNK_TYPES`, or a number.
    """
    number = kind if isinstance(kind, int) else CHUNK_TYPES[kind]
    if body is None:
        opens = number in (CHUNK_TYPES["init"], CHUNK_TYPES["init-ack"])
        body = struct.pack("!IIHHI", tag, 65535, 10, 10, 1) if opens else CHUNK_BODIES.get(str(kind), b"")
    whole = struct.pack("!BBH", number, flags, 4 + len(body) if claims is None else claims) + body
    return whole + bytes(-len(whole) % 4)


def sctp_packet(ports: tuple[int, int], vtag: int, chunks: bytes, *, crc: int | None = None) -> bytes:
    """A common header with its CRC (`crc` gives another), and chunks."""
    head = struct.pack("!HHI", *ports, vtag)
    right = crc32c(head + bytes(4) + chunks) if crc is None else crc
    return head + struct.pack("<I", right) + chunks


def gre_packet(version: int, inner: int, key: int, data: bytes = b"", *, flags: int = 0x2000) -> bytes:
    """A GRE packet with a key (RFC 2890), which is payload length and call id in version 1 (RFC 2637 §4.1).

    `inner` is the type of what it carries.
    """
    return struct.pack("!HHI", flags | version, inner, key) + data


def ethernet(
    source: bytes,
    destination: bytes,
    packet: bytes,
    *,
    ethertype: int = 0,
    vlan: int | None = None,
    padded: bool = True,
) -> bytes:
    """An Ethernet II frame, `padded` to 60 bytes as it comes off the wire; the type is taken from the IP version."""
    kind = ethertype or (ETHERTYPE_IPV6 if packet[0] >> 4 == 6 else ETHERTYPE_IPV4)
    tag = b"" if vlan is None else struct.pack("!HH", ETHERTYPE_VLAN, vlan)
    frame = destination + source + tag + struct.pack("!H", kind) + packet
    return frame + b"\0" * (60 - len(frame) if padded else 0)


def arp(operation: int, sender: tuple[bytes, str], target: tuple[bytes, str]) -> bytes:
    """An ARP message for Ethernet and IPv4 (RFC 826): 1 asks, 2 answers."""
    head = struct.pack("!HHBBH", 1, ETHERTYPE_IPV4, 6, 4, operation)
    return head + sender[0] + packed(sender[1]) + target[0] + packed(target[1])


def mac_of(address: str) -> bytes:
    """The hardware address of the host with this IP address: a local one with the address's last four bytes."""
    return b"\x02\x00" + packed(address)[-4:]
