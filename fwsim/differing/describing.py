"""A region in words, as short as can be: only what makes it other than all packets there.

Read first: `universe`. Values are written like in rules; of what holds for most values it is said which it does not
hold for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, reduce
from ipaddress import IPv4Address, IPv6Address, summarize_address_range
from operator import and_

from fwsim.checking.traffic import FLAGS, FRAGMENT, GRE, ICMP, NOT_THERE, OF_ICMP, TCP, TRANSPORT, WITH_PORTS
from fwsim.headers.selecting import Readable
from fwsim.lower.boundaries import V6_START
from fwsim.lower.fields import PACKET_FIELDS, written
from fwsim.space.fields import (
    ADDRESS_FIELDS,
    CT_DIRECTION,
    CT_MARK,
    CT_STATE,
    CT_STATUS,
    DPORT,
    FAMILY,
    IIF,
    MARK,
    NAMES,
    OIF,
    PROTO,
    SPORT,
    domain,
)
from fwsim.space.intervals import Interval, Set, holds, meet, minus, size
from fwsim.tables import number_in_seen
from fwsim.terms import ABSENT, CtState, CtStatus, Direction, Proto, TcpFlag, word

from .sides import FIRST_SLOT, Region

FEW = 4
"""Values of a field that are written one by one."""
RULE_WORDS = {number_in_seen(field): selector for selector, field in PACKET_FIELDS.items()}
"""What rules call a field."""
FIRST = (FAMILY, IIF, OIF, PROTO, number_in_seen("src0"), number_in_seen("dst0"))
OFTEN = {field: place for place, field in enumerate(FIRST)}
PRESENT = {number_in_seen(name): values for name, values in TRANSPORT.items()}
OWNERS: dict[int, Collection[int]] = {
    **dict.fromkeys(map(number_in_seen, TRANSPORT), (TCP,)),
    **dict.fromkeys(map(number_in_seen, OF_ICMP), (*ICMP.values(), GRE)),
    **dict.fromkeys((SPORT, DPORT), WITH_PORTS),
}
"""Which protocols have a field of a transport header."""
ANYTHING_READ: Set = ((ABSENT, (1 << 63) - 1),)
"""Of what is read of headers: whatever stands there, if anything does."""
STATUS_BITS = 23
"""Of those that rules may see."""
EVERY_FLAGS = (1 << 256) - 1
EXACT = 1 << 20
"""Instead of FEW, where nothing may be left out."""
WITH_HEADER: tuple[Set, ...] = (((0, 0),), ((0, 1),))
"""Of `fragment`: whole packets, and first fragments."""
FLAG_SETS = {
    tuple(flags for flags in range(256) if flags & 0x14): "ack or rst",
    tuple(flags for flags in range(256) if not flags & 0x14): "neither ack nor rst",
    tuple(flags for flags in range(256) if flags & 0x12 == 0x02): "syn without ack",
}


class Describing:
    """Regions of two rulesets in words."""

    def __init__(self, interfaces: Sequence[str], slots: Sequence[Readable], few: int = FEW) -> None:
        """The interfaces by number, what both rulesets read of headers, and how many values are written one by one."""
        self.interfaces = interfaces
        self.slots = slots
        self.few = few
        self._writers: dict[int, Callable[[Set], str]] = {
            PROTO: self._protocols, CT_STATE: self._states, CT_DIRECTION: self._directions, FLAGS: self._flags,
            IIF: self._interfaces, OIF: self._interfaces, MARK: self._hexadecimal, CT_MARK: self._hexadecimal,
            CT_STATUS: self._status,
        }  # fmt: skip

    def fields(self, region: Region, start: Region) -> dict[int, Set]:
        """What makes a region other than where the search began, the addresses and what leads there first."""
        found: dict[int, Set] = {}
        for field in sorted(region, key=lambda each: (OFTEN.get(each, len(OFTEN)), each)):
            values = region[field]
            if values is None or field == FAMILY or (field == FRAGMENT and values in WITH_HEADER):
                continue
            if holds(values, ABSENT) and not _may_have(region, field):
                continue  # whatever has been asked of it
            every = start.get(field) or (domain(field) if field < FIRST_SLOT else ANYTHING_READ)
            present = PRESENT.get(field)
            if values not in (every, NOT_THERE, present, meet(every, present) if present else every):
                found[field] = values
        return found

    def name(self, field: int) -> str:
        """What rules call a field."""
        if field >= FIRST_SLOT:
            return written(self.slots[field - FIRST_SLOT])
        return str(RULE_WORDS.get(field, NAMES[field]))

    def text(self, region: Region, start: Region) -> str:
        """`tcp src 10.0.0.0/8 dport 80-90 ct_state new`; empty if it is all packets there are."""
        parts = []
        for field, values in self.fields(region, start).items():
            text = self.values(field, values, start.get(field))
            parts.append(text if field == PROTO and not text.startswith("not") else f"{self.name(field)} {text}")
        return " ".join(parts)

    def values(self, field: int, values: Set, every: Set | None = None) -> str:
        """The values of a field, of `every` that there are where the search began."""
        if field in ADDRESS_FIELDS:
            return _either(values, every or domain(field), self._addresses)
        if field in PRESENT and len(values) + (values[0][1] > ABSENT) > 1:
            values = meet(values, PRESENT[field])
        writer = self._writers.get(field)
        if writer is not None:
            return writer(values)
        every = PRESENT.get(field) or (domain(field) if field < FIRST_SLOT else ANYTHING_READ)
        return _either(values, every, self._ranges)

    def _protocols(self, values: Set) -> str:
        """Protocols by name."""
        return _either(values, ((0, 255),), lambda these: self._listed(map(protocol, _each(these)), size(these)))

    def _states(self, values: Set) -> str:
        """Ct states."""
        return self._listed((word(CtState(state)) for state in _each(meet(values, domain(CT_STATE)))), len(values))

    def _directions(self, values: Set) -> str:
        """Directions of a connection."""
        return self._listed((word(Direction(way)) if way >= 0 else "none" for way in _each(values)), size(values))

    def _interfaces(self, values: Set) -> str:
        """Interfaces by name."""
        every: Set = ((0, len(self.interfaces) - 1),)
        return _either(values, every, lambda these: self._listed(map(self._interface, _each(these)), size(these)))

    def _interface(self, number: int) -> str:
        """The name of an interface."""
        return self.interfaces[number] if 0 <= number < len(self.interfaces) else "none"

    def _flags(self, values: Set) -> str:
        """TCP flags, of few sets as words."""
        return by_mask(values) or self._listed(map(flags_text, _each(values)), size(values))

    def _status(self, values: Set) -> str:
        """Bits of a connection's status, as a mask if they are one."""
        return fixed_bits(values) or self._hexadecimal(values)

    def _listed(self, texts: Iterator[str] | map[str], count: int) -> str:
        """The first few of some texts, and how many more there are."""
        shown = [text for text, _ in zip(texts, range(self.few), strict=False)]
        return ",".join(shown) + (f" and {count - self.few} more" if count > self.few else "")

    def _ranges(self, values: Set) -> str:
        """Numbers and ranges of them."""
        return self._listed(map(_range, values), len(values))

    def _hexadecimal(self, values: Set) -> str:
        """Marks and the like."""
        return self._listed((_hexadecimal(*interval) for interval in values), len(values))

    def _addresses(self, values: Set) -> str:
        """Networks, addresses and ranges of them."""
        few = self.few
        texts = [text for interval in values[: few + 1] for text in _networks(interval)]
        more = len(values) - few
        return ",".join(texts[:few]) + (
            f" and {max(more, len(texts) - few)} more" if len(texts) > few or more > 0 else ""
        )


