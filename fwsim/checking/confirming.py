"""A packet out of a region, made of bytes, read like a captured one, and decided by the engine.

Read first: `fwsim.space`, `fwsim.fuzz.rules.crafted`. Only what the engine has let through is shown as a packet that
gets through. Each packet is decided by itself, as the first that the firewall sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fwsim.capture.captures import Captures
from fwsim.capture.crafting import ethernet, mac_of
from fwsim.capture.model import CaptureFile, Chunk, Scanned
from fwsim.capture.reader import Run
from fwsim.engine.link import INBOUND, LINK_ETHERNET
from fwsim.fuzz.rules.crafted import whole
from fwsim.headers.chunks import of_rows
from fwsim.lower import Lowered
from fwsim.ruleset import Ruleset
from fwsim.running import StatefulRun, StatelessRun
from fwsim.space.fields import DPORT, DST, FAMILY, PROTO, SPORT, SRC, TTL, number_of_words
from fwsim.space.fields import NAMES as FIELD_NAMES
from fwsim.space.intervals import Set, holds, minus, narrowed
from fwsim.tables import DECISION, FRAME, Row, empty, number_in_seen, plain
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Proto, Verdict
from fwsim.topology import Topology
from fwsim.uncompiled import flush, loaded, usable

from .traffic import FLAGS, ICMP_TYPE, Shape

Region = Mapping[int, "Set | None"]
"""The values of fields; what is not there, or None, may have any."""
Packet = dict[str, int]
"""Fields by the names that rules use; addresses as numbers."""

NAMES = {
    "family": FAMILY, "proto": PROTO, "src": SRC, "dst": DST, "sport": SPORT, "dport": DPORT, "ttl": TTL,
    "tcp_flags": FLAGS, "icmp_type": ICMP_TYPE,
} | {
    name: number_in_seen(field)
    for name, field in (
        ("icmp_code", "icmp_code"), ("icmp_id", "icmp_id"), ("length", "length"), ("dscp", "dscp"),
        ("ip_id", "ip_id"), ("tcp_seq", "seq"), ("tcp_ack", "ack"), ("tcp_window", "win"), ("vlan", "vlan"),
    )
}  # fmt: skip
FIRST_SEQ = 1_000
LIKED: dict[str, Sequence[int]] = {
    "proto": (6, 17, 1, 58, 50), "sport": (40_000, 53), "dport": (443, 80, 22), "ttl": (64,), "tcp_flags": (2, 16, 4),
    "icmp_type": (8, 128), "length": (), "dscp": (0,), "ip_id": (7,), "tcp_seq": (FIRST_SEQ,), "tcp_ack": (0,),
    "tcp_window": (65_535,), "vlan": (ABSENT,), "icmp_code": (0,), "icmp_id": (7,),
}  # fmt: skip
"""What an ordinary packet has; of a field that nobody asks for nothing else is chosen."""
CHECKSUMS = {int(Proto.TCP): 16, int(Proto.UDP): 6, int(Proto.ICMP): 2, int(Proto.ICMPV6): 2}
"""Where the checksum stands behind the IP header."""
SHORTEST = {4: 20, 6: 40}
NETWORK_END = 14
DECIDED_AT = 10_000_000_000


@dataclass(frozen=True)
class Witness:
    """A packet that gets through: its bytes, its fields as they were read from these, and the engine's decision."""

    data: bytes
    packet: Packet
    decision: Mapping[str, int]
    bad_checksum: bool = False


def fitting(region: Region, shapes: Iterable[Shape]) -> Iterator[Region]:
    """The parts of a region that have one of the shapes."""
    for one in shapes:
        both = {field: narrowed(region.get(field), one.get(field)) for field in {*region, *one}}
        if all(values is None or values for values in both.values()):
            yield both


def packet_of(region: Region, hosts: Sequence[int] = ()) -> Packet:
    """A packet of a region; of addresses, those of `hosts` are preferred."""
    source = _chosen("src", region.get(SRC), hosts)
    others = [host for host in hosts if host != source]
    packet = {name: _chosen(name, region.get(field), others) for name, field in NAMES.items()}
    return packet | {"src": source}


def _chosen(name: str, values: Set | None, hosts: Sequence[int]) -> int:
    """One of the values of a field, a usual one if there is any; UNKNOWN_VALUE if none has to be chosen."""
    liked = hosts if name in ("src", "dst") else LIKED.get(name, ())
    if values is None:
        return liked[0] if liked else UNKNOWN_VALUE
    for value in liked:
        if holds(values, value):
            return value
    there = minus(values, ((ABSENT, ABSENT),))
    return there[0][0] if there else ABSENT


