"""A naive connection tracker with a dict, written from conntrack-spec alone: the twin that the engine is held against.

Everything but TCP, GRE, SCTP and fragments. It looks each packet up under its tuple, forgets the dead by going through
all, and evicts by sorting. Nothing here is shared with the engine but the numbers of states and statuses.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fwsim.terms import CtState, Direction, Hook, Reason
from tests.tracking import SECOND, SWITCHES, TIMEOUTS, Datagram

Key = tuple[object, ...]

INVERSE = {
    1: {8: 0, 0: 8, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17},
    58: {128: 129, 129: 128, 139: 140, 140: 139},
}
REQUESTS = {1: (8, 13, 15, 17), 58: (128, 139)}
ICMP_ERRORS = (3, 4, 5, 11, 12)
NEVER_TRACKED = (130, 131, 132, 133, 134, 135, 136, 143, 151, 152)
CHECKSUMS = (Reason.TCP_BAD_CHECKSUM, Reason.UDP_BAD_CHECKSUM, Reason.ICMP_BAD_CHECKSUM)

NOTHING = (int(CtState.INVALID), int(Direction.NONE))


@dataclass
class Entry:
    """One connection."""

    original: Key
    reply: Key
    request: Datagram
    born: int
    number: int
    expires: int = 0
    timeout: int = 0
    replied: bool = False
    assured: bool = False


@dataclass
class Oracle:
    """The table: every entry stands under both of its tuples."""

    limit: int = SWITCHES["max"]
    checksum: bool = True
    table: dict[Key, tuple[Entry, int]] = field(default_factory=dict)
    pending: Entry | None = None
    count: int = 0

    def entries(self) -> list[Entry]:
        return sorted({id(e): e for e, _ in self.table.values()}.values(), key=lambda e: e.number)

    def track(self, packet: Datagram, now: int) -> tuple[int, int]:
        """The ct state and direction of a packet; (0, ...) if tracking drops it. A new entry is `pending`."""
        self.pending = None
        for entry in self.entries():
            if entry.expires - now <= 0:
                self.remove(entry)
        fault = self.fault_of(packet)
        if packet.icmp is not None:
            settled = NOTHING if fault else self.icmp(packet)
            if settled is not None:
                return settled
        found, direction = self.table.get(tuple_of(packet), (None, 0))
        if found is None:
            return self.open(packet, fault, now)
        if fault:
            return NOTHING
        state = CtState.ESTABLISHED if direction == 1 or found.replied else CtState.NEW
        renew(found, packet.proto, now)
        if direction == 1:
            found.replied = True
        return int(state), direction

    def fault_of(self, packet: Datagram) -> int:
        """The fault that counts: checksums of what is sent from here do not."""
        if packet.fault in CHECKSUMS and (not self.checksum or packet.hook == Hook.OUTPUT):
            return 0
        return packet.fault

    def open(self, packet: Datagram, fault: int, now: int) -> tuple[int, int]:
        """The state of a packet that belongs to nothing; room is made before it is judged."""
        inverse = inverse_of(packet)
        if inverse is None:
            return NOTHING
        if not self.make_room():
            return 0, int(Direction.NONE)
        if fault or (packet.icmp is not None and packet.icmp[0] not in REQUESTS[packet.proto]):
            return NOTHING
        self.pending = Entry(tuple_of(packet), inverse, packet, now, 0)
        renew(self.pending, packet.proto, now)
        return int(CtState.NEW), int(Direction.ORIGINAL)

    def icmp(self, packet: Datagram) -> tuple[int, int] | None:
        """What is settled of an ICMP packet without looking for its own tuple."""
        assert packet.icmp is not None
        kind, code, _ = packet.icmp
        if packet.proto != (1 if packet.family == 4 else 58):
            return NOTHING
        if packet.proto == 1:
            if kind > 18:
                return NOTHING
            return self.related(packet) if kind in ICMP_ERRORS else None
        if kind in NEVER_TRACKED:
            return int(CtState.UNTRACKED), int(Direction.NONE)
        if kind == 137 and code == 0:
            near = packet.ttl == 255 and packet.src.startswith("fe80:")
            return self.related(packet) if near else NOTHING
        return self.related(packet) if kind < 128 else None

    def related(self, packet: Datagram) -> tuple[int, int]:
        """The state of an ICMP error."""
        quote = packet.quote
        if quote is None or not quote.quotable:
            return NOTHING
        key = inverse_of(quote)
        if key is None or key not in self.table or packet.dst != quote.src:
            return NOTHING
        return int(CtState.RELATED), self.table[key][1]

    def confirm(self) -> None:
        """Insert the pending entry."""
        entry = self.pending
        assert entry is not None
        self.count += 1
        entry.number = self.count
        self.table[entry.original] = (entry, 0)
        self.table[entry.reply] = (entry, 1)

    def make_room(self) -> bool:
        """Evict the oldest that is not assured, if the table is full."""
        entries = self.entries()
        if not self.limit or len(entries) < self.limit:
            return True
        victims = [entry for entry in entries if not entry.assured]
        if victims:
            self.remove(victims[0])
        return bool(victims)

    def remove(self, entry: Entry) -> None:
        """Delete an entry under both tuples, which may be one and the same."""
        self.table = {key: value for key, value in self.table.items() if value[0] is not entry}


def renew(entry: Entry, proto: int, now: int) -> None:
    """Choose and start the timeout; a stream becomes assured (spec §7, §8, §10)."""
    name = {17: "udp", 136: "udp", 1: "icmp", 58: "icmpv6"}.get(proto, "generic")
    if entry.replied and ((proto == 17 and now > entry.born + 2 * SECOND) or proto == 136):
        name = "udp_stream"
        entry.assured = True
    entry.timeout = TIMEOUTS[name] * SECOND
    entry.expires = now + entry.timeout


def tuple_of(packet: Datagram) -> Key:
    """Addresses, protocol, and what else tells connections apart."""
    return (packet.src, packet.dst, packet.proto, *numbers(packet))


def numbers(packet: Datagram) -> tuple[int, ...]:
    if packet.icmp is not None:
        return packet.icmp[2], packet.icmp[0], packet.icmp[1]
    return (packet.sport, packet.dport) if packet.proto in (6, 17, 136) else ()


def inverse_of(packet: Datagram) -> Key | None:
    """The tuple of the answer, or None."""
    if packet.proto in INVERSE:
        assert packet.icmp is not None
        kind = INVERSE[packet.proto].get(packet.icmp[0])
        if kind is None:
            return None
        return (packet.dst, packet.src, packet.proto, packet.icmp[2], kind, packet.icmp[1])
    return (packet.dst, packet.src, packet.proto, *reversed(numbers(packet)))
