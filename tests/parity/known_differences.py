"""Where fwsim is known to decide otherwise than Linux, though the kernel can be asked: each a strict expected failure.

Read first: `KNOWN`. `README.md` lists them too, with those that no kernel can be asked about in a namespace: the choice
of what is evicted from a full table (`nf_conntrack_max` is the host's), packets of which the capture has only a part,
and groups of the link of which the firewall may or may not be a member.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.captures_by_hand import ip4, pseudo, with_sum
from tests.kernel_stage import HOST, PEER, Seen, capture_of, tcp_packet, udp_packet
from tests.playbook import Playbook
from tests.playbook_capture import pcapng
from tests.playbook_sctp import endless

KERNEL = "6.18"
"""The kernel that was asked."""

SCTP, UDP = 132, 17
HEADER_CHECKSUM = slice(10, 12)
EVERYBODY = bytes([255] * 4)


@dataclass(frozen=True)
class KnownDifference:
    """Packets about which the two disagree, or of which only the kernel knows what to do; `where` has the mark.

    `as_captured`: the packets are played with what fwsim takes for the work of a network card left undone.
    """

    reason: str
    where: str
    capture: Callable[[], bytes]
    rules: dict[str, Any] = field(default_factory=dict)
    as_captured: bool = False


def without_length(packet: bytes) -> bytes:
    """A packet whose length field was left open."""
    if packet[0] >> 4 == 6:
        return packet[:4] + b"\0\0" + packet[6:]
    return with_sum(packet[:2] + b"\0\0" + packet[4:10] + b"\0\0" + packet[12:20], 10) + packet[20:]


def opening(family: int) -> bytes:
    """A SYN."""
    return tcp_packet(HOST[family], PEER[family], 1000, 80, 0x02)


def in_fragments() -> list[Seen]:
    """A datagram in two pieces."""
    whole = udp_packet(HOST[4], PEER[4], 1000, 53)[20:]
    segment = with_sum(
        whole[:4] + (24).to_bytes(2, "big") + whole[6:8] + bytes(16), 6, pseudo(HOST[4], PEER[4], UDP, 24)
    )
    pieces = (segment[:16], 0x2000), (segment[16:], 2)
    return [Seen("lan", ip4(part, UDP, src=HOST[4], dst=PEER[4], fragment=place)) for part, place in pieces]


def half_datagrams() -> list[Seen]:
    """First pieces of 4,000 datagrams, each of another sender, and then the second ones."""

    def piece(number: int, data: bytes, place: int) -> Seen:
        return Seen("lan", ip4(data, UDP, src=bytes([10, 1, *divmod(number, 256)]), dst=PEER[4], fragment=place))

    datagram = udp_packet(HOST[4], PEER[4], 1000, 53)[20:28]
    begun = [piece(number, datagram[:6] + b"\0\0", 0x2000) for number in range(4000)]
    return [*begun, *(piece(number, bytes(8), 1) for number in range(4000))]


def announced_in_mixed_writing() -> bytes:
    """An FTP client that writes its IPv6 address with an IPv4 one at the end, and the server's connection to it."""
    play = Playbook(family=6)
    control = play.ftp("[fd00:1::a01:17]:40000", "[2001:db8::80]:21")
    control.original("PA", b"EPRT |2|fd00:1::10.1.0.23|1041|\r\n")
    control.reply("A")
    play.tcp("[2001:db8::80]:20", "[fd00:1::a01:17]:1041").original("S")
    return pcapng(play.captured(), ("lan", "wan", "dmz"))


OPEN = {"chains": {"forward": {"hook": "forward", "rules": [{"name": "new", "ct_state": "new", "verdict": "accept"}]}}}
BEFORE_ASSEMBLY = {"chains": OPEN["chains"] | {"raw": {"hook": "prerouting", "priority": -450, "rules": [
    {"name": "later pieces", "fragment": "later", "verdict": "drop"},
]}}}  # fmt: skip
WITH_HELPER = {"chains": OPEN["chains"] | {"helpers": {"hook": "prerouting", "rules": [
    {"name": "ftp", "proto": "tcp", "dport": 21, "helper": "ftp"},
]}}}  # fmt: skip
TO_ALL = {
    "interfaces": {"lan": {"networks": ["10.0.0.0/8"]}, "wan": {"networks": ["any"]}},
    "chains": {"input": {"hook": "input", "rules": [{"name": "new", "ct_state": "new", "verdict": "accept"}]}},
}

KNOWN = {
    "ipv4-length-zero": KnownDifference(
        "a length of zero is taken for one that segmentation offload left open; Linux discards the packet",
        "fwsim/engine/network.py",
        lambda: capture_of([Seen("lan", without_length(opening(4)))]),
        as_captured=True,
    ),
    "ipv6-length-zero": KnownDifference(
        "a length of zero before TCP or UDP is taken for one that segmentation offload left open; for Linux nothing "
        "follows the header",
        "fwsim/engine/network.py",
        lambda: capture_of([Seen("lan", without_length(opening(6)))]),
        as_captured=True,
    ),
    "ipv4-header-checksum-zero": KnownDifference(
        "a header checksum of zero is taken for one that the network card fills in; Linux discards the packet",
        "fwsim/engine/network.py",
        lambda: capture_of([Seen("lan", opening(4)[:10] + b"\0\0" + opening(4)[12:])]),
        as_captured=True,
    ),
    "loopback-source-to-everybody": KnownDifference(
        "to 255.255.255.255 every source in 127.0.0.0/8 is a martian; to Linux only 127.0.0.1 is",
        "fwsim/engine/martians.py",
        lambda: capture_of([Seen("lan", udp_packet(bytes([127, 0, 0, 2]), EVERYBODY, 1000, 53))]),
        TO_ALL,
    ),
    "sctp-of-many-chunks": KnownDifference(
        "an SCTP packet of more than 48 unlike chunks is not followed: its verdict is unknown",
        "fwsim/engine/settled.py",
        lambda: capture_of([Seen("lan", ip4(endless(), SCTP, src=HOST[4], dst=PEER[4]))]),
    ),
    "chains-before-assembly": KnownDifference(
        "chains of a priority below -400 see whole datagrams; in Linux, their fragments",
        "fwsim/defragmenting.py",
        lambda: capture_of(in_fragments()),
        BEFORE_ASSEMBLY,
    ),
    "memory-of-fragments": KnownDifference(
        "the 4 MB that may wait count bytes of fragments; in Linux the kernel's buffers",
        "fwsim/capture/reassembly.py",
        lambda: capture_of(half_datagrams()),
    ),
    "ftp-address-in-mixed-writing": KnownDifference(
        "an announced IPv6 address that ends in an IPv4 one is not read: what follows is unknown",
        "fwsim/engine/ftp_line.py",
        announced_in_mixed_writing,
        WITH_HELPER,
    ),
}  # fmt: skip
