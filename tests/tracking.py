"""Packets without bytes, and a table to track them in: for tests of connection tracking."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.engine import conntrack
from fwsim.engine.expiry import expire
from fwsim.tables import FRAME, PACKET, QUOTE, SETTINGS, TRACK, V6, Row, Rows, Table, empty, plain
from fwsim.terms import ABSENT, Hook, Proto
from fwsim.tracker import connections_listing, grow, make_tracker
from fwsim.uncompiled import flush, wrapped

SECOND = 1_000_000_000

TIMEOUTS = {
    "syn_sent": 120, "syn_recv": 60, "established": 432000, "fin_wait": 120, "close_wait": 60, "last_ack": 30,
    "time_wait": 120, "close": 10, "max_retrans_timeout": 300, "unacknowledged": 300,
    "udp": 30, "udp_stream": 120, "icmp": 30, "icmpv6": 30, "generic": 600, "gre": 30, "gre_stream": 180,
}  # fmt: skip
"""The kernel's defaults in seconds (conntrack-spec §6.2)."""

SWITCHES = {"loose": 1, "max_retrans": 3, "checksum": 1, "max": 262144, "tracking": 1}


def settings(**changes: int) -> npt.NDArray[np.void]:
    """A SETTINGS table with the kernel's defaults; `changes` in seconds where they are timeouts."""
    table = empty(SETTINGS, 1)
    for name, value in {**SWITCHES, **TIMEOUTS, **changes}.items():
        table[0][name] = value * SECOND if name in TIMEOUTS else value
    return table


def words_of(text: str) -> tuple[int, int, int, int]:
    """An address as the four fields of a row."""
    address = ipaddress.ip_address(text)
    value = int(address)
    if address.version == 4:
        return value, 0, 0, 0
    words = [value >> shift & 0xFFFFFFFF for shift in (96, 64, 32, 0)]
    return V6 + words[0], words[1], words[2], words[3]


@dataclass(frozen=True)
class Datagram:
    """A packet as tracking sees it. `icmp` is (type, code, id); `quote` the packet an ICMP error is about.

    `tcp` is (flags, seq, ack, win), `options` what decoding says of its options; so are `fault` and `quotable`.
    """

    src: str
    dst: str
    proto: int = int(Proto.UDP)
    sport: int = ABSENT
    dport: int = ABSENT
    icmp: tuple[int, int, int] | None = None
    tcp: tuple[int, int, int, int] | None = None
    options: int = 0
    quote: Datagram | None = None
    quotable: int = 1
    hook: int = int(Hook.FORWARD)
    ttl: int = 64
    fragment: int = 0
    fault: int = 0

    @property
    def family(self) -> int:
        return 6 if ":" in self.src else 4

    @property
    def ids(self) -> tuple[int, int]:
        """The two numbers of its tuple, as `TUPLE` and `QUOTE` have them."""
        if self.icmp is not None:
            return self.icmp[2], self.icmp[0] << 8 | self.icmp[1]
        return (self.sport, self.dport) if self.sport >= 0 else (0, 0)

    def answer(self) -> Datagram:
        """The same with addresses and ports swapped."""
        return replace(self, src=self.dst, dst=self.src, sport=self.dport, dport=self.sport)

    def fill(self, packet: Row) -> None:
        """Write a PACKET row."""
        for name in PACKET.names or ():
            packet[name] = ABSENT
        for side, text in (("src", self.src), ("dst", self.dst)):
            for number, word in enumerate(words_of(text)):
                packet[f"{side}{number}"] = word
        packet["family"], packet["proto"], packet["hook"] = self.family, self.proto, self.hook
        packet["ttl"], packet["fragment"], packet["payload"] = self.ttl, self.fragment, 0
        packet["sport"], packet["dport"] = self.sport, self.dport
        if self.icmp is not None:
            packet["icmp_type"], packet["icmp_code"], packet["icmp_id"] = self.icmp
        if self.tcp is not None:
            packet["flags"], packet["seq"], packet["ack"], packet["win"] = self.tcp
            packet["sack_right"], packet["tcp_options"], packet["wscale"] = self.tcp[2], self.options, 0
        packet["quote"] = 0 if self.quote is not None else -1

    def fill_quote(self, row: Row) -> None:
        """Write a QUOTE row about this packet."""
        row["usable"], row["proto"] = self.quotable, self.proto
        row["src_id"], row["dst_id"] = self.ids
        for side, text in (("src", self.src), ("dst", self.dst)):
            for number, word in enumerate(words_of(text)):
                row[f"{side}{number}"] = word