def _may_have(region: Region, field: int) -> bool:
    """Whether some packet there may have a field of a transport header."""
    protos = region.get(PROTO)
    owners = OWNERS.get(field)
    return protos is None or owners is None or any(holds(protos, proto) for proto in owners)


def protocol(number: int) -> str:
    """A protocol by name."""
    known = {int(one) for one in Proto}
    return Proto(number).name.lower() if number in known else str(number)


def flags_text(flags: int) -> str:
    """A set of TCP flags as a word, as expectations have it: `syn-ack`."""
    if flags < 0:
        return "absent"
    return "-".join(flag.name.lower() for flag in TcpFlag if flags & flag and flag.name) or "none"


def by_mask(values: Set) -> str | None:
    """Sets of TCP flags as rules ask for them: `syn/syn,ack`, of those behind the stroke just those before it."""
    if len(values) == 1 and values[0][0] == values[0][1]:
        return None
    known = FLAG_SETS.get(tuple(_each(values)))
    if known is not None:
        return known
    bits = sum(1 << flags for flags in _each(values) if flags >= 0)
    for inside, stands in ((bits, ""), (EVERY_FLAGS & ~bits, "not ")):
        if inside in masked():
            return stands + masked()[inside]
    return None


@cache
def masked() -> dict[int, str]:
    """What a mask and a value choose of all sets of flags (as bits of a number), in words; with few flags first."""
    found: dict[int, str] = {}
    for mask in sorted(range(1, 256), key=int.bit_count):
        names = ",".join(flag.name.lower() for flag in TcpFlag if mask & flag and flag.name)
        chosen: dict[int, int] = {}
        for flags in range(256):
            chosen[flags & mask] = chosen.get(flags & mask, 0) | 1 << flags
        for value, bits in chosen.items():
            wanted = ",".join(flag.name.lower() for flag in TcpFlag if value & flag and flag.name) or "none"
            found.setdefault(bits, f"{wanted}/{names}")
    return found


