"""What the packets of the example captures carry: DNS, NTP, neighbour discovery; and dice that fall alike everywhere.

Read first: RFC 1035 §4.1, RFC 5905 §7.3, RFC 4861 §4, RFC 2710 §3.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TypeVar

from fwsim.capture.crafting import ETHERTYPE_ARP, ICMPV6, Ip, arp, ethernet, icmp_message, mac_of, packed
from tests.playbook import Playbook
from tests.playbook_stage import FIREWALL_MAC

Thing = TypeVar("Thing")


class Dice:
    """Numbers that look random and are the same for ever (Knuth's MMIX generator)."""

    def __init__(self, seed: int) -> None:
        """Begin with a seed."""
        self.state = seed

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return (self.state >> 33) % limit

    def between(self, low: float, high: float) -> float:
        """A number in a range, in a millionth of it."""
        return low + (high - low) * self.below(1_000_000) / 1_000_000

    def pick(self, things: Sequence[Thing]) -> Thing:
        """One of several."""
        return things[self.below(len(things))]


def question(name: str, number: int = 0x1A2B, kind: int = 1) -> bytes:
    """A DNS query: `kind` 1 asks for the IPv4, 28 for the IPv6 address."""
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + struct.pack("!BHH", 0, kind, 1)


def answer(name: str, address: str, number: int = 0x1A2B) -> bytes:
    """Its answer: one address, good for 500 seconds."""
    kind = 28 if ":" in address else 1
    head = struct.pack("!HHHHHH", number, 0x8180, 1, 1, 0, 0) + question(name, number, kind)[12:]
    return head + struct.pack("!HHHIH", 0xC00C, kind, 1, 500, len(packed(address))) + packed(address)


def ntp(mode: int, seconds: int) -> bytes:
    """An NTP message of a client (mode 3) or server (4), with its transmit timestamp."""
    stratum = 0 if mode == 3 else 2
    return (
        struct.pack("!BBbb", 4 << 3 | mode, stratum, 6, -20)
        + bytes(36)
        + struct.pack("!II", seconds + 2_208_988_800, 0)
    )


def tls_record(size: int) -> bytes:
    """A TLS application data record (RFC 8446 §5.1) of this size altogether."""
    line = bytes(range(33, 97))
    return b"\x17\x03\x03" + struct.pack("!H", size - 5) + (line * (size // 64 + 1))[: size - 5]


def solicited_node(address: str) -> str:
    """The multicast group of those who may have this address (RFC 4291 §2.7.1)."""
    a, b, c = packed(address)[-3:]
    return f"ff02::1:ff{a:02x}:{b:02x}{c:02x}"


def solicit(play: Playbook, asker: str, target: str, *, interface: str = "lan") -> None:
    """A neighbour asks for its router's hardware address, and is told."""
    group, mac = solicited_node(target), FIREWALL_MAC[interface]
    ask = icmp_message(asker, group, 135, 0, bytes(4), packed(target) + b"\x01\x01" + mac_of(asker))
    multicast = b"\x33\x33" + packed(group)[-4:]
    frame = ethernet(mac_of(asker), multicast, Ip(asker, group, ICMPV6, ask, ttl=255).encode())
    play.raw(frame, interface, f"{asker} > {group} neighbour solicitation for {target}")
    tell = icmp_message(target, asker, 136, 0, b"\xe0\0\0\0", packed(target) + b"\x02\x01" + mac)
    frame = ethernet(mac, mac_of(asker), Ip(target, asker, ICMPV6, tell, ttl=255).encode(), padded=False)
    play.raw(frame, interface, f"{target} > {asker} neighbour advertisement")


def listen(play: Playbook, host: str, group: str, *, interface: str = "lan") -> None:
    """A host says that it listens to a multicast group (MLDv1 report, with the router alert option)."""
    report = icmp_message(host, group, 131, 0, bytes(4), packed(group))
    packet = Ip(host, group, 0, bytes([ICMPV6, 0, 5, 2, 0, 0, 1, 0]) + report, ttl=1)
    multicast = b"\x33\x33" + packed(group)[-4:]
    play.raw(ethernet(mac_of(host), multicast, packet.encode()), interface, f"{host} listens to {group}")


def who_has(play: Playbook, asker: str, target: str, *, interface: str = "lan") -> None:
    """A host asks for its router's hardware address over IPv4, and is told."""
    mine, mac = mac_of(asker), FIREWALL_MAC[interface]
    ask = arp(1, (mine, asker), (bytes(6), target))
    play.raw(ethernet(mine, b"\xff" * 6, ask, ethertype=ETHERTYPE_ARP), interface, f"arp who-has {target} tell {asker}")
    tell = arp(2, (mac, target), (mine, asker))
    play.raw(ethernet(mac, mine, tell, ethertype=ETHERTYPE_ARP, padded=False), interface, f"arp {target} is-at")
