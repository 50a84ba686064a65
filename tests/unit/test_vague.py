"""Tuples of which something is not known."""

from __future__ import annotations

import pytest

from fwsim.engine.tuples import link
from fwsim.engine.vague import (
    DESTINATION,
    DESTINATION_ID,
    LOOKED_FOR,
    SOURCE,
    SOURCE_ID,
    blur,
    count_vague,
    find_vague,
    is_vague,
    turned_parts,
)
from fwsim.lower.settings import settings_row
from fwsim.ruleset.conntrack import Conntrack
from fwsim.tables import TUPLE, Rows, empty
from fwsim.terms import CtStatus
from fwsim.tracker import make_tracker
from fwsim.uncompiled import usable

PARTS = [source | destination for source in (0, SOURCE_ID, SOURCE) for destination in (0, DESTINATION_ID, DESTINATION)]


def test_every_mixture_of_unknown_parts_is_looked_for() -> None:
    assert set(LOOKED_FOR) == set(PARTS) - {0}


@pytest.mark.parametrize("parts", [parts for parts in PARTS if parts])
def test_a_packet_may_be_of_a_connection_if_all_that_is_known_agrees(parts: int) -> None:
    tracker = usable(make_tracker(settings_row(Conntrack(), True, (4,)), key=1))
    reply = tracker.tuples[5]
    reply["src0"], reply["dst0"], reply["src_id"], reply["dst_id"], reply["proto"] = 1, 2, 53, 5000, 17
    blur(reply, parts)
    assert is_vague(reply)
    tracker.tuples[4]["proto"] = 17
    tracker.connections[2]["status"] = int(CtStatus.CONFIRMED)
    link(tracker, 2)
    packet, scratch = Rows(empty(TUPLE, 1))[0], Rows(empty(TUPLE, 1))[0]
    packet["src0"], packet["dst0"], packet["src_id"], packet["dst_id"], packet["proto"] = 1, 2, 53, 5000, 17
    assert find_vague(tracker, packet, 0, scratch) == 5
    packet["proto"] = 6
    assert find_vague(tracker, packet, 0, scratch) == -1
    packet["proto"] = 17
    tracker.counters[0]["apart"] = 2
    assert find_vague(tracker, packet, 0, scratch) == -1


def test_those_that_may_have_taken_a_port_are_counted() -> None:
    tracker = usable(make_tracker(settings_row(Conntrack(), True, (4,)), key=1))
    for row in (2, 3, 4):
        reply = tracker.tuples[2 * row + 1]
        reply["src0"], reply["dst0"], reply["src_id"], reply["proto"] = 1, 2, 53, 17
        blur(reply, DESTINATION_ID)
        link(tracker, row)
    packet, scratch = Rows(empty(TUPLE, 1))[0], Rows(empty(TUPLE, 1))[0]
    packet["src0"], packet["dst0"], packet["dst_id"], packet["proto"] = 2, 1, 53, 17
    assert count_vague(tracker, packet, SOURCE_ID, scratch, 10) == 3
    assert count_vague(tracker, packet, SOURCE_ID, scratch, 2) == 2
    assert count_vague(tracker, packet, DESTINATION_ID, scratch, 10) == 0


def test_the_parts_of_an_answer_are_the_others() -> None:
    assert turned_parts(SOURCE_ID) == DESTINATION_ID
    assert turned_parts(DESTINATION) == SOURCE
