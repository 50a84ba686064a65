"""Expiry, eviction and the age of connections."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from fwsim.engine.expiry import BRANCHES, FIRST, become_assured, delete, expire, keep, make_room, pass_time, rearm
from fwsim.engine.tuples import Tracker, is_live
from fwsim.terms import CtState, CtStatus, Reason, TcpFlag
from fwsim.tracker import connections_listing, grow, make_tracker
from tests.tracking import SECOND, Bench, settings, tcp, udp

ASSURED = int(CtStatus.ASSURED)
NEW = int(CtState.NEW)
SYN, ACK = int(TcpFlag.SYN), int(TcpFlag.ACK)
NOTHING_FITS = int(Reason.TABLE_FULL)


def request(port: int) -> Any:
    return udp("10.0.0.1", port, "10.0.1.1", 53)


def insert(tracker: Tracker, port: int, expires: int) -> int:
    """A connection that dies at `expires` ns."""
    tracker.connections[0] = tracker.connections[1]
    for part, (source, target) in enumerate(((port, 53), (53, port))):
        tracker.tuples[part]["proto"] = 17
        tracker.tuples[part]["src_id"], tracker.tuples[part]["dst_id"] = source, target
    tracker.connections[0]["expires"] = expires
    tracker.connections[0]["number"] = port
    return int(keep(tracker))


def move(tracker: Tracker, row: int, expires: int) -> None:
    """Let a connection die at another time, as `follow` does."""
    tracker.connections[row]["expires"] = expires
    if expires < tracker.connections[row]["heap_key"]:
        rearm(tracker, row)


def live_numbers(tracker: Tracker) -> list[int]:
    return [listed["number"] for listed in connections_listing(tracker)]


def test_a_connection_is_dead_when_nothing_remains() -> None:
    tracker = make_tracker(settings(), key=1)
    insert(tracker, 1, 100)
    expire(tracker, 99)
    assert live_numbers(tracker) == [1]
    expire(tracker, 100)
    assert live_numbers(tracker) == []
    assert tracker.counters[0]["expired"] == 1


def test_time_that_passes_between_packets_leaves_the_table_as_it_would_have_been() -> None:
    draw = random.Random(7)
    in_one_go, in_steps = (make_tracker(settings(), key=1) for _ in range(2))
    for number in range(1, 60):
        expires = draw.randrange(1, 20)
        for tracker in (in_one_go, in_steps):
            insert(tracker, number, expires)
    for now in range(1, 12):
        pass_time(in_steps, now)
        assert all(listed["expires"] > now for listed in connections_listing(in_steps))
    for tracker in (in_one_go, in_steps):
        expire(tracker, 15)
    for one, other in zip(in_one_go, in_steps, strict=True):
        assert one.tobytes() == other.tobytes()


def test_a_packet_at_the_very_end_of_the_timeout_is_new_again() -> None:
    bench = Bench()
    bench.see(request(1), 0)
    assert bench.see(request(1).answer(), 29.999)["ct_state"] == CtState.ESTABLISHED
    assert bench.see(request(1), 59.999)["ct_state"] == NEW


def test_an_extended_timeout_needs_no_rearming() -> None:
    tracker = make_tracker(settings(), key=1)
    row = insert(tracker, 1, 100)
    move(tracker, row, 500)
    assert tracker.heap_key[0] == 100
    expire(tracker, 400)
    assert live_numbers(tracker) == [1]
    expire(tracker, 500)
    assert live_numbers(tracker) == []


def test_a_shortened_timeout_takes_effect_at_once() -> None:
    tracker = make_tracker(settings(), key=1)
    insert(tracker, 1, 50)
    row = insert(tracker, 2, 100)
    move(tracker, row, 10)
    expire(tracker, 10)
    assert live_numbers(tracker) == [1]


steps = st.lists(
    st.tuples(
        st.sampled_from(["open", "move", "delete", "pass"]), st.integers(0, 10**6), st.integers(0, 300)
    ),
    max_size=60,
)  # fmt: skip


@profile(deadline=None, max_examples=80)
@given(steps)
def test_the_heap_agrees_with_a_sorted_list(script: list[tuple[str, int, int]]) -> None:
    tracker = make_tracker(settings(), key=1)
    model: dict[int, list[int]] = {}  # row -> [number, expires]
    now, opened = 0, 0
    for action, choice, span in script:
        if action == "open" and len(model) < 60:
            opened += 1
            model[insert(tracker, opened, now + 1 + span)] = [opened, now + 1 + span]
        elif action == "move" and model:
            row = sorted(model)[choice % len(model)]
            model[row][1] = now + 1 + span
            move(tracker, row, now + 1 + span)
        elif action == "delete" and model:
            row = sorted(model)[choice % len(model)]
            delete(tracker, row)
            del model[row]
        elif action == "pass":
            now += span
            expire(tracker, now)
            model = {row: entry for row, entry in model.items() if entry[1] > now}
        assert live_numbers(tracker) == sorted(number for number, _ in model.values())
        assert_heap_holds(tracker)


def test_a_large_heap_holds_under_many_deletions() -> None:
    tracker = grow(make_tracker(settings(), key=1), 200)
    chance = random.Random(1)
    rows: list[int] = []
    for number in range(1, 1500):
        if not rows or (len(rows) < 150 and chance.random() < 0.6):
            rows.append(insert(tracker, number, chance.randrange(1, 10**6)))
        else:
            delete(tracker, rows.pop(chance.randrange(len(rows))))
        assert_heap_holds(tracker)


def assert_heap_holds(tracker: Tracker) -> None:
    """Every live connection has a place, no row has two, and no key is later than its connection or its children."""
    counters = tracker.counters[0]
    armed = int(counters["armed"])
    rows = [int(row) for row in tracker.heap_row[:armed]]
    for at, row in enumerate(rows):
        assert tracker.connections[row]["heap_position"] == at
        assert tracker.connections[row]["heap_key"] == tracker.heap_key[at]
        assert at == 0 or tracker.heap_key[(at - 1) // BRANCHES] <= tracker.heap_key[at]
        if is_live(tracker.connections[row]):
            assert tracker.heap_key[at] <= tracker.connections[row]["expires"]
    live = [row for row in range(FIRST, counters["used"]) if is_live(tracker.connections[row])]
    assert set(live) <= set(rows)
    assert len(set(rows)) == armed <= counters["used"] - FIRST
    assert len(live) == counters["live"]


def test_a_deleted_connection_leaves_its_place_to_the_next_in_its_row() -> None:
    tracker = make_tracker(settings(), key=1)
    insert(tracker, 1, 50)
    row = insert(tracker, 2, 100)
    delete(tracker, row)
    assert tracker.counters[0]["armed"] == 2
    assert insert(tracker, 3, 300) == row
    assert (tracker.counters[0]["armed"], tracker.heap_key[1]) == (2, 100)  # a lower bound
    expire(tracker, 299)
    assert live_numbers(tracker) == [3]
    expire(tracker, 300)
    assert live_numbers(tracker) == []
    assert (tracker.counters[0]["armed"], tracker.counters[0]["expired"]) == (0, 2)


def test_one_that_dies_before_the_connection_whose_place_it_takes_is_found_in_time() -> None:
    tracker = make_tracker(settings(), key=1)
    insert(tracker, 1, 500)
    row = insert(tracker, 2, 1000)
    delete(tracker, row)
    assert insert(tracker, 3, 10) == row
    assert_heap_holds(tracker)
    expire(tracker, 10)
    assert live_numbers(tracker) == [1]


def test_one_that_dies_before_the_key_of_an_extended_connection_is_found_in_time() -> None:
    tracker = make_tracker(settings(), key=1)
    row = insert(tracker, 1, 20)
    insert(tracker, 2, 15)
    tracker.connections[row]["expires"] = 100  # its key stays 20
    delete(tracker, row)
    assert insert(tracker, 3, 10) == row
    expire(tracker, 10)
    assert live_numbers(tracker) == [2]


def test_a_place_that_nobody_took_goes_when_its_time_comes_and_is_no_expiry() -> None:
    tracker = make_tracker(settings(), key=1)
    delete(tracker, insert(tracker, 1, 100))
    expire(tracker, 99)
    assert tracker.counters[0]["armed"] == 1
    expire(tracker, 100)
    assert (tracker.counters[0]["armed"], tracker.counters[0]["expired"]) == (0, 0)
    row = insert(tracker, 2, 200)
    assert_heap_holds(tracker)
    expire(tracker, 200)
    assert not is_live(tracker.connections[row])


def test_an_answered_opening_asks_nothing_of_the_heap_and_each_timeout_holds() -> None:
    bench = Bench()
    opening = tcp("10.0.0.1", 4000, "10.0.1.1", 80, SYN)
    for port, answered in ((4000, False), (4001, True)):
        bench.see(replace(opening, sport=port), 0)
        key = int(bench.tracker.heap_key[0])
        if answered:
            bench.see(replace(opening.answer(), dport=port, tcp=(SYN | ACK, 0, 1, 1000)), 1)
        assert bench.tracker.heap_key[0] == key == 60 * SECOND
    bench.expire(60.999)
    assert len(bench.connections()) == 2
    bench.expire(61)  # the one that was answered
    assert [listed["original"]["src_id"] for listed in bench.connections()] == [4000]
    bench.expire(119.999)
    assert len(bench.connections()) == 1
    bench.expire(120)
    assert bench.connections() == []


def test_a_flood_keeps_the_heap_as_small_as_the_table() -> None:
    tracker = grow(make_tracker(settings(max=20), key=1), 1000)
    for number in range(1, 400):
        expire(tracker, number)
        assert make_room(tracker)
        insert(tracker, number, number + 120)
        assert_heap_holds(tracker)
    assert live_numbers(tracker) == list(range(380, 400))
    assert (tracker.counters[0]["used"], tracker.counters[0]["evicted"]) == (FIRST + 20, 379)


def test_the_first_to_die_is_deleted_first() -> None:
    tracker = make_tracker(settings(), key=1)
    late = insert(tracker, 1, 10)
    early = insert(tracker, 2, 20)
    tracker.connections[late]["expires"] = 30  # its key in the heap is still 10
    expire(tracker, 40)
    # The row freed last is taken first: that of the one that died last.
    assert insert(tracker, 3, 99) == late
    assert insert(tracker, 4, 99) == early


def test_rows_are_used_again() -> None:
    tracker = make_tracker(settings(), key=1)
    for round_of_many in range(200):
        insert(tracker, 1, round_of_many + 1)
        expire(tracker, round_of_many + 1)
    assert tracker.counters[0]["used"] == 3
    assert tracker.counters[0]["peak"] == 1
    assert tracker.counters[0]["created"] == 200


def test_a_full_table_evicts_the_oldest_that_is_not_assured() -> None:
    bench = Bench(max=3)
    bench.see(request(1), 0)
    bench.see(request(1).answer(), 1)
    bench.see(request(1), 3)  # a stream by now: assured
    bench.see(request(2), 4)
    bench.see(request(3), 5)
    bench.see(request(2), 6)  # used later, but not younger
    assert bench.state(request(4), 7)[0] == NEW
    assert [listed["original"]["src_id"] for listed in bench.connections()] == [1, 3, 4]
    assert bench.counter("evicted") == 1


def test_the_dead_do_not_count_towards_full() -> None:
    bench = Bench(max=2)
    bench.see(request(1), 0)
    bench.see(request(2), 20)
    bench.see(request(3), 30)
    assert bench.counter("evicted") == 0
    assert [listed["original"]["src_id"] for listed in bench.connections()] == [2, 3]


def test_a_table_full_of_assured_connections_drops_what_is_new() -> None:
    bench = Bench(max=2)
    for port in (1, 2):
        bench.see(request(port), 0)
        bench.see(request(port).answer(), 1)
        bench.see(request(port), 3)
    result = bench.see(request(3), 4)
    assert result["reason"] == NOTHING_FITS
    assert result["fresh"] == 0
    assert bench.counter("dropped") == 1
    assert bench.see(request(1), 5)["ct_state"] == CtState.ESTABLISHED


def test_an_eviction_stays_even_if_rules_drop_the_packet_that_caused_it() -> None:
    bench = Bench(max=1)
    bench.see(request(1), 0)
    bench.see(request(2), 1, accept=False)
    assert bench.connections() == []


def test_ghosts_evict_assured_ones_when_nothing_else_is_left() -> None:
    bench = Bench(max=2, ghosts=True)
    for port in (1, 2):
        bench.see(request(port), 0)
        bench.see(request(port).answer(), 1)
    for port in (2, 1):  # the order in which they become assured counts
        bench.see(request(port), 3)
    bench.see(request(3), 4)
    assert [listed["original"]["src_id"] for listed in bench.connections()] == [1, 3]


def test_no_limit_means_no_eviction() -> None:
    bench = Bench(max=0, room=500)
    for port in range(500):
        bench.see(request(port), 0)
    assert len(bench.connections()) == 500


def test_a_table_that_cannot_grow_here_is_full_rather_than_overrun() -> None:
    tracker = make_tracker(settings(max=0), key=1)
    rows = len(tracker.connections)
    for port in range(rows - 2):
        assert make_room(tracker)
        become_assured(tracker, insert(tracker, port, 100))
    assert not make_room(tracker)


def test_an_assured_connection_leaves_the_chain_of_the_assured() -> None:
    tracker = make_tracker(settings(), key=1, ghosts=True)
    plain_row = insert(tracker, 1, 100)
    assured = insert(tracker, 2, 100)
    tracker.connections[assured]["status"] |= ASSURED
    become_assured(tracker, assured)
    delete(tracker, assured)
    counters = tracker.counters[0]
    assert (counters["oldest"], counters["newest"]) == (plain_row, plain_row)
    assert (counters["oldest_assured"], counters["newest_assured"]) == (-1, -1)


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 1, 3), (2, 3, 1)])
def test_the_age_chain_survives_deletions_anywhere(order: tuple[int, int, int]) -> None:
    tracker = grow(make_tracker(settings(), key=1, capacity_limit=4), 4)
    rows = {port: insert(tracker, port, 10 * SECOND) for port in (1, 2, 3, 4)}
    for port in order:
        delete(tracker, rows[port])
        left = live_numbers(tracker)
        assert tracker.connections[tracker.counters[0]["oldest"]]["number"] == left[0]
        assert tracker.connections[tracker.counters[0]["newest"]]["number"] == left[-1]
    delete(tracker, rows[4])
    assert (tracker.counters[0]["oldest"], tracker.counters[0]["newest"]) == (-1, -1)
