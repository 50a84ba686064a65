"""Random traffic of nearly all kinds that a firewall tells apart, and what becomes of it under rulesets: a judge.

Connections with answers, errors about them and packets out of their windows; strange flags, wrong checksums, lone and
mixed fragments, neighbour discovery, other protocols. Hosts are inside, outside, or the firewall itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from io import StringIO
from random import Random
from typing import Any

from scapy.layers.l2 import Ether

from fwsim.capture import from_scapy
from fwsim.capture.crafting import (
    Ip,
    ethernet,
    flag_bits,
    gre_packet,
    icmp_message,
    in_pieces,
    mac_of,
    sctp_chunk,
    sctp_packet,
    tcp_segment,
    udp_datagram,
)
from fwsim.ruleset import load_ruleset
from fwsim.simulator import INBOUND, MODES, Simulator
from fwsim.terms import Verdict

INTERFACES = {"lan": ["10.0.0.0/24", "fd00::/64"], "wan": ["any"]}
OWN = {4: "10.0.0.254", 6: "fd00::fe"}
HOSTS = {
    4: {"lan": ("10.0.0.1", "10.0.0.2"), "wan": ("203.0.113.1", "198.51.100.9"), None: (OWN[4],)},
    6: {"lan": ("fd00::1", "fd00::2"), "wan": ("2001:db8::1", "2001:db8:9::9"), None: (OWN[6],)},
}
PORTS = (22, 80, 443, 53, 8080, 0, 65_535)
STRANGE = ("A", "F", "R", "SA", "SF", "", "FPU", "RA", "PA", "FA", "SR", "SP", "U")
GAPS = (0.001, 0.01, 0.5, 2.0)
AWAY = 900_000_000
"""So far from what was sent that it is in no window."""
TCP, UDP, ICMP, ICMPV6, GRE, ESP, SCTP = 6, 17, 1, 58, 47, 50, 132
PING, PONG = {4: 8, 6: 128}, {4: 0, 6: 129}
UNREACHABLE = {4: 3, 6: 1}
LONE = {4: (0, 3, 5, 8, 11, 13, 14, 30), 6: (129, 1, 2, 128, 135, 136, 134, 150)}


@dataclass
class Talk:
    """Two hosts and how they speak; what they have said."""

    dice: Random
    family: int = 4
    ends: tuple[str, str] = ("", "")
    sides: tuple[str | None, str | None] = (None, None)
    ports: tuple[int, int] = (0, 0)
    said: list[tuple[Ip, str | None]] = field(default_factory=list)
    like: dict[str, int] = field(default_factory=dict)

    def begin(self) -> None:
        """Choose hosts on two sides, ports, and what all their packets have."""
        dice = self.dice
        self.family = 6 if dice.random() < 0.3 else 4
        here, there = dice.sample(sorted(HOSTS[self.family], key=str), 2)
        self.sides = here, there
        self.ends = dice.choice(HOSTS[self.family][here]), dice.choice(HOSTS[self.family][there])
        self.ports = dice.choice((40_000, 40_000 + dice.randrange(50), 53, 1_000)), dice.choice(PORTS)
        self.like = {"ttl": dice.choice((64, 64, 64, 2, 3, 4, 255)), "tos": dice.choice((0, 0, 0, 0x20))}

    def _say(self, back: bool, proto: int, payload: bytes) -> Ip:
        """One packet, from the first host or (`back`) the second."""
        src, dst = self.ends[::-1] if back else self.ends
        ip = replace(Ip(src, dst, proto, payload, tos=self.like["tos"]), ttl=self.like["ttl"])
        ip = replace(ip, ip_id=self.dice.randrange(1, 65_535))
        self.said.append((ip, self.sides[back]))
        return ip

    def _tcp(self, flags: str, numbers: tuple[int, int], back: bool = False, **more: Any) -> Ip:
        """A TCP segment."""
        src, dst = self.ends[::-1] if back else self.ends
        ports = self.ports[::-1] if back else self.ports
        wrapped = numbers[0] % (1 << 32), numbers[1] % (1 << 32)
        return self._say(back, TCP, tcp_segment(src, dst, ports, wrapped, flag_bits(flags), 8_192, **more))

    def _udp(self, back: bool = False, data: bytes = b"abc") -> Ip:
        """A datagram."""
        src, dst = self.ends[::-1] if back else self.ends
        return self._say(back, UDP, udp_datagram(src, dst, self.ports[::-1] if back else self.ports, data))

    def _icmp(self, kind: int, number: int = 9, back: bool = False, data: bytes = b"", code: int = 0) -> Ip:
        """An ICMP message."""
        src, dst = self.ends[::-1] if back else self.ends
        rest = bytes(4) if data else number.to_bytes(2, "big") + b"\0\1"
        proto = ICMP if self.family == 4 else ICMPV6
        return self._say(back, proto, icmp_message(src, dst, kind, code, rest, data))

    # --- conversations ----------------------------------------------------------------------------------------------

    def connection(self) -> None:
        """A TCP connection, perhaps with an error about it, a packet far away, an end."""
        dice = self.dice
        seq, ack = dice.randrange(1 << 31), dice.randrange(1 << 31)
        self._tcp("S", (seq, 0))
        if dice.random() < 0.8:
            self._tcp("SA", (ack, seq + 1), back=True)
        if dice.random() > 0.8:
            return
        about = self._tcp("A", (seq + 1, ack + 1))
        self._tcp("PA", (seq + 1, ack + 1), data=b"hello")
        self._tcp("A", (ack + 1, seq + 6), back=True)
        if dice.random() < 0.3:
            self._tcp("A", (ack + AWAY, seq + 6), back=True)
        if dice.random() < 0.5:
            self._icmp(UNREACHABLE[self.family], back=True, data=about.encode(), code=dice.choice((0, 1, 3)))
        if dice.random() < 0.4:
            self._tcp("FA", (ack + 1, seq + 6), back=True)
        if dice.random() < 0.2:
            self._tcp("R", (seq + 6, 0))

    def strange(self) -> None:
        """A TCP packet of no connection."""
        self._tcp(self.dice.choice(STRANGE), (self.dice.randrange(1 << 31), 5))

    def datagrams(self) -> None:
        """Datagrams, perhaps answered."""
        self._udp()
        if self.dice.random() < 0.7:
            self._udp(back=True)
        if self.dice.random() < 0.4:
            self._udp()
            self._udp(back=True)

    def ping(self) -> None:
        """An echo request and its reply."""
        number = self.dice.randrange(60_000)
        self._icmp(PING[self.family], number)
        self._icmp(PONG[self.family], number, back=True)

    def lone_icmp(self) -> None:
        """An ICMP message that nobody has asked for."""
        self._icmp(self.dice.choice(LONE[self.family]))

    def fragments(self) -> None:
        """A datagram in pieces, of which the first may lack, or which come in disorder."""
        whole = self._udp(data=b"x" * 40)
        side = self.said.pop()[1]
        pieces = in_pieces(replace(whole, dont_fragment=False), 16)
        if self.dice.random() < 0.3:
            pieces = pieces[1:]
        if self.dice.random() < 0.2:
            self.dice.shuffle(pieces)
        self.said += ((piece, side) for piece in pieces)

    def damaged(self) -> None:
        """A SYN with a wrong checksum."""
        ip = self._tcp("S", (1, 0))
        side = self.said.pop()[1]
        self.said.append((replace(ip, payload=ip.payload[:16] + b"\0\1" + ip.payload[18:]), side))

    def other(self) -> None:
        """A packet of another protocol."""
        payload = {
            ESP: bytes(16), GRE: gre_packet(0, 0x0800, 1, bytes(20)),
            SCTP: sctp_packet(self.ports, 0, sctp_chunk("init", tag=7)),
        }  # fmt: skip
        proto = self.dice.choice(sorted(payload))
        self._say(False, proto, payload[proto])

    def refused(self) -> None:
        """A SYN that a reset answers."""
        self._tcp("S", (7, 0))
        self._tcp("RA", (0, 8), back=True)


TALKS = (
    *[Talk.connection] * 3, Talk.strange, *[Talk.datagrams] * 2, Talk.ping, *[Talk.lone_icmp] * 2, Talk.fragments,
    Talk.damaged, *[Talk.other] * 2, Talk.refused,
)  # fmt: skip


@cache
def traffic(seed: int, talks: int = 60) -> tuple[Any, ...]:
    """The packets of so many talks, one after the other, as frames that say when and where they came in."""
    dice = Random(seed)
    talk = Talk(dice)
    for _ in range(talks):
        talk.begin()
        dice.choice(TALKS)(talk)
    return tuple(_frames(dice, talk.said))


def _frames(dice: Random, said: list[tuple[Ip, str | None]]) -> Iterator[Any]:
    """Packets as frames."""
    now = 1.0
    for ip, side in said:
        now += dice.choice(GAPS)
        frame = Ether(ethernet(mac_of(ip.src), b"\x02" + bytes(5), ip.encode(), padded=False))
        frame.time, frame.sniffed_on = now, side
        yield frame


def decisions(text: str, packets: tuple[Any, ...]) -> dict[str, list[tuple[str, int]]]:
    """In each mode what becomes of packets: the verdict, and how a rejection is answered."""
    simulator = Simulator(load_ruleset(StringIO(text)), interfaces=INTERFACES, local=tuple(OWN.values()), key=1)
    captures = from_scapy(packets)
    found: dict[str, list[tuple[str, int]]] = {mode: [] for mode in MODES}
    seen = 0
    for chunk in captures:
        for row in range(len(chunk)):
            chunk.frames["sent_or_received"][row] = INBOUND * (packets[seen + row].sniffed_on is not None)
        seen += len(chunk)
        simulator.topology.locate(captures, chunk)
        batch = simulator.run(chunk)
        for mode in MODES:
            rows = batch.decisions(mode)
            for verdict, answer in zip(rows["verdict"].tolist(), rows["reject_with"].tolist(), strict=True):
                found[mode].append((Verdict(verdict).name, answer if verdict == Verdict.REJECT else 0))
    return found
