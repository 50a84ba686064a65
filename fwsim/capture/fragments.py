"""One captured fragment: which datagram it belongs to, which part of that it is, and its bytes.

Read first: RFC 791 §3.2, RFC 8200 §4.5; conntrack-spec §12. What becomes of fragments is in `fwsim.capture.reassembly`,
how a whole datagram is made of them in `fwsim.capture.datagrams`. All this is ordinary Python, compiled engine or not:
fragments are rare.
"""

from __future__ import annotations

from dataclasses import dataclass

from fwsim.engine.icmp_header import ICMPV6
from fwsim.engine.network import (
    AUTHENTICATION,
    FRAGMENT,
    NO_NEXT_HEADER,
    TCP,
    is_extension,
)
from fwsim.engine.transport import UDP
from fwsim.tables import V6
from fwsim.terms import Hook

Key = tuple[int, ...]

IPV6_HEADER = 40
FRAGMENT_HEADER = 8
TRANSPORT_HEADERS = {TCP: 20, UDP: 8, ICMPV6: 8}
"""What IPv6 wants of a transport header in a first fragment (`ipv6frag_thdr_truncated`); of others a byte."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A fragment: bytes `start` to `end` of the payload of a datagram.

    `head` is what the datagram's header would be if this is its first fragment: the IP header, in IPv6 with the
    extension headers before the fragment header, which leave that out. `data` may be shorter than the fragment if the
    capture was cut. `ecn` are the two bits of RFC 3168. `headless` is a first fragment of IPv6 that does not hold the
    whole chain of headers (RFC 7112).
    """

    key: Key
    family: int
    start: int
    end: int
    more: bool
    ecn: int
    head: bytes
    data: bytes
    headless: bool = False

    @property
    def size(self) -> int:
        """Bytes of payload on the wire."""
        return self.end - self.start


def read_fragment(content: memoryview, frame: dict[str, int], packet: dict[str, int]) -> Fragment | None:
    """The fragment in a decoded frame that may be evaluated; None if it is whole, or the kernel sees no fragment."""
    at = frame["offset"] + frame["network"]
    packet_bytes = content[at : at + min(frame["captured"] - frame["network"], packet["length"])]
    if packet["family"] == 4:
        return _ipv4(packet_bytes, packet)
    return _ipv6(packet_bytes, packet)


def _ipv4(content: memoryview, packet: dict[str, int]) -> Fragment | None:
    """As `read_fragment`, of an IPv4 packet: fragments belong together by addresses, id and protocol."""
    word = int.from_bytes(content[6:8], "big")
    if not word & 0x3FFF:
        return None
    header = (content[0] & 15) * 4
    start = (word & 0x1FFF) * 8
    return Fragment(
        key=(4, packet["src0"], packet["dst0"], packet["ip_id"], packet["proto"], is_made_here(packet)),
        family=4,
        start=start,
        end=start + packet["length"] - header,
        more=bool(word & 0x2000),
        ecn=content[1] & 3,
        head=bytes(content[:header]),
        data=bytes(content[header:]),
    )


def _ipv6(content: memoryview, packet: dict[str, int]) -> Fragment | None:
    """As `read_fragment`, of an IPv6 packet: fragments belong together by addresses and id.

    On a link of their own, that is between or to link-local and multicast addresses, also by interface
    (`nf_ct_frag6_gather`, `fq_find`).
    """
    found = fragment_header(content)
    if found is None or len(content) < found[0] + FRAGMENT_HEADER:
        return None
    at, named_at = found
    word = int.from_bytes(content[at + 2 : at + 4], "big")
    start = word & 0xFFF8
    head = bytearray(content[:at])
    head[named_at] = content[at]
    words = [packet[f"{end}{number}"] for end in ("src", "dst") for number in range(4)]
    return Fragment(
        key=(6, *words, int.from_bytes(content[at + 4 : at + 8], "big"), is_made_here(packet), link_of(packet)),
        family=6,
        start=start,
        end=start + packet["length"] - at - FRAGMENT_HEADER,
        more=bool(word & 1),
        ecn=content[1] >> 4 & 3,
        head=bytes(head),
        data=bytes(content[at + FRAGMENT_HEADER :]),
        headless=start == 0 and is_headless(content[at:], packet["length"] - at),
    )


def is_made_here(packet: dict[str, int]) -> int:
    """1 for packets that begin at OUTPUT: these are collected apart from those that come in."""
    return int(packet["hook"] >= Hook.OUTPUT)


def link_of(packet: dict[str, int]) -> int:
    """The interface that an IPv6 fragment came in by, if its destination has no meaning beyond that link, else 0."""
    first = packet["dst0"] - V6
    return packet["iif"] if first >> 24 == 0xFF or first >> 22 == 0xFE80 >> 6 else 0


def header_size(content: memoryview, at: int, kind: int) -> int:
    """The bytes of the extension header that begins at `at`, of which two were captured."""
    if kind == FRAGMENT:
        return FRAGMENT_HEADER
    return (content[at + 1] + 2) * 4 if kind == AUTHENTICATION else (content[at + 1] + 1) * 8


def fragment_header(content: memoryview) -> tuple[int, int] | None:
    """Where the first fragment header is, and where it is named as the next (`find_prev_fhdr`)."""
    kind, at, named_at = content[6], IPV6_HEADER, 6
    while kind != FRAGMENT:
        if not is_extension(kind) or len(content) < at + 2:
            return None
        kind, named_at, at = content[at], at, at + header_size(content, at, kind)
    return at, named_at


def is_headless(content: memoryview, size: int) -> bool:
    """Whether a first fragment's chain of headers goes on beyond it; `content` begins with its fragment header.

    Where the chain cannot be followed the kernel takes it for complete (`ipv6_skip_exthdr` < 0).
    """
    kind, at = FRAGMENT, 0
    while is_extension(kind):
        if size < at + 2 or len(content) < at + 2:
            return False
        if kind == FRAGMENT and int.from_bytes(content[at + 2 : at + 4], "big") & 0xFFF8:
            return False
        kind, at = content[at], at + header_size(content, at, kind)
    return kind != NO_NEXT_HEADER and at + TRANSPORT_HEADERS.get(kind, 1) > size
