"""The same packet seen coming in and, translated, going out."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.engine.crossings import WAYS, is_translated_copy, remember_crossing
from fwsim.engine.sightings import FORWARDING_NS
from tests.placed import IN, OUT, chunk, packet, topology

SECOND = 1_000_000_000


def rows(src: str, dst: str, **fields: int) -> tuple[Any, Any]:
    """One frame and its packet."""
    made = chunk({"ts": SECOND, "number": 5, "file": 2} | packet(src, dst) | fields)
    return made.frames[0], made.packets[0]


CAME = {"interface": 0, "sent_or_received": IN, "ttl": 64}
LEFT = {"interface": 1, "sent_or_received": OUT, "ttl": 63}


def crossed(
    first: dict[str, int], second: dict[str, int], *, ends: tuple[str, str] = ("198.51.100.1", "8.8.8.8")
) -> Any:
    """The frame that left, if it is known as that which came in."""
    where = topology({}).places
    remember_crossing(where, *rows("10.1.4.5", "8.8.8.8", **CAME, **first))
    frame, row = rows(ends[0], ends[1], **(LEFT | second))
    return frame if is_translated_copy(where, frame, row) else None


def test_a_packet_is_known_when_its_source_is_another() -> None:
    frame = crossed({}, {"sport": 50000})
    assert (frame["copy_of"], frame["copy_in"]) == (5, 2)


def test_a_packet_is_known_when_its_destination_is_another() -> None:
    assert crossed({"ip_id": 0}, {"ip_id": 0, "dport": 5353}, ends=("10.1.4.5", "9.9.9.9")) is not None


def test_where_both_ends_are_others_something_else_must_tell() -> None:
    both = {"sport": 50000, "dport": 5353}
    ends = ("198.51.100.1", "9.9.9.9")
    assert crossed({"ip_id": 0}, {"ip_id": 0, **both}, ends=ends) is None
    assert crossed({"ip_id": 7}, {"ip_id": 7, **both}, ends=ends) is not None
    assert crossed({"ip_id": 0, "seq": 9}, {"ip_id": 0, "seq": 9, **both}, ends=ends) is not None


@pytest.mark.parametrize("name", ["length", "proto", "ip_id", "seq", "ack", "flags", "fragment", "icmp_type"])
def test_what_translation_leaves_must_agree(name: str) -> None:
    assert crossed({}, {name: 99}) is None


@pytest.mark.parametrize(
    ("second", "known"),
    [
        ({"ttl": 64}, False), ({"ttl": 62}, False), ({"ttl": 65}, False),
        ({"ts": SECOND + FORWARDING_NS}, True), ({"ts": SECOND + FORWARDING_NS + 1}, False),
        ({"interface": 0}, True), ({"interface": 0, "sent_or_received": IN}, False),
    ],
)  # fmt: skip
def test_it_is_near_in_time_and_hops_and_elsewhere(second: dict[str, int], known: bool) -> None:
    assert (crossed({}, second) is not None) is known


def test_each_packet_is_found_once_and_many_alike_have_room() -> None:
    where = topology({}).places
    for port in range(WAYS):
        remember_crossing(where, *rows("10.1.4.5", "8.8.8.8", **CAME, sport=1000 + port, number=port))
    found = []
    for port in range(WAYS + 1):
        frame, row = rows("198.51.100.1", "8.8.8.8", **LEFT, sport=2000 + port)
        found.append(int(frame["copy_of"]) if is_translated_copy(where, frame, row) else None)
    assert found == [*range(WAYS), None]


def test_what_is_expected_no_more_makes_room() -> None:
    where = topology({}).places
    for turn in range(3 * WAYS):
        at = SECOND + turn * 2 * FORWARDING_NS
        remember_crossing(where, *rows("10.1.4.5", "8.8.8.8", **CAME, ts=at, number=turn))
        frame, row = rows("198.51.100.1", "8.8.8.8", **LEFT, ts=at)
        assert is_translated_copy(where, frame, row)
        assert frame["copy_of"] == turn
