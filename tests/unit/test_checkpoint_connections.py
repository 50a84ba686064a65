"""Connection tables put back: the same connections in the same orders; and none that would lead the engine astray."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fwsim.checkpoint.connections import restored_tracker, save_tracker
from fwsim.checkpoint.saved import DamagedError
from fwsim.engine.expiry import delete
from fwsim.engine.sources import first_of_source
from fwsim.engine.tuples import Tracker
from fwsim.engine.vague import VAGUE_ADDRESS
from fwsim.terms import CtStatus
from fwsim.tracker import connections_listing, copy
from fwsim.uncompiled import flush, usable
from tests.deciding import udp
from tests.keeping import halfway, simulator, through_a_file
from tests.natted import HOST, PEER, SERVER, Gateway


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    """A table with live connections, free rows and expectations."""
    found = halfway(tmp_path)[0].stateful.tracker
    tables = usable(found)
    for place in (4, 5):
        delete(tables, int(tables.heap_row[place]))
    flush(tables)
    assert (found.counters[0]["free"], found.counters[0]["newest_expecting"]) > (0, 0)
    return found


ASSURED = int(CtStatus.ASSURED)


def put_back(folder: Path, tracker: Tracker) -> Tracker:
    with through_a_file(folder, save_tracker(tracker)) as saved:
        return restored_tracker(simulator().stateful.tracker, saved)


def listed(tracker: Tracker) -> list[dict[str, Any]]:
    """The live connections, but for where the hash has put them."""
    found = list(connections_listing(tracker))
    for one in found:
        for side in ("original", "reply"):
            del one[side]["next"], one[side]["previous"]
    return found


def test_the_table_is_the_same_but_for_its_key(tmp_path: Path, tracker: Tracker) -> None:
    found = put_back(tmp_path, tracker)
    assert listed(found) == listed(tracker)
    used, live = (int(tracker.counters[0][name]) for name in ("used", "live"))
    assert 10 < live < used - 2
    for name in ("connections", "neighbours"):
        assert getattr(found, name)[2:used].tobytes() == getattr(tracker, name)[2:used].tobytes()
    helped, armed = (int(tracker.counters[0][name]) for name in ("helped_used", "armed"))
    assert found.expectations[:helped].tobytes() == tracker.expectations[:helped].tobytes()
    for name in ("heap_key", "heap_row"):
        assert getattr(found, name)[:armed].tobytes() == getattr(tracker, name)[:armed].tobytes()
    for name in ("live", "used", "free", "oldest", "newest", "newest_expecting", "created", "next_number"):
        assert found.counters[0][name] == tracker.counters[0][name]
    assert found.counters[0]["hash_key"] != tracker.counters[0]["hash_key"]
    assert np.isin(found.buckets[found.buckets >= 0] // 2, found.heap_row[:armed]).all()


def test_translated_connections_come_back_with_their_sources_and_ways_out(tmp_path: Path) -> None:
    gate, fresh = Gateway(), Gateway()
    for number, host in enumerate((HOST, SERVER, HOST)):
        gate.ask(udp(host, f"203.0.113.{80 + number}", ports=(40000, 500)))
    gate.ask(udp(HOST, PEER, ports=(50000, 123)))  # from a port that is drawn
    before = gate.simulator.stateful.tracker
    with through_a_file(tmp_path, save_tracker(before)) as saved:
        after = restored_tracker(fresh.simulator.stateful.tracker, saved)
    assert listed(after) == listed(before)
    old, new = usable(before), usable(after)
    for row in range(2, 6):
        wanted = old.tuples[2 * row]
        assert first_of_source(new, wanted) == first_of_source(old, wanted)
        assert new.sources[row]["out"] == old.sources[row]["out"] > 0


def test_an_empty_table_comes_back(tmp_path: Path) -> None:
    found = put_back(tmp_path, simulator().stateful.tracker)
    assert (found.counters[0]["used"], found.counters[0]["live"], found.counters[0]["free"]) == (2, 0, -1)


def set_counter(name: str, value: int) -> Any:
    return lambda tracker: tracker.counters[0].__setitem__(name, value)


def set_live(table: str, name: str, value: int) -> Any:
    """Change a field of the connection that dies next."""
    return lambda tracker: getattr(tracker, table)[int(tracker.heap_row[0])].__setitem__(name, value)


def in_a_circle(tracker: Tracker) -> None:
    row = int(tracker.counters[0]["oldest"])
    tracker.neighbours[int(tracker.neighbours[row]["newer"])]["newer"] = row


def free_twice(tracker: Tracker) -> None:
    tracker.counters[0]["free"] = tracker.heap_row[0]


@pytest.mark.parametrize(
    "change",
    [
        set_counter("used", 1 << 40),
        set_counter("used", 1),
        set_counter("live", -1),
        set_counter("free", 1 << 20),
        set_counter("free", -1),
        set_counter("oldest", 1 << 20),
        set_counter("newest_expecting", 1),
        set_counter("next_number", 1 << 62),
        set_live("connections", "heap_position", 3),
        set_live("neighbours", "older", 1 << 20),
        set_live("neighbours", "newer", -2),
        set_live("connections", "heap_key", 3),
        set_counter("armed", 1),
        set_counter("helped", 1 << 20),
        set_counter("helped_free", 1 << 20),
        set_counter("helped_used", 0),
        set_live("connections", "state", 64),
        lambda tracker: tracker.connections["status"].__ixor__(ASSURED),
        lambda tracker: tracker.heap_key.__setitem__(0, 1 << 62),
        lambda tracker: tracker.heap_row.__setitem__(0, tracker.heap_row[1]),
        lambda tracker: tracker.heap_row.__setitem__(0, 1 << 20),
        lambda tracker: tracker.sides["scale"].__setitem__(slice(None), 64),
        lambda tracker: tracker.expectations["expects"].__setitem__(slice(None), 0),
        lambda tracker: tracker.expectations["direction"].__setitem__(0, 2),
        lambda tracker: tracker.connections["extension"].__setitem__(slice(None), 1 << 20),
        lambda tracker: tracker.connections["state"].__setitem__(slice(None), 11),
        lambda tracker: tracker.tuples["proto"].__setitem__(slice(5, None, 2), 6),
        lambda tracker: tracker.tuples["dst_id"].__setitem__(slice(5, None, 2), 1),
        lambda tracker: tracker.expectations["newer"].__setitem__(slice(None), 40),
        in_a_circle,
        free_twice,
    ],
)
def test_what_leads_out_of_the_table_or_round_in_it_is_refused(tmp_path: Path, tracker: Tracker, change: Any) -> None:
    spoiled = copy(tracker)
    change(spoiled)
    tree = save_tracker(tracker)
    for name in tree.keys() - {"sources"}:
        tree[name] = getattr(spoiled, name)[: len(tree[name])].astype(tree[name].dtype)
    with pytest.raises(DamagedError), through_a_file(tmp_path, tree) as saved:
        restored_tracker(simulator().stateful.tracker, saved)


@pytest.mark.parametrize("status", [int(CtStatus.SNAT), int(CtStatus.DNAT)])
def test_the_answers_of_a_translated_connection_come_from_elsewhere(
    tmp_path: Path, tracker: Tracker, status: int
) -> None:
    row = int(tracker.heap_row[0])
    tracker.connections[row]["status"] |= status
    tracker.tuples[2 * row + 1]["dst0"] = VAGUE_ADDRESS
    tracker.tuples[2 * row + 1]["dst_id"] += 1
    assert listed(put_back(tmp_path, tracker)) == listed(tracker)
    tracker.tuples[2 * row + 1]["proto"] ^= 1
    with pytest.raises(DamagedError, match="tuples"):
        put_back(tmp_path, tracker)


def test_what_a_new_connection_begins_as_is_not_taken_from_the_file(tmp_path: Path, tracker: Tracker) -> None:
    spoiled = copy(tracker)
    spoiled.connections["state"][1] = 63
    spoiled.connections["status"][1] = ASSURED
    found = put_back(tmp_path, spoiled)
    assert found.connections[1].tolist() == simulator().stateful.tracker.connections[1].tolist()


def test_the_key_of_the_hash_is_kept_out(tracker: Tracker) -> None:
    assert tracker.counters[0]["hash_key"] != 0
    assert save_tracker(tracker)["counters"][0]["hash_key"] == 0