def fixed_bits(values: Set) -> str | None:
    """`assured/assured,dnat`: which bits of the status are set of those that are fixed, where all others are free."""
    if values[0][0] < 0 or values[-1][1] >> STATUS_BITS or size(values) == 1:
        return None
    ones, zeros = (reduce(and_, (_common(*interval)[kind] for interval in values)) for kind in (0, 1))
    if size(values) << (ones | zeros).bit_count() != 1 << STATUS_BITS:
        return None
    return "/".join(_status_words(bits) for bits in (ones, ones | zeros))


def _status_words(bits: int) -> str:
    """Bits of the status by name; a bit without one by its number."""
    named = {int(bit): word(bit) for bit in CtStatus}
    return ",".join(named.get(1 << n, hex(1 << n)) for n in range(STATUS_BITS) if bits >> n & 1) or "none"


def _common(low: int, high: int) -> tuple[int, int]:
    """The bits that are set in all numbers of an interval, and those that are in none."""
    free = (1 << (low ^ high).bit_length()) - 1
    return low & ~free, ~(low | free) & (1 << STATUS_BITS) - 1


def _either(values: Set, every: Set, write: Callable[[Set], str]) -> str:
    """Some values, or those that they are not, whichever is shorter."""
    others = minus(every, values)
    if len(others) < len(values) and others and not minus(values, every):
        return f"not {write(others)}"
    return write(values)


def _each(values: Set) -> Iterator[int]:
    """Each value."""
    for low, high in values:
        yield from range(low, high + 1)


def _range(interval: Interval) -> str:
    """A number, or a range."""
    low, high = interval
    if low == ABSENT:
        return "absent" if high == ABSENT else f"absent,0-{high}" if high else "absent,0"
    return str(low) if low == high else f"{low}-{high}"


def _hexadecimal(low: int, high: int) -> str:
    """A number, or a range, of what is bits; of what is not there, that."""
    if low == ABSENT:
        return "absent" if high == ABSENT else f"absent,0x0-{high:#x}"
    return hex(low) if low == high else f"{low:#x}-{high:#x}"


def _networks(interval: Interval) -> list[str]:
    """An interval of addresses: a network, a few, or a range."""
    low, high = interval
    if low < 0:
        return ["absent"]
    kind, base = (IPv4Address, 0) if low < V6_START else (IPv6Address, V6_START)
    first, last = kind(low - base), kind(high - base)
    if low == high:
        return [str(first)]
    networks = [str(network) for network in summarize_address_range(first, last)]
    return networks if len(networks) == 1 else [f"{first}-{last}"]


def shortness(region: Mapping[int, Set]) -> int:
    """How much there is to say of a region: how many intervals."""
    return sum(len(values) for values in region.values())