def udp(src: str, sport: int, dst: str, dport: int, **more: Any) -> Datagram:
    """A UDP packet."""
    return Datagram(src, dst, int(Proto.UDP), sport, dport, **more)


def tcp(src: str, sport: int, dst: str, dport: int, flags: int, seq: int = 0, ack: int = 0, **more: Any) -> Datagram:
    """A TCP packet without payload and options."""
    return Datagram(src, dst, int(Proto.TCP), sport, dport, tcp=(flags, seq, ack, 1000), **more)


def icmp(src: str, dst: str, kind: int, code: int = 0, ident: int = 0, **more: Any) -> Datagram:
    """An ICMP or ICMPv6 packet, as the addresses say."""
    proto = int(Proto.ICMPV6 if ":" in src else Proto.ICMP)
    return Datagram(src, dst, more.pop("proto", proto), icmp=(kind, code, ident), **more)


class Bench:
    """A connection table and one-row tables for the packet at hand."""

    def __init__(self, *, key: int = 1, room: int = 100, ghosts: bool = False, **changes: int) -> None:
        self.arrays = grow(make_tracker(settings(**changes), key=key, ghosts=ghosts), room)
        tables = [empty(row, 1) for row in (FRAME, PACKET, QUOTE, TRACK)]
        self.tracker = wrapped(self.arrays)
        self.tables: list[Table] = [Rows(table) for table in tables]
        self.number = 0

    def track(self, datagram: Datagram, at: float = 0) -> dict[str, int]:
        """Track it at so many seconds; the TRACK row."""
        frames, packets, quotes, results = self.tables
        self.number += 1
        frames[0]["number"] = self.number
        frames[0]["transport_fault"] = datagram.fault
        datagram.fill(packets[0])
        packets[0]["now"] = round(at * SECOND)
        if datagram.quote is not None:
            datagram.quote.fill_quote(quotes[0])
        conntrack.track(self.tracker, frames[0], packets[0], quotes, -1, -1, results[0])
        return plain(results[0])

    def see(self, datagram: Datagram, at: float = 0, *, accept: bool = True) -> dict[str, int]:
        """Track it, then confirm or forget the connection that it opens, as rules would have it."""
        result = self.track(datagram, at)
        if result["fresh"]:
            self.settle(accept)
        return result

    def settle(self, accept: bool = True) -> None:
        """Confirm or forget the unconfirmed connection."""
        frames, packets, _, results = self.tables
        if accept:
            conntrack.confirm(self.tracker, frames[0], packets[0], results[0])
        else:
            conntrack.forget(self.tracker)

    def state(self, datagram: Datagram, at: float = 0, *, accept: bool = True) -> tuple[int, int]:
        """Its ct state and direction."""
        result = self.see(datagram, at, accept=accept)
        return result["ct_state"], result["direction"]

    def expire(self, at: float) -> None:
        """Let the time pass."""
        expire(self.tracker, round(at * SECOND))

    def connections(self) -> list[dict[str, Any]]:
        """The live connections in the order of their creation."""
        flush(self.tracker)
        return list(connections_listing(self.arrays))

    def only(self) -> dict[str, Any]:
        """The one live connection."""
        connections = self.connections()
        assert len(connections) == 1
        return connections[0]

    def counter(self, name: str) -> int:
        """One of the COUNTERS."""
        return int(self.tracker.counters[0][name])
