"""The packets that are compared: what there is at each hook, by family, and which ct states go with which packets.

Read first: `fwsim.checking.traffic` (shapes), `fwsim.space`. A universe is where a search begins. What it finds may
hold packets that there are not; `Universe.real` keeps what fits a shape together with a ct state that such packets can
have, and two fields that read the same bytes are kept equal there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as kept
from functools import cache

from fwsim.checking.traffic import (
    ADDRESSES,
    BYTE,
    ERRORS,
    FLAGS,
    FRAGMENT,
    ICMP,
    ICMP_TYPE,
    NEVER_TRACKED,
    NOT_FORWARDED,
    NOT_RECEIVED,
    NOT_SOURCES,
    NOT_THERE,
    OF_ICMP,
    PORTS,
    REPLY_OF,
    REQUESTS,
    SCTP,
    TCP,
    UDP,
    UDPLITE,
    UNSPECIFIED,
    Shape,
    broken_shapes,
    later_fragments,
    shape,
    shapes_of,
    with_values,
)
from fwsim.engine.tcp_table import CLASS_ACK, CLASS_NONE, CLASS_SYN, flag_class
from fwsim.space.fields import (
    CT_DIRECTION,
    CT_MARK,
    CT_STATE,
    CT_STATUS,
    DPORT,
    DST,
    FAMILY,
    IIF,
    MARK,
    OIF,
    PROTO,
    SPORT,
    SRC,
    TTL,
)
from fwsim.space.intervals import Set, meet, minus, narrowed, of_intervals, point, union
from fwsim.tables import number_in_seen
from fwsim.terms import ABSENT, CtState, Direction, Hook

from .sides import Region

FAMILIES = (4, 6)

NEW, ESTABLISHED, RELATED, INVALID, UNTRACKED = map(
    int, (CtState.NEW, CtState.ESTABLISHED, CtState.RELATED, CtState.INVALID, CtState.UNTRACKED)
)
ORIGINAL, REPLY = int(Direction.ORIGINAL), int(Direction.REPLY)
ANY_STATUS: Set = ((0, (1 << 23) - 1),)
ANY_MARK: Set = ((0, (1 << 32) - 1),)
LATER = 2
"""Of `fragment`: one that has no transport header."""
SAME_BYTES = ((SPORT, number_in_seen("th_sport")), (DPORT, number_in_seen("th_dport")))
"""Ports, and the bytes where they stand."""
ENDS = {
    number_in_seen(name): end
    for name, end in (("sport", 2), ("dport", 4), ("icmp_type", 1), ("icmp_code", 2), ("icmp_id", 6))
}
"""Where fields of a transport header end, in bytes: where one is, all before its end are."""
THERE_IS = None
"""Of an extension header: whether there is one."""
ANY_BITS: Set = ((0, (1 << 63) - 1),)
FRAGMENT_HEADERS: dict[int, tuple[tuple[Set, Mapping[str | None, Set]], ...]] = {
    4: ((((0, LATER),), {THERE_IS: ((ABSENT, 0),), "": NOT_THERE}),),
    6: (
        (point(0), {THERE_IS: point(0), "": NOT_THERE}),
        (point(0), {THERE_IS: point(1), "frag-off": point(0), "more-fragments": point(0), "": ANY_BITS}),
        (point(1), {THERE_IS: point(1), "frag-off": point(0), "more-fragments": point(1), "": ANY_BITS}),
        (point(LATER), {THERE_IS: point(1), "frag-off": ((1, 0x1FFF),), "more-fragments": ((0, 1),), "": ANY_BITS}),
    ),
}
"""Which fragments a packet may be by its fragment header, of which there is one at most: by family, `fragment` and the
fields of the header, "" being all others."""


@dataclass(frozen=True)
class Universe:
    """All packets of a family at a hook; `kinds` are shapes with the ct states that such packets may have."""

    hook: int
    family: int
    start: dict[int, Set | None]
    kinds: tuple[Shape, ...]
    there: Mapping[int, int] = kept(default_factory=dict)
    """Fields that are there just if so many bytes behind the IP header are."""
    headers: Mapping[int, str | None] = kept(default_factory=dict)
    """Fields that are read of the fragment header of IPv6, with their name there."""

    def real(self, region: Region) -> Iterator[dict[int, Set | None]]:
        """The parts of a region that are packets."""
        for kind in self.kinds:
            part = dict(region)
            for field, values in kind.items():
                found = part.get(field)
                part[field] = both = values if found is None else meet(found, values)
                if not both:
                    break
            else:
                real = tied(self.with_bytes(part))
                if real is not None:
                    yield from self.with_headers(real)

    def with_bytes(self, part: dict[int, Set | None]) -> dict[int, Set | None]:
        """The packets of a part in which bytes are there if a header is that has them."""
        for asked, needed in self.there.items():
            values = part.get(asked)
            reaching = [each for each, end in ENDS.items() if end >= needed]
            header = any((found := part.get(each)) and found[0][0] > ABSENT for each in reaching)
            if values is not None and (header or part.get(FRAGMENT) == point(LATER)):
                part[asked] = minus(values, NOT_THERE) if header else meet(values, NOT_THERE)
            elif values == NOT_THERE:
                part |= {each: narrowed(part.get(each), NOT_THERE) for each in reaching}
        return part

    def with_headers(self, part: dict[int, Set | None]) -> Iterator[dict[int, Set | None]]:
        """The packets of a part that are such fragments as their fragment header says."""
        asked = [each for each in self.headers if part.get(each) is not None]
        if not asked:
            yield part
            return
        for fragment, fields in FRAGMENT_HEADERS[self.family]:
            own = {each: fields.get(self.headers[each], fields[""]) for each in asked} | {FRAGMENT: fragment}
            narrower = {each: narrowed(part.get(each), values) for each, values in own.items()}
            if () not in narrower.values():
                yield part | narrower


def start_of(hook: int, family: int, interfaces: int) -> dict[int, Set | None]:
    """The packets of a family at a hook; the loopback interface is the last of so many `interfaces`."""
    every = ADDRESSES[family]
    outside = ((0, interfaces - 2),) if interfaces > 1 else point(0)
    loop = point(interfaces - 1)
    found: dict[int, Set | None] = {FAMILY: point(family), SRC: every, DST: every, MARK: point(0)}
    if hook == Hook.FORWARD:
        found |= {IIF: outside, OIF: outside, TTL: ((2, 255),)}
        found |= {SRC: minus(every, NOT_SOURCES[family]), DST: minus(every, NOT_FORWARDED[family])}
    elif hook == Hook.INPUT:
        sources = union((minus(every, NOT_SOURCES[family]), UNSPECIFIED[family]))
        found |= {IIF: outside, OIF: NOT_THERE, SRC: sources, DST: minus(every, NOT_RECEIVED[family])}
    elif hook == Hook.OUTPUT:
        found |= {IIF: NOT_THERE, OIF: outside}
    else:
        found |= {IIF: loop, OIF: loop}
    return found


def tied(region: Region) -> dict[int, Set | None] | None:
    """A region in which ports are what stands where ports stand; None if nothing is left."""
    found = dict(region)
    if () in found.values():
        return None
    for port, raw in SAME_BYTES:
        if found.get(raw) is None or found.get(port) in (None, NOT_THERE):
            continue
        both = narrowed(found[port], found[raw])
        if both == ():
            return None
        found[port] = found[raw] = both
    return found


@cache
def tracked_kinds(family: int, *, loose: bool, helped: bool, marked: bool) -> tuple[Shape, ...]:
    """Whole packets with what tracking may attach to them; `helped` if connections may be expected.

    `marked`: what opens a connection may come with bits of its status and with marks that rules before have set.
    """
    whole = [{**one, number_in_seen("fragment"): point(0)} for one in shapes_of(family)]
    icmp = [ICMP[family]]
    openers = with_values(whole, FLAGS, [TCP], _flags(CLASS_SYN, *((CLASS_ACK,) if loose else ())))
    openers = with_values(openers, ICMP_TYPE, icmp, REQUESTS[family])
    known = with_values(whole, FLAGS, [TCP], minus(BYTE, _flags(CLASS_NONE)))
    answers = of_intervals((kind, kind) for kind in REPLY_OF[family])
    errors = [shape(icmp, OF_ICMP, icmp_type=ERRORS[family], fragment=point(0))]
    broken = [*(one for one in whole if one[PROTO] in (point(TCP), *map(point, icmp))), *broken_shapes()]
    broken.append({**shape([UDP, SCTP, UDPLITE], PORTS), number_in_seen("fragment"): point(0)})
    if family == 6:
        broken = with_values(broken, ICMP_TYPE, icmp, minus(BYTE, NEVER_TRACKED))
    fresh = (ANY_STATUS, ANY_MARK) if marked else (point(0), point(0))
    opened = (ANY_STATUS, ANY_MARK)
    kinds = [
        *_attached(openers, NEW, ORIGINAL, fresh),
        *_attached(with_values(known, ICMP_TYPE, icmp, REQUESTS[family]), ESTABLISHED, ORIGINAL, opened),
        *_attached(with_values(known, ICMP_TYPE, icmp, answers), ESTABLISHED, REPLY, opened),
        *_attached(errors, RELATED, ORIGINAL, opened),
        *_attached(errors, RELATED, REPLY, opened),
        *_unattached(broken, INVALID),
    ]
    if helped:
        kinds += _attached([one for one in known if one[PROTO] == point(TCP)], RELATED, ORIGINAL, opened)
    return tuple(kinds) + never_tracked(family)


@cache
def untracked_kinds(family: int) -> tuple[Shape, ...]:
    """All packets where nothing is tracked."""
    every = [*shapes_of(family), *broken_shapes(), later_fragments()]
    if family == 6:
        every = with_values(every, ICMP_TYPE, [ICMP[6]], minus(BYTE, NEVER_TRACKED))
    return _by_protocol([*_unattached(every, INVALID), *never_tracked(family)])


def _by_protocol(shapes: list[Shape]) -> tuple[Shape, ...]:
    """The shapes with what tells them apart first."""
    return tuple({PROTO: one[PROTO], CT_STATE: one[CT_STATE], **one} for one in shapes)


def any_state(family: int) -> tuple[Shape, ...]:
    """All packets, whatever their ct state is said to be."""
    return (*shapes_of(family), *broken_shapes(), later_fragments())


def never_tracked(family: int) -> tuple[Shape, ...]:
    """Neighbour discovery and its like."""
    if family == 4:
        return ()
    return tuple(_unattached([shape([ICMP[6]], OF_ICMP, icmp_type=NEVER_TRACKED)], UNTRACKED))


def _attached(shapes: list[Shape], state: int, direction: int, rest: tuple[Set, Set]) -> list[Shape]:
    """Packets of a connection."""
    seen = {CT_STATE: point(state), CT_DIRECTION: point(direction), CT_STATUS: rest[0], CT_MARK: rest[1]}
    return [{**one, **seen} for one in shapes]


def _unattached(shapes: list[Shape], state: int) -> list[Shape]:
    """Packets without a connection."""
    seen = {CT_STATE: point(state), CT_DIRECTION: NOT_THERE, CT_STATUS: NOT_THERE, CT_MARK: NOT_THERE}
    return [{**one, **seen} for one in shapes]


def _flags(*classes: int) -> Set:
    """The TCP flags of some classes."""
    return of_intervals((flags, flags) for flags in range(256) if flag_class(flags) in classes)
