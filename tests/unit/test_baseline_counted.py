"""Changes add up: by packets, by the rules that decided, by connection, whose openings count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fwsim.baseline import counted
from fwsim.baseline.changes import Change
from fwsim.baseline.counted import Changes
from fwsim.baseline.deciders import Decider
from fwsim.baseline.kinds import Kind
from fwsim.tables import plain
from tests.batches import batch

WEB, POLICY = Decider("name web", '"web"', "a.yaml", 3), Decider("policy", "policy of forward", None, 1)
NEW = Kind("accept", "rule", None, "forward", "new", "original", None, "SYN_SENT", False, WEB)
REPLY = replace(NEW, ct_state="established", ct_direction="reply")
DENIED = replace(NEW, verdict="drop", decider=POLICY)
WAS, NOW = [NEW, REPLY], [NEW, REPLY, DENIED]
PASSES, ANSWERED, REFUSED = 0, 1, 2
ENDS = [{"sport": 1000 + n, "dport": 80} for n in range(3)]


def columns(kinds: list[int], connections: list[int], translations: list[int] | None = None) -> Any:
    return tuple(np.array(one, np.int64) for one in (kinds, connections, translations or [0] * len(kinds)))


def added(changes: Changes, was: Any, now: Any, rows: Any = slice(None)) -> list[int]:
    some = batch(*ENDS[: len(was[0])])
    changed: list[int] = changes.add(some, rows, was, now).tolist()
    return changed


def test_a_connection_is_denied_if_its_opening_is() -> None:
    changes = Changes("stateful", WAS, NOW)
    was = columns([PASSES, ANSWERED, ANSWERED], [5, 5, 6])
    assert added(changes, was, columns([REFUSED, REFUSED, REFUSED], [8, 8, 9])) == [0, 1, 2]
    assert changes.counts == {Change.BLOCKED: 3}
    assert (changes.opened(Change.BLOCKED), changes.in_midst(Change.BLOCKED)) == (1, 1)
    (pair,) = changes.deciding
    assert pair == (Change.BLOCKED, '"web" (line 3)', "policy of forward (line 1)")
    assert (changes.deciding[pair].packets, changes.deciding[pair].connections) == (3, 2)
    assert changes.deciding[pair].frames == [(0, 1), (0, 2), (0, 3)]


def test_frames_are_named_of_each_change_of_a_connection() -> None:
    changes = Changes("stateful", WAS, NOW)
    added(changes, columns([PASSES, ANSWERED], [5, 5]), columns([REFUSED, PASSES], [8, 8]))
    (connection,) = changes.connections.values()
    assert [frames for _, frames in sorted(connection.frames.items())] == [[(0, 1)], [(0, 2)]]
    assert set(connection.frames) == set(connection.packets)


def test_the_ends_are_those_of_the_original_direction() -> None:
    changes = Changes("stateful", WAS, NOW)
    added(changes, columns([ANSWERED], [5]), columns([REFUSED], [0]))
    (connection,) = changes.connections.values()
    packet = plain(batch(ENDS[0]).packets[0])
    assert connection.ends["sport"] == packet["dport"]
    assert connection.ends["dst0"] == packet["src0"]


def test_packets_without_a_number_are_one_connection_whichever_way_they_go() -> None:
    changes = Changes("stateless", WAS, NOW)
    both = batch({"sport": 1000, "dport": 80}, {})
    for one, other in counted.ENDS:
        both.packets[1][one], both.packets[1][other] = both.packets[0][other], both.packets[0][one]
    was, now = columns([PASSES, PASSES], [0, 0]), columns([REFUSED, REFUSED], [0, 0])
    changes.add(both, slice(None), was, now)
    assert len(changes.connections) == 1


def test_only_what_is_selected_counts() -> None:
    changes = Changes("stateful", WAS, NOW)
    was, now = columns([0, 0, 0], [1, 2, 3]), columns([2, 0, 2], [1, 2, 3])
    assert added(changes, was, now, np.array([1, 2])) == [2]
    assert (changes.packets, changes.changed) == (2, 1)


def test_another_translation_counts_where_the_verdict_is_the_same() -> None:
    changes = Changes("stateful", WAS, NOW)
    added(changes, columns([0, 1, 0], [1, 2, 3], [7, 7, 7]), columns([0, 1, 2], [1, 2, 3], [7, 8, 0]))
    assert changes.counts == {Change.TRANSLATION: 1, Change.BLOCKED: 1}


def test_memory_is_bounded_and_the_packets_still_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "MOST", 2)
    changes = Changes("stateful", WAS, NOW)
    added(changes, columns([0, 0, 0], [1, 2, 3]), columns([2, 2, 2], [1, 2, 3]))
    assert len(changes.connections) == 2
    assert (changes.changed, changes.not_told_apart) == (3, 1)
    for number in range(5):
        changes._deciding((Change.RULE, str(number), "x")).packets += 1
    assert len(changes.deciding) <= 4
    assert sum(one.packets for one in changes.deciding.values()) == 8
