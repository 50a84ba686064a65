"""Replies in the stateless mode: regions of packets that it takes for replies, and their mirror images.

Read first: `fwsim.engine.twin`. A packet that could be a reply gets through if it passes as one and its mirror image
passes as what opens a connection: so of a region that passes as replies the mirror image is searched, and what is found
there is mirrored back.
"""

from __future__ import annotations

from fwsim.space.fields import DPORT, DST, IIF, OF_CONNECTION, OIF, PROTO, SPORT, SRC
from fwsim.space.intervals import Set, holds, narrowed, of_intervals, point
from fwsim.terms import CtState, Direction, Hook, Proto

from .confirming import Region
from .traffic import FLAGS, ICMP, ICMP_TYPE, REPLY_OF, Kind

MIRRORED_HOOK = {int(Hook.INPUT): int(Hook.OUTPUT), int(Hook.FORWARD): int(Hook.FORWARD)}
TCP, SYN = point(int(Proto.TCP)), point(2)
SWAPPED = {SRC: DST, DST: SRC, SPORT: DPORT, DPORT: SPORT, IIF: OIF, OIF: IIF}
OPENING = Kind(CtState.NEW, int(Direction.ORIGINAL), True, [])


def mirror_of(reply: Region, family: int) -> dict[int, Set | None]:
    """The packets that those of a region, which are all of one shape, would answer."""
    mirror = {**reply, **{field: reply.get(other) for field, other in SWAPPED.items()}, **OPENING.seen}
    if reply.get(PROTO) == TCP:
        mirror[FLAGS] = SYN
    kinds = reply.get(ICMP_TYPE)
    if reply.get(PROTO) == point(ICMP[family]) and kinds is not None:
        requests = [request for answer, request in REPLY_OF[family].items() if holds(kinds, answer)]
        mirror[ICMP_TYPE] = of_intervals((request, request) for request in requests)
    return mirror


def mirrored_back(reply: Region, mirror: Region, family: int) -> dict[int, Set | None]:
    """Those packets of a region whose mirror images are in another one."""
    back = dict(reply)
    for field, values in mirror.items():
        if field in SWAPPED or field in (FLAGS, ICMP_TYPE) or field in OF_CONNECTION:
            continue
        back[field] = narrowed(back.get(field), values)
    for field, other in SWAPPED.items():
        back[field] = narrowed(back.get(field), mirror.get(other))
    asked = mirror.get(ICMP_TYPE)
    if reply.get(PROTO) == point(ICMP[family]) and asked is not None:
        answers = [answer for answer, request in REPLY_OF[family].items() if holds(asked, request)]
        back[ICMP_TYPE] = narrowed(back.get(ICMP_TYPE), of_intervals((answer, answer) for answer in answers))
    return back
