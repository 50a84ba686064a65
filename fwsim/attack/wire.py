"""Packets as an attacker makes them, with scapy: IP packets with everything in them that a family asks for.

Read first: RFC 791, RFC 8200, RFC 9293 §3.1, RFC 768, RFC 792, RFC 4443. The one module of the lab that knows scapy,
which is loaded when the first packet is made. Equal calls give equal bytes: nothing is left for scapy to draw or to
ask the network for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

UNREACHABLE, ECHO_REPLY, ECHO_REQUEST = 3, 0, 8
UNREACHABLE_6, TOO_BIG_6, ECHO_REQUEST_6, ECHO_REPLY_6 = 1, 2, 128, 129

TcpOptions = Sequence[tuple[str, Any]]


@cache
def layers() -> Any:
    """Scapy's layers."""
    from scapy.layers.dns import DNS, DNSQR, DNSRR
    from scapy.layers.inet import ICMP, IP, TCP, UDP
    from scapy.layers.inet6 import IPv6
    from scapy.packet import Raw

    return SimpleNamespace(IP=IP, IPv6=IPv6, TCP=TCP, UDP=UDP, ICMP=ICMP, Raw=Raw, DNS=DNS, DNSQR=DNSQR, DNSRR=DNSRR)


def is_v6(address: str) -> bool:
    """Whether an address is one of IPv6."""
    return ":" in address


def ip(src: str, dst: str, proto: int, *, ttl: int = 64, ip_id: int = 0, flags: str = "DF", frag: int = 0) -> Any:
    """The header; `flags` and `frag` (in units of 8 bytes) are IPv4's."""
    if is_v6(src):
        return layers().IPv6(src=src, dst=dst, nh=proto, hlim=ttl, fl=0, tc=0)
    return layers().IP(src=src, dst=dst, proto=proto, ttl=ttl, id=ip_id, flags=flags, frag=frag)


def with_payload(header: Any, data: bytes) -> Any:
    """A header and the bytes behind it, if there are any."""
    return header / layers().Raw(data) if data else header


def tcp(
    src: str,
    dst: str,
    ports: tuple[int, int],
    flags: str,
    *,
    seq: int = 0,
    ack: int = 0,
    win: int = 1024,
    options: TcpOptions = (),
    data: bytes = b"",
    ttl: int = 64,
    ip_id: int = 0,
    offset: int | None = None,
    checksum: int | None = None,
) -> bytes:
    """A TCP segment; flags by scapy's letters (`SA`). `offset` and `checksum` replace the right ones."""
    header = layers().TCP(
        sport=ports[0], dport=ports[1], flags=flags, seq=seq, ack=ack, window=win, options=list(options),
        dataofs=offset, chksum=checksum, urgptr=0,
    )  # fmt: skip
    return bytes(ip(src, dst, 6, ttl=ttl, ip_id=ip_id) / with_payload(header, data))


def udp(src: str, dst: str, ports: tuple[int, int], data: bytes, *, ttl: int = 64, ip_id: int = 0) -> bytes:
    """A UDP datagram."""
    header = layers().UDP(sport=ports[0], dport=ports[1])
    return bytes(ip(src, dst, 17, ttl=ttl, ip_id=ip_id) / with_payload(header, data))


def icmp(
    src: str, dst: str, kind: int, code: int, rest: int, data: bytes = b"", *, ttl: int = 64, ip_id: int = 0
) -> bytes:
    """An ICMP message, or by its addresses an ICMPv6 one; `rest` is the second half of its 8-byte header."""
    if is_v6(src):
        return icmp6(src, dst, kind, code, rest, data, ttl=ttl)
    body = rest.to_bytes(4, "big")
    # Scapy's further fields depend on the type: the second half of the header is given as bytes instead.
    message = bytes(layers().ICMP(type=kind, code=code, chksum=0))[:4] + body + data
    summed = message[:2] + checksum_of(message).to_bytes(2, "big") + message[4:]
    return bytes(with_payload(ip(src, dst, 1, ttl=ttl, ip_id=ip_id), summed))


def icmp6(src: str, dst: str, kind: int, code: int, rest: int, data: bytes, *, ttl: int) -> bytes:
    """An ICMPv6 message."""
    from scapy.layers.inet6 import in6_chksum

    message = bytes([kind, code, 0, 0]) + rest.to_bytes(4, "big") + data
    header = ip(src, dst, 58, ttl=ttl)
    checksum = in6_chksum(58, header, message)
    return bytes(with_payload(header, message[:2] + checksum.to_bytes(2, "big") + message[4:]))


def checksum_of(data: bytes) -> int:
    """The Internet checksum, by scapy."""
    from scapy.utils import checksum

    return int(checksum(data))


def fragment(
    src: str, dst: str, proto: int, data: bytes, *, offset: int, more: bool, ip_id: int, ttl: int = 64
) -> bytes:
    """A fragment of an IPv4 datagram; `offset` in bytes."""
    header = ip(src, dst, proto, ttl=ttl, ip_id=ip_id, flags="MF" if more else "", frag=offset // 8)
    return bytes(with_payload(header, data))


def dns_question(name: str, ident: int) -> bytes:
    """A query for an address, recursion desired (RFC 1035 §4)."""
    known = layers()
    return bytes(known.DNS(id=ident, rd=1, qd=[known.DNSQR(qname=name, qtype="A")]))


def dns_answer(name: str, ident: int, address: str, ttl: int = 86_400) -> bytes:
    """An answer to that query that gives this address."""
    known = layers()
    record = known.DNSRR(rrname=name, type="A", ttl=ttl, rdata=address)
    return bytes(known.DNS(id=ident, qr=1, rd=1, ra=1, qd=[known.DNSQR(qname=name, qtype="A")], an=[record]))
