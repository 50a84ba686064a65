"""Mirror images of regions."""

from __future__ import annotations

from fwsim.checking.mirrored import mirror_of, mirrored_back
from fwsim.checking.traffic import FLAGS, ICMP_TYPE
from fwsim.space.fields import CT_STATE, DPORT, DST, IIF, OIF, PROTO, SPORT, SRC, TTL
from fwsim.space.intervals import Set, point

REPLY: dict[int, Set | None] = {
    PROTO: point(6), SRC: point(1), DST: ((5, 9),), SPORT: point(80), DPORT: ((1, 100),), IIF: point(0), OIF: None,
    FLAGS: point(16), CT_STATE: point(2), TTL: ((1, 255),),
}  # fmt: skip


def test_a_mirror_image_has_the_ends_exchanged_and_opens() -> None:
    mirror = mirror_of(REPLY, 4)
    assert (mirror[SRC], mirror[DST], mirror[SPORT], mirror[DPORT]) == (((5, 9),), point(1), ((1, 100),), point(80))
    assert (mirror[IIF], mirror[OIF]) == (None, point(0))
    assert (mirror[FLAGS], mirror[CT_STATE]) == (point(2), point(8))


def test_what_is_found_there_is_mirrored_back() -> None:
    mirror = mirror_of(REPLY, 4) | {SRC: ((6, 7),), SPORT: point(3), TTL: point(64)}
    back = mirrored_back(REPLY, mirror, 4)
    assert (back[SRC], back[DST], back[DPORT], back[SPORT]) == (point(1), ((6, 7),), point(3), point(80))
    assert (back[FLAGS], back[TTL], back[CT_STATE]) == (point(16), point(64), point(2))


def test_icmp_replies_answer_requests() -> None:
    reply = REPLY | {PROTO: point(1), ICMP_TYPE: ((0, 0), (14, 14))}
    mirror = mirror_of(reply, 4)
    assert mirror[ICMP_TYPE] == ((8, 8), (13, 13))
    assert mirrored_back(reply, mirror | {ICMP_TYPE: point(13)}, 4)[ICMP_TYPE] == point(14)
