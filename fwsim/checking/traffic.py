"""What packets there are: which fields go together, and what a firewall makes of one that belongs to no connection.

Read first: PACKET in `fwsim.tables`, `fwsim.engine.transport`, conntrack-spec. A shape is a set of values for each
field; every packet fits one, and what fits one is a packet, or nearly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from fwsim.engine.icmp import ICMP_ERRORS, ICMP_REQUESTS
from fwsim.engine.path import LOCAL
from fwsim.engine.tcp_table import CLASS_ACK, CLASS_SYN, flag_class, flags_are_valid
from fwsim.lower.boundaries import V6_START
from fwsim.space.fields import (
    CT_DIRECTION,
    CT_MARK,
    CT_STATE,
    CT_STATUS,
    DST,
    FAMILY,
    IIF,
    MARK,
    OIF,
    PROTO,
    SRC,
    TTL,
    V4_ADDRESSES,
    V6_ADDRESSES,
)
from fwsim.space.intervals import Set, minus, of_intervals, point, union
from fwsim.tables import number_in_seen
from fwsim.terms import ABSENT, CtState, CtStatus, Direction, Hook, Proto

Shape = Mapping[int, Set]
"""By field."""

HOOKS = (int(Hook.FORWARD), int(Hook.INPUT), int(Hook.OUTPUT), LOCAL)
"""Where packets are filtered, in the order in which it is told."""
NOT_THERE = point(ABSENT)
NOT_A_FRAGMENT = point(0)
ASKED = int(CtStatus.SNAT_DONE | CtStatus.DNAT_DONE)
"""The status of a connection whose translation is settled, even if it is none."""
BYTE: Set = ((0, 255),)
PORT: Set = ((0, 65_535),)
LONG: Set = ((0, (1 << 32) - 1),)
FLAGS, FRAGMENT = number_in_seen("flags"), number_in_seen("fragment")
ICMP_TYPE = number_in_seen("icmp_type")
TRANSPORT: dict[str, Set] = {
    "sport": PORT, "dport": PORT, "flags": BYTE, "seq": LONG, "ack": LONG, "win": PORT,
    "icmp_type": BYTE, "icmp_code": BYTE, "icmp_id": PORT,
}  # fmt: skip
"""The fields that only some protocols have."""
PORTS = ("sport", "dport")
OF_TCP = (*PORTS, "seq", "ack", "flags", "win")
OF_ICMP = ("icmp_type", "icmp_code", "icmp_id")

TCP, UDP, SCTP, UDPLITE, GRE = map(int, (Proto.TCP, Proto.UDP, Proto.SCTP, Proto.UDPLITE, Proto.GRE))
ICMP = {4: int(Proto.ICMP), 6: int(Proto.ICMPV6)}
FOREIGN_ICMP = {4: point(ICMP[6]), 6: point(ICMP[4])}
"""The ICMP of the other family: always invalid."""
WITH_PORTS = {TCP, UDP, SCTP, UDPLITE}
WITH_FIELDS = {TCP, UDP, SCTP, UDPLITE, GRE, *ICMP.values()}
NEVER_TRACKED: Set = ((130, 136), (143, 143), (151, 152))
"""Types of ICMPv6 (`fwsim.engine.icmp.is_never_tracked`)."""
ERRORS: dict[int, Set] = {
    4: of_intervals((kind, kind) for kind in range(64) if ICMP_ERRORS >> kind & 1),
    6: ((0, 127), (137, 137)),
}
REQUESTS: dict[int, Set] = {
    4: of_intervals((kind, kind) for kind in range(64) if ICMP_REQUESTS >> kind & 1),
    6: ((128, 128), (139, 139)),
}
REPLY_OF = {4: {0: 8, 14: 13, 16: 15, 18: 17}, 6: {129: 128, 140: 139}}
"""Of each ICMP reply the request."""

ADDRESSES: dict[int, Set] = {4: V4_ADDRESSES, 6: V6_ADDRESSES}
INTERFACES: Set = ((0, (1 << 63) - 1),)
FAMILIES: dict[int, Shape] = {
    4: {FAMILY: point(4), SRC: V4_ADDRESSES, DST: V4_ADDRESSES, IIF: INTERFACES, OIF: INTERFACES},
    6: {FAMILY: point(6), SRC: V6_ADDRESSES, DST: V6_ADDRESSES, IIF: INTERFACES, OIF: INTERFACES},
}
"""All packets; who has marked them before, nobody knows. Where rules see no interface, that is hidden from them."""
LOOPING_V4: Set = ((0x7F000000, 0x7FFFFFFF),)
NOT_SOURCES: dict[int, Set] = {
    4: ((0, 0), *LOOPING_V4, (0xE0000000, 0xEFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF)),
    6: ((V6_START, V6_START + 1), (V6_START + (0xFF << 120), V6_START + (1 << 128) - 1)),
}
"""Sources of packets that routing discards, whatever the rules say (`fwsim.engine.martians`)."""
NOT_FORWARDED = NOT_SOURCES
"""Destinations that nothing is forwarded to."""
NOT_RECEIVED: dict[int, Set] = {4: LOOPING_V4, 6: ((V6_START + 1, V6_START + 1),)}
"""Destinations that nothing comes in for."""
UNSPECIFIED: dict[int, Set] = {4: ((0, 0),), 6: ((V6_START, V6_START),)}


class Kind(NamedTuple):
    """Packets of which rules see the same state: what they see of a connection, and the shapes of such packets."""

    state: CtState
    direction: int
    attached: bool
    shapes: list[Shape]

    @property
    def seen(self) -> Shape:
        """What rules see; nothing has been marked. Only of what is new it is asked how it is translated."""
        rest = point(0) if self.attached else NOT_THERE
        status = point(ASKED) if self.attached and self.state != CtState.NEW else rest
        return {
            CT_STATE: point(int(self.state)), CT_DIRECTION: point(self.direction), CT_STATUS: status, CT_MARK: rest,
            MARK: point(0),
        }  # fmt: skip


def arriving(hook: int, family: int) -> dict[int, Set]:
    """The packets of a family that come from outside and that routing sends on, or in; nobody has marked them."""
    every = ADDRESSES[family]
    found: dict[int, Set] = {FAMILY: point(family), SRC: minus(every, NOT_SOURCES[family]), MARK: point(0)}
    if hook == Hook.FORWARD:
        return found | {DST: minus(every, NOT_FORWARDED[family]), TTL: ((2, 255),), IIF: INTERFACES, OIF: INTERFACES}
    sources = union((minus(every, NOT_SOURCES[family]), UNSPECIFIED[family]))
    return found | {SRC: sources, DST: minus(every, NOT_RECEIVED[family]), IIF: INTERFACES, OIF: NOT_THERE}


def shape(protos: Iterable[int], fields: Iterable[str] = (), **values: Set) -> Shape:
    """Packets of some protocols that have some fields, with any value or those given."""
    found = {number_in_seen(name): TRANSPORT[name] if name in fields else NOT_THERE for name in TRANSPORT}
    found[PROTO] = of_intervals((proto, proto) for proto in protos)
    found[FRAGMENT] = ((0, 1),)
    return found | {number_in_seen(name): those for name, those in values.items()}


def shapes_of(family: int) -> list[Shape]:
    """All whole packets and first fragments of a family, whose headers are as they should be."""
    others = set(range(256)) - WITH_FIELDS
    return [
        shape([TCP], OF_TCP),
        shape([UDP, SCTP, UDPLITE], PORTS),
        shape([ICMP[family]], OF_ICMP),
        shape(set(ICMP.values()) - {ICMP[family]}, OF_ICMP),
        shape([GRE], icmp_id=((ABSENT, 65_535),)),
        shape(others),
    ]


def broken_shapes() -> list[Shape]:
    """Packets that end before their transport header does: what stands in front of the end is there."""
    ports: dict[str, Set] = dict.fromkeys(PORTS, ((ABSENT, 65_535),))
    return [
        shape([TCP, UDP, SCTP, UDPLITE], (), **ports),
        *(shape([TCP], OF_TCP[:end]) for end in range(len(PORTS) + 1, len(OF_TCP))),
        shape(ICMP.values(), icmp_type=((ABSENT, 255),)),
        shape(ICMP.values(), OF_ICMP[:2]),
    ]


def later_fragments() -> Shape:
    """Fragments other than first ones have no transport header."""
    return {**shape(range(256)), FRAGMENT: point(2)}


def with_values(shapes: Iterable[Shape], field: int, protos: Iterable[int], values: Set) -> list[Shape]:
    """The shapes, in those of some protocols only some values of a field."""
    wanted = of_intervals((proto, proto) for proto in protos)
    return [{**one, field: values} if one[PROTO] == wanted else one for one in shapes]


def strangers(family: int, *, tracking: bool, loose: bool, fragments: bool = False) -> list[Kind]:
    """Packets that belong to no connection, as the stateful mode sees them, damaged ones too.

    Without tracking nothing is attached to any. What is related to a connection belongs to it. With tracking there are
    no `fragments`, unless chains see them before they are put together: what these do with one, all may have met.
    """
    if not tracking:
        return [_unattached(CtState.INVALID, [*shapes_of(family), *broken_shapes(), later_fragments()])]
    parts: Set = ((0, 2),) if fragments else point(0)
    damaged = [{**one, FRAGMENT: parts} for one in shapes_of(family)]
    kinds = [opening(family, loose=loose, parts=parts)]
    kinds.append(_unattached(CtState.INVALID, [*damaged, *broken_shapes(), *[later_fragments()] * fragments]))
    return [*kinds, *_never_tracked(family)]


def opening(family: int, *, loose: bool, parts: Set = NOT_A_FRAGMENT) -> Kind:
    """Packets of no connection that conntrack takes for the first of one: new."""
    flags = _flags(CLASS_SYN, CLASS_ACK) if loose else _flags(CLASS_SYN)
    whole = [{**one, FRAGMENT: parts} for one in shapes_of(family) if one[PROTO] != FOREIGN_ICMP[family]]
    shapes = with_values(with_values(whole, FLAGS, [TCP], flags), ICMP_TYPE, [ICMP[family]], REQUESTS[family])
    return Kind(CtState.NEW, int(Direction.ORIGINAL), True, shapes)


def midway() -> Kind:
    """TCP packets of no connection that conntrack takes for part of one that it has not seen begin (tcp_loose)."""
    shapes = shape([TCP], OF_TCP, flags=_flags(CLASS_ACK), fragment=NOT_A_FRAGMENT)
    return Kind(CtState.NEW, int(Direction.ORIGINAL), True, [shapes])


def invalid(family: int, *, loose: bool) -> Kind:
    """Intact packets of no connection that conntrack calls invalid.

    A datagram, or a packet of a protocol that it knows nothing of, is never one of them; nor is a lone fragment, which
    waits for the others. (One with a wrong checksum is invalid whatever it is, but whoever receives it discards it.)
    """
    opens = (CLASS_SYN, CLASS_ACK) if loose else (CLASS_SYN,)
    kinds = minus(minus(BYTE, REQUESTS[family]), NEVER_TRACKED if family == 6 else ())
    shapes = [
        shape([TCP], OF_TCP, flags=minus(BYTE, _flags(*opens))),
        shape([ICMP[family]], OF_ICMP, icmp_type=kinds),
        {**shape([], OF_ICMP), PROTO: FOREIGN_ICMP[family]},
    ]
    return _unattached(CtState.INVALID, [{**one, FRAGMENT: NOT_A_FRAGMENT} for one in shapes])


def without_memory(family: int, *, twin: bool, errors: bool) -> list[Kind]:
    """All packets as the stateless mode sees them first; `twin` if its rules ask for connections, see `engine.twin`."""
    every = [*shapes_of(family), *broken_shapes(), later_fragments()]
    if not twin:
        return [_unattached(CtState.INVALID, every), *_never_tracked(family)]
    quiet = minus(BYTE, ERRORS[family])
    if family == 6:
        quiet = minus(quiet, NEVER_TRACKED)
    kinds = [Kind(CtState.NEW, int(Direction.ORIGINAL), True, with_values(every, ICMP_TYPE, [ICMP[family]], quiet))]
    reports = [shape([ICMP[family]], OF_ICMP, icmp_type=ERRORS[family])]
    related = Kind(CtState.RELATED, int(Direction.REPLY), True, reports)
    return [*kinds, related if errors else _unattached(CtState.INVALID, reports), *_never_tracked(family)]


def possible_replies(family: int, replies: str) -> list[Kind]:
    """Packets that the stateless mode may take for replies."""
    if replies == "never":
        return []
    flags = ((0, 255),) if replies == "any" else of_intervals((f, f) for f in range(256) if f & 0x14)
    shapes = with_values(shapes_of(family), FLAGS, [TCP], flags)
    answers = of_intervals((kind, kind) for kind in REPLY_OF[family])
    shapes = with_values(shapes, ICMP_TYPE, [ICMP[family]], answers)
    return [Kind(CtState.ESTABLISHED, int(Direction.REPLY), True, [*shapes, *broken_shapes()])]


def _never_tracked(family: int) -> list[Kind]:
    """Neighbour discovery and its like."""
    if family == 4:
        return []
    return [_unattached(CtState.UNTRACKED, [shape([ICMP[6]], OF_ICMP, icmp_type=NEVER_TRACKED)])]


def _unattached(state: CtState, shapes: list[Shape]) -> Kind:
    """Packets without a connection."""
    return Kind(state, ABSENT, False, shapes)


def _flags(*classes: int) -> Set:
    """The TCP flags of some classes, of those combinations that a TCP sends: others are invalid whatever they are."""
    return of_intervals(
        (flags, flags) for flags in range(256) if flags_are_valid(flags) and flag_class(flags) in classes
    )
