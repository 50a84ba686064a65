"""The packets that are compared."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fwsim.checking.traffic import FLAGS, FRAGMENT, ICMP_TYPE
from fwsim.differing.universe import (
    ESTABLISHED,
    INVALID,
    LATER,
    NEW,
    Universe,
    start_of,
    tied,
    tracked_kinds,
    untracked_kinds,
)
from fwsim.space.fields import CT_STATE, DPORT, DST, IIF, OIF, PROTO, SPORT, SRC
from fwsim.space.intervals import Set, holds, point
from fwsim.tables import number_in_seen
from fwsim.terms import Hook

TH_DPORT = number_in_seen("th_dport")
FORWARD = int(Hook.FORWARD)
ICMP_CODE, ICMP_ID = number_in_seen("icmp_code"), number_in_seen("icmp_id")
EXISTS, OFFSET, MORE, NEXT = 90, 91, 92, 93


def universe(*, tracked: bool, there: Mapping[int, int] | None = None) -> Universe:
    kinds = tracked_kinds(4, loose=True, helped=False, marked=False) if tracked else untracked_kinds(4)
    return Universe(FORWARD, 4, start_of(FORWARD, 4, 3), kinds, there or {})


def test_what_routing_discards_is_not_forwarded() -> None:
    start = start_of(FORWARD, 4, 3)
    source, target = start[SRC] or (), start[DST] or ()
    assert holds(source, 0x0A000001)
    assert not any(holds(side, address) for side in (source, target) for address in (0, 0x7F000001, 0xE0000001))


def test_the_loopback_interface_is_only_where_packets_stay_inside() -> None:
    assert start_of(FORWARD, 4, 3)[IIF] == ((0, 1),)
    assert start_of(int(Hook.INPUT), 6, 3)[OIF] == point(-1)
    assert start_of(5, 4, 3)[IIF] == point(2)


def test_only_what_can_be_is_real() -> None:
    tracked = universe(tracked=True)
    syn: dict[int, Set | None] = {PROTO: point(6), FLAGS: point(2), CT_STATE: point(NEW)}
    assert list(tracked.real(syn))
    assert not list(tracked.real({**syn, FLAGS: point(4)}))  # a reset opens nothing
    assert not list(tracked.real({PROTO: point(50), CT_STATE: point(INVALID)}))
    assert not list(tracked.real({PROTO: point(1), DPORT: point(80)}))
    assert not list(tracked.real({FRAGMENT: point(LATER), CT_STATE: point(ESTABLISHED)}))
    assert list(universe(tracked=False).real({FRAGMENT: point(LATER)}))


def test_ports_and_the_bytes_where_they_stand_are_the_same() -> None:
    both = tied({DPORT: ((1, 10),), TH_DPORT: ((5, 20),)})
    assert both is not None
    assert both[DPORT] == both[TH_DPORT] == ((5, 10),)
    assert tied({DPORT: point(1), TH_DPORT: point(2)}) is None


def test_first_bytes_are_there_where_a_header_is() -> None:
    one = universe(tracked=False, there={99: 3})
    assert not list(one.real({PROTO: point(6), FLAGS: point(2), 99: point(-1)}))
    assert list(one.real({PROTO: point(6), FRAGMENT: point(LATER), 99: point(-1)}))
    assert not list(one.real({PROTO: point(6), FRAGMENT: point(LATER), 99: ((0, 5),)}))


@pytest.mark.parametrize(
    ("asked", "possible"),
    [
        ({PROTO: point(17), SPORT: point(53), DPORT: point(-1)}, True),
        ({PROTO: point(17), SPORT: point(53), DPORT: point(1)}, False),
        ({PROTO: point(1), ICMP_TYPE: point(8), ICMP_CODE: point(-1)}, True),
        ({PROTO: point(1), ICMP_TYPE: point(8), ICMP_ID: point(7)}, False),
    ],
)
def test_a_header_may_end_before_its_first_bytes_do(asked: dict[int, Set | None], possible: bool) -> None:
    assert any(universe(tracked=False, there={99: 3}).real({**asked, 99: point(-1)})) == possible


@pytest.mark.parametrize(
    ("asked", "fragments"),
    [
        ({EXISTS: point(0)}, {0}), ({EXISTS: point(1)}, {0, 1, 2}), ({OFFSET: point(0)}, {0, 1}),
        ({OFFSET: ((1, 9),)}, {2}), ({OFFSET: point(0), MORE: point(1)}, {1}),
        ({EXISTS: point(0), OFFSET: point(0)}, set()),
        ({OFFSET: point(-1), MORE: point(-1)}, {0}), ({NEXT: ((0, 255),), OFFSET: point(0), MORE: point(0)}, {0}),
    ],
)  # fmt: skip
def test_fragments_are_such_as_their_header_says(asked: dict[int, Set | None], fragments: set[int]) -> None:
    headers = {EXISTS: None, OFFSET: "frag-off", MORE: "more-fragments", NEXT: "nexthdr"}
    six = Universe(FORWARD, 6, start_of(FORWARD, 6, 3), untracked_kinds(6), {}, headers)
    found = [part[FRAGMENT] or () for part in six.real({PROTO: point(17), **asked})]
    assert {number for number in range(3) if any(holds(values, number) for values in found)} == fragments
    four = Universe(FORWARD, 4, start_of(FORWARD, 4, 3), untracked_kinds(4), {}, headers)
    assert not any(four.real({PROTO: point(17), OFFSET: point(0)}))
