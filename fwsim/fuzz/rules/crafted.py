"""A packet by its fields as an IP packet: what is not said is as an ordinary sender has it.

Read first: `fwsim.capture.crafting`, `fwsim.fuzz.rules.aim`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

from fwsim.capture.crafting import (
    Ip,
    gre_packet,
    icmp_message,
    in_pieces,
    sctp_chunk,
    sctp_packet,
    tcp_segment,
    udp_datagram,
)
from fwsim.fuzz.rules.aim import ICMP_OF, Aimed
from fwsim.fuzz.rules.asking import Packet
from fwsim.terms import Hook, Proto

FORWARDED = (Hook.FORWARD, Hook.POSTROUTING)
"""Hooks at which a packet on its way through has one hop less left than when it came in."""
MOST_BYTES = 9_000
PIECE = 24
ERRORS = {4: (3, 4, 5, 11, 12), 6: (1, 2, 3, 4)}
NO_NEXT_HEADER = 59
EXTENSIONS = (0, 43, 60, 135)
"""IPv6 extension headers of eight bytes: their own next header, a length of 0, options of padding."""


def text_of(family: int, address: int) -> str:
    """An address as text."""
    return str(IPv4Address(address) if family == 4 else IPv6Address(address))


def crafted(aimed: Aimed) -> list[Ip]:
    """The packet; its pieces if a fragment was wished for."""
    packet = aimed.packet
    ip = whole(packet)
    passes = aimed.way == Hook.FORWARD and aimed.hook in FORWARDED
    ip = replace(ip, ttl=min(int(packet.get("ttl", 64)) + passes, 255))
    if packet.get("fragment"):
        ip = replace(ip, payload=ip.payload + bytes(max(2 * PIECE - len(ip.payload), 0)), dont_fragment=False)
        return in_pieces(ip, PIECE)
    return [ip]


def whole(packet: Packet) -> Ip:
    """The packet in one piece."""
    family, proto = int(packet["family"]), int(packet["proto"])
    src, dst = text_of(family, int(packet["src"])), text_of(family, int(packet["dst"]))
    payload = payload_of(src, dst, packet, b"")
    missing = int(packet.get("length", 0)) - len(payload) - (20 if family == 4 else 40)
    if missing > 0:
        payload = payload_of(src, dst, packet, bytes(min(missing, MOST_BYTES)))
    tos, number = int(packet.get("dscp", 0)) << 2, int(packet.get("ip_id", 0))
    return Ip(src, dst, proto, payload, tos=tos, ip_id=number)


def payload_of(src: str, dst: str, packet: Packet, data: bytes) -> bytes:
    """The transport header and what is behind it."""
    proto = int(packet["proto"])
    if proto in ICMP_OF:
        return icmp(src, dst, packet, data)
    write = WRITERS.get(proto)
    if write is not None:
        return write(src, dst, packet, data)
    if int(packet["family"]) == 6 and proto in EXTENSIONS:
        return bytes((NO_NEXT_HEADER, 0, 1, 4, 0, 0, 0, 0)) + data
    return bytes(16) + data


def ports_of(packet: Packet) -> tuple[int, int]:
    """Source and destination port."""
    return int(packet["sport"]), int(packet["dport"])


def tcp(src: str, dst: str, packet: Packet, data: bytes) -> bytes:
    """A TCP segment."""
    numbers = int(packet.get("tcp_seq", 1_000)), int(packet.get("tcp_ack", 0))
    window = int(packet.get("tcp_window", 65_535))
    return tcp_segment(src, dst, ports_of(packet), numbers, int(packet.get("tcp_flags", 2)), window, data=data)


def udp(src: str, dst: str, packet: Packet, data: bytes) -> bytes:
    """A UDP datagram."""
    return udp_datagram(src, dst, ports_of(packet), data)


def sctp(src: str, dst: str, packet: Packet, data: bytes) -> bytes:
    """An SCTP packet that opens an association."""
    return sctp_packet(ports_of(packet), 0, sctp_chunk("init", tag=7)) + data


def gre(src: str, dst: str, packet: Packet, data: bytes) -> bytes:
    """A GRE packet of version 0."""
    return gre_packet(0, 0x0800, 1, data)


def icmp(src: str, dst: str, packet: Packet, data: bytes) -> bytes:
    """An ICMP message; an error quotes a datagram that its receiver may have sent, or that it is said to."""
    kind, code = int(packet.get("icmp_type", 8)), int(packet.get("icmp_code", 0))
    family = int(packet["family"])
    if kind in ERRORS[family]:
        return icmp_message(src, dst, kind, code, bytes(4), quoted(src, dst) + data)
    return icmp_message(src, dst, kind, code, struct.pack("!HH", int(packet.get("icmp_id", 7)), 1), bytes(8) + data)


QUOTED_PORTS = (40_001, 33_434)
"""Of the datagram that errors quote: a traceroute's."""


def quoted(src: str, dst: str) -> bytes:
    """The datagram that an error from `src` to `dst` is about."""
    return about(src, dst).encode()


def about(src: str, dst: str) -> Ip:
    """A datagram from the receiver of an error to its sender."""
    return Ip(dst, src, int(Proto.UDP), udp_datagram(dst, src, QUOTED_PORTS, bytes(8)))


WRITERS: dict[int, Callable[[str, str, Packet, bytes], bytes]] = {
    int(Proto.TCP): tcp, int(Proto.UDP): udp, int(Proto.SCTP): sctp, int(Proto.GRE): gre,
}  # fmt: skip
