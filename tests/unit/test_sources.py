"""Connections by their sources: the newest first, whatever became of others and of the rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.expiry import delete
from fwsim.engine.sources import NOWHERE, first_of_source, next_of_source, source_bucket
from fwsim.engine.tuples import Tracker, is_live
from fwsim.tracker import copy, grow
from fwsim.uncompiled import flush, wrapped
from tests.binding import INSIDE, OTHER, Binder, flow, rule
from tests.tracking import Datagram, icmp, udp


def known_of(tracker: Tracker, wanted: Any) -> list[int]:
    """The numbers of the connections from the source of a tuple, in the order in which they are met."""
    found = []
    row = first_of_source(tracker, wanted)
    while row != NOWHERE:
        found.append(int(tracker.connections[row]["number"]))
        row = next_of_source(tracker, row, wanted)
    return found


def known(table: Binder, datagram: Datagram, tracker: Tracker | None = None) -> list[int]:
    """The same for the source of a packet."""
    table.track(datagram, 0)
    return known_of(tracker or table.tracker, table.tracker.tuples[0])


def test_the_newest_is_first() -> None:
    table = Binder()
    for last in range(1, 5):
        table.open(flow(dport=last), rule())
    assert known(table, flow(dport=99)) == [4, 3, 2, 1]


@pytest.mark.parametrize(
    "other",
    [
        flow(OTHER),
        flow(sport=5001),
        icmp(INSIDE, "203.0.113.80", 8, 0, 5000),
        udp("fd00::1", 5000, "2001:db8::1", 53),
    ],
    ids=["address", "port", "protocol", "family"],
)
def test_other_sources_are_not_met(other: Datagram) -> None:
    table = Binder()
    table.open(flow(), rule())
    assert known(table, other) == []


def test_every_word_of_an_address_counts() -> None:
    table = Binder()
    sources = ["fd00::1", "fd00::1:0:1", "fd00:0:1::1", "fd00::2", "fd01::1"]
    for source in sources:
        table.open(udp(source, 5000, "2001:db8::1", 53), rule(source))
    assert [known(table, udp(source, 5000, "2001:db8::2", 53)) for source in sources] == [[1], [2], [3], [4], [5]]


def test_one_that_is_gone_is_passed_over_and_its_row_can_be_used_again() -> None:
    table = Binder()
    for last in range(1, 5):
        table.open(flow(dport=last), rule())
    rows = [row for row in range(2, 6) if table.tracker.connections[row]["number"] in (2, 4)]
    for row in rows:
        delete(table.tracker, row)
    assert known(table, flow(dport=99)) == [3, 1]
    used_again = []
    for new in (flow(OTHER, dport=1), flow(dport=98)):
        table.open(new, rule())
        used_again.append(table.row)
    assert sorted(used_again) == rows
    assert known(table, flow(dport=99)) == [6, 3, 1]
    assert known(table, flow(OTHER)) == [5]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3), st.integers(0, 5)), max_size=25), st.integers(1, 1 << 40))
def test_chains_are_what_a_list_would_be(steps: list[tuple[bool, int, int]], key: int) -> None:
    """Opened and deleted in any order, all in one bucket or not."""
    table = Binder(key=key)
    there: list[tuple[int, int]] = []
    for number, (opens, client, place) in enumerate(steps):
        if opens:
            table.open(flow(sport=5000 + client, dport=1000 + number), rule())
            there.append((client, table.row))
        elif there:
            _, row = there.pop(place % len(there))
            delete(table.tracker, row)
    for client in range(4):
        numbers = [int(table.tracker.connections[row]["number"]) for one, row in there if one == client]
        assert known(table, flow(sport=5000 + client, dport=99)) == numbers[::-1]


def test_chains_outlive_growing_and_copying() -> None:
    table = Binder(room=1)
    for last in range(1, 40):
        table.open(flow(sport=5000 + last % 2, dport=last), rule())
    delete(table.tracker, 10)
    wanted = known(table, flow(sport=5001, dport=99))
    flush(table.tracker)
    arrays = table.arrays
    sizes = {len(arrays.sources)}
    snapshot = copy(arrays)
    larger = grow(arrays, 10 * len(arrays.connections))
    sizes.add(len(larger.sources))
    assert len(sizes) == 2
    assert len(wanted) == 19
    for one in (snapshot, larger):
        assert known(table, flow(sport=5001, dport=99), wrapped(one)) == wanted


def test_where_nothing_is_translated_there_is_no_room_for_chains() -> None:
    assert len(Binder().arrays.sources) == len(Binder().arrays.connections)
    flat = Binder(translating=0).arrays
    assert (len(flat.sources), len(flat.source_buckets)) == (1, 2)


def test_buckets_begin_behind_nowhere_and_hang_on_the_key() -> None:
    places = []
    for key in (1, 2):
        table = Binder(key=key)
        found = []
        for number in range(200):
            table.track(flow(f"10.1.{number}.1", 5000 + number), 0)
            found.append(source_bucket(table.tracker, table.tracker.tuples[0]))
        assert min(found) > NOWHERE
        assert max(found) < len(table.arrays.source_buckets)
        assert len(set(found)) > 190
        places.append(found)
    assert places[0] != places[1]
    assert not is_live(table.tracker.connections[0])
