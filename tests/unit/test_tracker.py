"""Connection tables as a whole: growth, copies, wrapping, listing."""

from __future__ import annotations

import random

import pytest

from fwsim.engine import conntrack
from fwsim.engine.expiry import FIRST
from fwsim.engine.tuples import Tracker
from fwsim.tables import FRAME, PACKET, QUOTE, TRACK, Rows, empty
from fwsim.terms import CtState
from fwsim.tracker import bytes_held, bytes_of_a_connection, connections_listing, copy, grow, has_room, make_tracker
from fwsim.uncompiled import flush, wrapped
from tests.tracking import SECOND, Bench, Datagram, icmp, settings, udp


def conversation(count: int, seed: int) -> list[tuple[float, Datagram, bool]]:
    """So many packets of a few hosts, in time, some of them refused."""
    chance = random.Random(seed)
    now, sent = 0.0, []
    for _ in range(count):
        now += chance.choice([0.0, 0.1, 1.0, 5.0])
        packet = udp(f"10.0.0.{chance.randrange(9)}", chance.randrange(20), "10.0.1.1", 53)
        if chance.random() < 0.2:
            packet = icmp(packet.src, packet.dst, 8, 0, packet.sport)
        sent.append((now, packet if chance.random() < 0.6 else packet.answer(), chance.random() < 0.9))
    return sent


def replay(arrays: Tracker, packets: list[tuple[float, Datagram, bool]], *, grow_every: int = 0) -> list[int]:
    """The ct states of a conversation, with arrays only, so that both ways of running can be compared."""
    frames, rows, quotes, results = (empty(row, 1) for row in (FRAME, PACKET, QUOTE, TRACK))
    states = []
    for number, (at, packet, accept) in enumerate(packets):
        if grow_every and number % grow_every == 0:
            arrays = grow(arrays, len(arrays.connections))
        packet.fill(rows[0])
        rows[0]["now"] = round(at * SECOND)
        conntrack.track(arrays, frames[0], rows[0], quotes, -1, -1, results[0])
        states.append(int(results[0]["ct_state"]))
        if results[0]["fresh"] and accept:
            conntrack.confirm(arrays, frames[0], rows[0], results[0])
    return states


def test_a_table_holds_the_rows_that_were_used_and_its_buckets() -> None:
    tracker = make_tracker(settings(), key=5)
    empty_table = bytes_held(tracker)
    replay(tracker, [(0.0, udp("10.0.0.1", port, "10.0.1.1", 53), True) for port in range(30)])
    per_row = bytes_of_a_connection() - 8  # the two buckets are there already
    assert bytes_held(tracker) == empty_table + 30 * per_row
    assert bytes_held(grow(tracker, 10_000)) > empty_table + 30 * per_row + 10_000 * 4


def test_growing_in_mid_run_changes_nothing() -> None:
    packets = conversation(300, 1)
    roomy = grow(make_tracker(settings(), key=5), 1000)
    assert replay(make_tracker(settings(), key=5), packets, grow_every=60) == replay(roomy, packets)


def test_growing_keeps_rows_and_everything_in_them() -> None:
    bench = Bench(room=10)
    for port in range(10):
        bench.see(udp("10.0.0.1", port, "10.0.1.1", 53), port)
    before = bench.connections()
    larger = grow(bench.arrays, 5000)
    assert len(larger.connections) >= 5010
    assert len(larger.buckets) >= 2 * (len(larger.connections) - FIRST)
    after = list(connections_listing(larger))
    for listed in before + after:
        for name in ("next", "previous"):
            listed["original"].pop(name)
            listed["reply"].pop(name)
    assert after == before


def test_a_table_with_room_stays_what_it_is() -> None:
    tracker = make_tracker(settings(), key=1)
    assert grow(tracker, 10) is tracker


@pytest.mark.parametrize(
    ("limit", "room", "rows"),
    [(0, 1000, 1024), (0, 1022, 1024), (0, 1023, 4096), (100, 1000, 102), (64, 64, 66), (62, 99, 64), (256, 200, 258)],
)
def test_a_table_grows_until_there_is_room_or_the_limit_is_reached(limit: int, room: int, rows: int) -> None:
    tracker = make_tracker(settings(max=limit), key=1)
    larger = grow(tracker, room)
    assert len(larger.connections) == rows
    assert has_room(larger, room)
    assert has_room(tracker, room) is (larger is tracker)


