"""FTP through a translating firewall, as its packets arrive there: each side in its own numbers and its own addresses.

Read first: RFC 959, RFC 2428; `net/netfilter/nf_nat_ftp.c`. What one side says is rewritten on its way, some of it to
another length, and the other side acknowledges what it got.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address

from fwsim.capture.crafting import Ip, tcp_segment
from tests.kernel_stage import Seen

SYN, FIN, RST, PSH, ACK = 0x02, 0x01, 0x04, 0x08, 0x10
MASK = 0xFFFFFFFF
WINDOW = 60000

ANNOUNCED = re.compile(
    rb"(?i)(?:PORT |227 [^0-9]*)(?P<six>\d+(?:,\d+){5})"
    rb"|EPRT (?P<eprt>\|[12]\|[^|]+\|\d+\|)"
    rb"|229 [^(]*\((?P<epsv>\|\|\|\d+\|)"
)


@dataclass
class End:
    """Where one side's packets come in, from whom to whom."""

    interface: str
    src: str
    dst: str
    ports: tuple[int, int]

    def packet(self, seq: int, ack: int, flags: int, data: bytes = b"", win: int = WINDOW) -> Seen:
        """A segment of this side."""
        numbers = (seq & MASK, ack & MASK)
        segment = tcp_segment(self.src, self.dst, self.ports, numbers, flags, win, data=data)
        return Seen(self.interface, Ip(self.src, self.dst, 6, segment).encode())


@dataclass
class Conversation:
    """A connection between two ends: direction 0 is that of who opens it."""

    ends: tuple[End, End]
    seq: list[int] = field(default_factory=lambda: [1000, 90000])
    heard: list[int] = field(default_factory=lambda: [0, 0])
    """What each side has got from the other, as it got it."""
    packets: list[Seen] = field(default_factory=list)

    def send(self, way: int, flags: int = ACK, data: bytes = b"", *, ahead: int = 0, beyond: int = 0) -> None:
        """A segment, which the other side gets; `ahead` and `beyond` move its numbers, and then it is lost."""
        ack = self.heard[way] + beyond if flags & ACK else 0
        self.packets.append(self.ends[way].packet(self.seq[way] + ahead, ack, flags, data))
        if ahead or beyond:
            return
        syn_fin = (flags & SYN and 1) + (flags & FIN and 1)
        grown = len(rewritten(data, self.ends[1 - way].dst))
        if flags & SYN:
            self.heard[1 - way] = self.seq[way]
        self.seq[way] = self.seq[way] + len(data) + syn_fin
        self.heard[1 - way] = self.heard[1 - way] + grown + syn_fin

    def open(self) -> Conversation:
        """The handshake."""
        self.send(0, SYN)
        self.send(1, SYN | ACK)
        self.send(0)
        return self

    def say(self, way: int, line: str) -> None:
        """A line, and its acknowledgement."""
        self.send(way, PSH | ACK, line.encode() + b"\r\n")
        self.send(1 - way)

    def greet(self) -> Conversation:
        """A control connection, with a line from either side."""
        self.open()
        self.say(1, "220 ready")
        self.say(0, "USER anonymous")
        self.say(1, "230 welcome")
        return self

    def close(self) -> None:
        """An orderly end."""
        self.send(0, FIN | ACK)
        self.send(1, FIN | ACK)
        self.send(0)

    def expected(self, way: int, port: int, source: int) -> Conversation:
        """The data connection that a line of one side has announced."""
        asker, announcer = self.ends[1 - way], self.ends[way]
        opener = End(asker.interface, asker.src, asker.dst, (source, port))
        return Conversation((opener, End(announcer.interface, announcer.src, announcer.dst, (port, source))))

    def take(self, other: Conversation) -> None:
        """All that another one has said so far goes on here."""
        self.packets += other.packets
        other.packets.clear()


def announcement(kind: str, address: str, port: int) -> str:
    """A line that announces an address and a port."""
    if kind == "EPRT":
        return f"EPRT |{2 if ':' in address else 1}|{address}|{port}|"
    if kind == "229":
        return f"229 Extended Passive Mode (|||{port}|)"
    six = ",".join([*address.split("."), str(port >> 8), str(port & 255)])
    return f"PORT {six}" if kind == "PORT" else f"227 Entering Passive Mode ({six})"


def rewritten(data: bytes, address: str) -> bytes:
    """A line with another address in place of the one that it announces."""
    found = ANNOUNCED.match(data)
    if found is None:
        return data
    kind = found.lastgroup or ""
    numbers = found[kind].decode().strip("|").split("|")
    if kind == "six":
        numbers = found[kind].decode().split(",")
        port = int(numbers[4]) << 8 | int(numbers[5])
        new = announcement("PORT", address, port)[5:]
    elif kind == "eprt":
        whole = ip_address(address).exploded
        new = f"|{numbers[0]}|{whole}|{int(numbers[2])}|"
    else:
        new = f"|||{int(numbers[-1])}|"
    return data[: found.start(kind)] + new.encode() + data[found.end(kind) :]
