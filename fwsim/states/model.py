"""A connection as files have it, apart from any table: its tuples, and what is remembered of it.

Read first: CONNECTION, TUPLE, SIDE, EXPECTATION in `fwsim.tables`. What a file does not say is as of a connection whose
history nobody knows: no window is checked in it, as in one that is picked up in mid-stream.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from fwsim.engine.tcp_window import BE_LIBERAL
from fwsim.engine.tuples import invert
from fwsim.naming import STATE_WORDS, address_text
from fwsim.tables import SIDE, TUPLE, V6
from fwsim.terms import CtStatus, Proto

Fields = dict[str, int]

NAMES = {
    Proto.TCP: "tcp", Proto.UDP: "udp", Proto.UDPLITE: "udplite", Proto.ICMP: "icmp", Proto.ICMPV6: "icmpv6",
    Proto.SCTP: "sctp", Proto.GRE: "gre",
}  # fmt: skip
"""Protocols with names, as `conntrack` has them."""
NUMBERS = {name: int(proto) for proto, name in NAMES.items()}

WITH_PORTS = frozenset(map(int, (Proto.TCP, Proto.UDP, Proto.UDPLITE, Proto.SCTP)))
ICMPS = frozenset(map(int, (Proto.ICMP, Proto.ICMPV6)))
GRE = int(Proto.GRE)
OF_TUPLE = tuple(name for name in TUPLE.names or () if name not in ("next", "previous"))
OF_SIDE = SIDE.names or ()
STATES = {proto: {name: number for number, name in words.items()} for proto, words in STATE_WORDS.items()}
"""For each protocol that has states, their numbers by their words."""

SAID = (
    "expected", "seen_reply", "assured", "snat", "dnat", "seq_adjust", "snat_done", "dnat_done", "helper", "tentative",
    "helper_in_doubt",
)  # fmt: skip
"""The bits of a status that files tell. With any other, a connection is not known well enough to be written."""
BITS = {name: int(CtStatus[name.upper()]) for name in SAID}
TOLD = sum(BITS.values()) | int(CtStatus.CONFIRMED)


@dataclass(frozen=True)
class Entry:
    """A connection."""

    original: Fields
    """The fields of TUPLE, without its links."""
    reply: Fields
    left_ns: int
    """How long it has to live, from the time of the file on."""
    state: int = 0
    status: int = 0
    mark: int = 0
    timeout_ns: int = 0
    age_ns: int = 0
    """How long before the time of the file it was opened."""
    sides: tuple[Fields, Fields] | None = None
    """Windows of TCP, tags of SCTP; None: not known."""
    last: Fields = field(default_factory=dict)
    """Fields of CONNECTION that hold the last packet of TCP."""
    expectation: Fields | None = None
    """What its helper has read, if it has one."""

    @property
    def proto(self) -> int:
        """Its protocol."""
        return self.original["proto"]


@dataclass(frozen=True)
class State:
    """A whole file: its connections, and its time in ns since 1970; without one it is of when the run begins."""

    entries: list[Entry]
    at_ns: int | None = None


def words_of(address: IPv4Address | IPv6Address) -> tuple[int, int, int, int]:
    """The four fields of an address."""
    number = int(address)
    if address.version == 4:
        return number, 0, 0, 0
    return (number >> 96) + V6, number >> 64 & 0xFFFFFFFF, number >> 32 & 0xFFFFFFFF, number & 0xFFFFFFFF


def tuple_of(proto: int, src: str, dst: str, ids: tuple[int, int]) -> Fields:
    """A tuple from its parts; raises ValueError."""
    ends = ip_address(src), ip_address(dst)
    if ends[0].version != ends[1].version:
        raise ValueError(f"{src} and {dst} are of two families")
    fields = {"proto": proto, "src_id": ids[0], "dst_id": ids[1]}
    for name, address in zip(("src", "dst"), ends, strict=True):
        fields |= {f"{name}{word}": number for word, number in enumerate(words_of(address))}
    return fields


def inverse_of(fields: Fields) -> Fields:
    """The tuple of replies, if nothing is translated; raises ValueError if there is none."""
    found: Any = {}
    if not invert(fields, found):
        raise ValueError("a message of this type opens no connection")
    return {name: int(found[name]) for name in OF_TUPLE}


def translated(original: Fields, reply: Fields) -> int:
    """The bits of the status that say which ends of a connection are translated."""
    straight = inverse_of(original)
    ends = {name: [name + str(word) for word in range(4)] + [f"{name}_id"] for name in ("src", "dst")}
    snat = any(straight[name] != reply[name] for name in ends["dst"])
    dnat = any(straight[name] != reply[name] for name in ends["src"])
    return CtStatus.SNAT * snat | CtStatus.DNAT * dnat


def unknown_sides(proto: int) -> tuple[Fields, Fields]:
    """What is remembered of both senders of a protocol if nothing is known: TCP checks no window then."""
    one = dict.fromkeys(OF_SIDE, 0) | {"flags": BE_LIBERAL if proto == Proto.TCP else 0}
    return one, dict(one)


def address(fields: Mapping[str, int], end: str) -> str:
    """One end of a tuple as text."""
    return address_text([fields[f"{end}{word}"] for word in range(4)])