def test_no_result_depends_on_the_key() -> None:
    packets = conversation(200, 2)
    tables = [grow(make_tracker(settings(), key=key), 500) for key in (0, 1, 2**31, 2**64 - 1)]
    states = [replay(table, packets) for table in tables]
    assert states[0] == states[1] == states[2] == states[3]
    assert len({int(table.counters[0]["hash_key"]) for table in tables}) > 1


def test_a_copy_is_untouched_by_what_follows() -> None:
    bench = Bench()
    bench.see(udp("10.0.0.1", 1, "10.0.1.1", 53), 0)
    flush(bench.tracker)
    snapshot = copy(bench.arrays)
    bench.see(udp("10.0.0.1", 2, "10.0.1.1", 53), 1)
    bench.see(udp("10.0.1.1", 53, "10.0.0.1", 1), 2)
    (listed,) = connections_listing(snapshot)
    assert (listed["last_frame"], listed["status"] & 2) == (1, 0)
    assert replay(snapshot, [(5.0, udp("10.0.1.1", 53, "10.0.0.1", 1), True)]) == [CtState.ESTABLISHED]


def test_wrapped_tables_write_back_when_flushed() -> None:
    tracker = make_tracker(settings(), key=1)
    within = wrapped(tracker)
    within.counters[0]["evicted"] = 7
    within.heap_key[0] = 9
    assert isinstance(within.connections, Rows)
    assert tracker.counters[0]["evicted"] == 0
    flush(within)
    assert (tracker.counters[0]["evicted"], tracker.heap_key[0]) == (7, 9)


def test_a_table_keeps_its_own_settings() -> None:
    given = settings(max=100, loose=0)
    ghosts = make_tracker(given, key=1, capacity_limit=5, ghosts=True)
    real = make_tracker(given, key=1)
    assert (ghosts.settings[0]["max"], ghosts.settings[0]["loose"], ghosts.counters[0]["evict_assured"]) == (5, 1, 1)
    assert (real.settings[0]["max"], real.settings[0]["loose"], real.counters[0]["evict_assured"]) == (100, 0, 0)
    assert (given[0]["max"], given[0]["loose"]) == (100, 0)


def test_a_listing_is_in_the_order_of_creation_though_rows_are_used_again() -> None:
    bench = Bench()
    for port, at in ((1, 0), (2, 10), (3, 30), (4, 31)):  # at 30 the first is gone, and its row free
        bench.see(udp("10.0.0.1", port, "10.0.1.1", 53), at)
    listed = bench.connections()
    assert [connection["original"]["src_id"] for connection in listed] == [2, 3, 4]
    assert [connection["row"] for connection in listed] == [3, 2, 4]
    assert listed[0]["reply"]["dst_id"] == 2


def test_a_connection_of_a_full_table_takes_less_than_512_bytes() -> None:
    connections = 262_144
    tracker = grow(make_tracker(settings(max=connections), key=1), connections)
    fixed = ("counters", "settings", "expectations")  # expectations: of those with a helper, and room for a chunk
    taken = sum(table.nbytes for name, table in tracker._asdict().items() if name not in fixed)
    assert taken // connections == bytes_of_a_connection() < 512


def test_a_copy_has_the_same_connections_buckets_and_expectations() -> None:
    bench = Bench(room=3000)
    for port in range(500):
        bench.see(udp("10.0.0.1", port, "10.0.1.1", 53), 0)
    flush(bench.tracker)
    snapshot = copy(bench.arrays)
    assert all((mine == theirs).all() for mine, theirs in zip(bench.arrays, snapshot, strict=True))


def test_rows_for_helpers_grow_by_themselves() -> None:
    tracker = make_tracker(settings(max=10), key=1)
    tracker.counters[0]["helped"] = 60
    tracker.expectations[59]["port"] = 21
    assert not has_room(tracker, 10)
    larger = grow(tracker, 10)
    assert has_room(larger, 10)
    assert larger.connections is tracker.connections
    assert (len(larger.expectations), larger.expectations[59]["port"]) == (128, 21)