def frame_of(packet: Packet, *, bad_checksum: bool) -> bytes | None:
    """A packet as an Ethernet frame; None if it cannot be made."""
    fields: dict[str, int | str] = {name: value for name, value in packet.items() if value >= 0}
    fields["src"], fields["dst"] = (packet[side] - (packet["family"] == 6) * (1 << 128) for side in ("src", "dst"))
    if packet["length"] <= SHORTEST[packet["family"]]:
        fields.pop("length", None)
    if packet["proto"] in (6, 17, 132, 136) and min(packet["sport"], packet["dport"]) < 0:
        return None
    ip = whole(fields)
    ip = replace(ip, ttl=packet["ttl"])
    if bad_checksum:
        at = CHECKSUMS.get(packet["proto"])
        if at is None or len(ip.payload) < at + 2:
            return None
        ip = replace(ip, payload=ip.payload[:at] + bytes((ip.payload[at] ^ 1,)) + ip.payload[at + 1 :])
    vlan = packet["vlan"] if packet["vlan"] >= 0 else None
    return ethernet(mac_of(ip.src), b"\x02" + bytes(5), ip.encode(), vlan=vlan, padded=False)


class Frames:
    """Frames as a source of captures."""

    def __init__(self, data: Sequence[bytes]) -> None:
        """They have all come in."""
        self._data = list(data)

    def next(self, most: int) -> Scanned | None:
        """The next frames, at most so many; None at the end."""
        batch, self._data = self._data[:most], self._data[most:]
        if not batch:
            return None
        frames = empty(FRAME, len(batch))
        offset = 0
        for number, (frame, data) in enumerate(zip(frames, batch, strict=True), 1):
            frame["number"], frame["ts"], frame["offset"] = number, DECIDED_AT, offset
            frame["captured"] = frame["length"] = len(data)
            frame["sent_or_received"] = INBOUND
            frame["interface"], frame["source_mac"] = UNKNOWN_VALUE, ABSENT
            offset += len(data)
        return Scanned(frames, np.frombuffer(b"".join(batch) + b"\0", np.uint8), {})

    def estimate_remaining(self) -> int:
        """How many are left."""
        return len(self._data)

    def close(self) -> None:
        """Nothing is open."""


class Engine:
    """The engine, asked about single packets that come in by an interface."""

    def __init__(self, ruleset: Ruleset, topology: Topology, lowered: Lowered) -> None:
        """The ruleset with its topology, which is used up: what it remembers of packets changes."""
        self.ruleset = ruleset
        self.topology = topology
        self.lowered = lowered

    def decided(self, packets: Sequence[bytes], interface: str, *, stateful: bool) -> list[tuple[Packet, Packet]]:
        """Each frame as it is read, and the decision about it, each being the first of all."""
        run = Run(max(len(packets), 1), False)
        run.add_interface(interface, LINK_ETHERNET, 0)
        captures = Captures(run, [CaptureFile("<made>")], [Frames(packets)], checksum="verify", limit=None)
        found: list[tuple[Packet, Packet]] = []
        for chunk in captures:
            self.topology.locate(captures, chunk)
            found += [(read(chunk.packets[row]), self._decision(chunk, row, stateful)) for row in range(len(chunk))]
        return found

    def _decision(self, chunk: Chunk, row: int, stateful: bool) -> dict[str, int]:
        """The decision about one row of a chunk."""
        found: npt.NDArray[np.void] = empty(DECISION, len(chunk))
        frames, packets = (loaded(table, row, row + 1) for table in (chunk.frames, chunk.packets))
        decisions = loaded(found, row, row + 1)
        asked = self.lowered.asked
        seen = of_rows(asked, chunk.frames, chunk.packets, chunk.buffer, row, row + 1) if asked else None
        if stateful:
            StatefulRun(self.lowered, key=0).run(frames, packets, usable(chunk.quotes), decisions, row, row + 1, seen)
        else:
            choices = self.ruleset.stateless
            mode = StatelessRun(self.lowered, replies=choices.replies, icmp_errors=choices.icmp_errors)
            mode.run(frames, packets, decisions, row, row + 1, seen)
        flush(decisions)
        return plain(found[row])

    def let_through(
        self, packets: Iterable[Packet], interface: str, *, stateful: bool, invalid: bool = False
    ) -> Witness | None:
        """The first of some packets that is accepted; `invalid` ones may have a wrong checksum."""
        made = []
        for packet in packets:
            for bad in (False, True) if invalid else (False,):
                data = frame_of(packet, bad_checksum=bad)
                if data is not None:
                    made.append((data, bad))
        decisions = self.decided([data for data, _ in made], interface, stateful=stateful)
        for (data, bad), (packet, decision) in zip(made, decisions, strict=True):
            if decision["verdict"] == Verdict.ACCEPT:
                return Witness(data, packet, decision, bad)
        return None


def read(row: Row) -> Packet:
    """A row of PACKET by the names that rules use."""
    fields = plain(row)
    found = {name: fields[FIELD_NAMES[field]] for name, field in NAMES.items()}
    for side in ("src", "dst"):
        found[side] = number_of_words(*(fields[f"{side}{word}"] for word in range(4)))
    return found
