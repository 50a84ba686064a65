"""The same packet seen twice, and what egress copies teach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.capture import Input, open_captures
from fwsim.engine.places import SIGHTINGS
from fwsim.engine.sightings import (
    FORWARDING_NS,
    is_second_sighting,
    learned_interface,
    remember,
    slot_of,
    teach,
)
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Reason
from tests.placed import IN, OUT, chunk, packet, topology

PCAPS = Path(__file__).parent.parent.parent / "pcaps"


def rows(**fields: int) -> tuple[Any, Any]:
    """One frame and its packet."""
    made = chunk({"ts": 1_000_000_000} | packet("10.1.4.5", "198.51.100.9", interface=UNKNOWN_VALUE) | fields)
    return made.frames[0], made.packets[0]


def is_seen_again(first: dict[str, int], second: dict[str, int]) -> bool:
    where = topology({}).places
    remember(where, *rows(**first))
    return is_second_sighting(where, *rows(**second))


@pytest.mark.parametrize(
    "place",
    [{"ifindex": 3}, {"capture_interface": 1}, {"vlan": 10}, {"sent_or_received": OUT}],
    ids=lambda place: next(iter(place)),
)
def test_same_packet_at_another_place_is_a_second_sighting(place: dict[str, int]) -> None:
    assert is_seen_again({}, place)
    assert not is_seen_again(place, place)


@pytest.mark.parametrize(
    ("first", "second", "again"),
    [
        ({"interface": 0}, {"interface": 1}, True),
        ({"interface": 0, "capture_interface": 0}, {"interface": 0, "capture_interface": 1}, False),
        ({"interface": 0, "file": 0}, {"interface": 1, "file": 1}, True),
        ({"interface": 0, "sent_or_received": IN}, {"interface": 0, "sent_or_received": OUT}, True),
        ({"interface": 0, "sent_or_received": IN}, {"interface": 0, "sent_or_received": OUT, "file": 1}, False),
        ({"interface": 0}, {"ifindex": 2}, True),
        ({"interface": 0}, {"ifindex": 2, "file": 1}, False),
    ],
)
def test_declared_interfaces_tell_places_apart_across_files(
    first: dict[str, int], second: dict[str, int], again: bool
) -> None:
    assert is_seen_again(first, second) is again


@given(st.integers(-(10**12), 10**12))
def test_second_sighting_is_within_milliseconds_either_way(later: int) -> None:
    again = is_seen_again({"ts": 10**13}, {"ts": 10**13 + later, "ifindex": 3})
    assert again == (abs(later) <= FORWARDING_NS)


@pytest.mark.parametrize(("ttl", "again"), [(64, True), (63, True), (62, False), (65, False)])
def test_a_router_takes_one_from_the_ttl_and_a_bridge_nothing(ttl: int, again: bool) -> None:
    assert is_seen_again({"ttl": 64}, {"ttl": ttl, "ifindex": 3}) is again


fields = st.fixed_dictionaries(
    {
        "src0": st.integers(0, 2**33 - 1), "src3": st.integers(0, 2**32 - 1), "dst0": st.integers(0, 2**33 - 1),
        "dst3": st.integers(0, 2**32 - 1), "length": st.integers(20, 262144), "ip_id": st.integers(-1, 65535),
        "seq": st.integers(-2, 2**32 - 1), "sport": st.integers(-2, 65535), "dport": st.integers(-2, 65535),
        "icmp_id": st.integers(-2, 65535),
    }
)  # fmt: skip


@given(fields, st.sampled_from([1, 2, 64, SIGHTINGS]))
def test_slot_is_inside_the_table_and_the_same_for_copies(row: dict[str, int], slots: int) -> None:
    slot = slot_of(row, slots)
    assert 0 <= slot < slots
    assert slot_of(row | {"ttl": 1, "vlan": 5}, slots) == slot


def test_the_table_keeps_its_size_and_the_newer_packet_overwrites_the_older() -> None:
    where = topology({}).places
    for ip_id in range(3 * SIGHTINGS):
        remember(where, *rows(ip_id=ip_id))
    assert len(where.sightings) == SIGHTINGS
    assert is_second_sighting(where, *rows(ip_id=3 * SIGHTINGS - 1, ifindex=3))
    assert not is_second_sighting(where, *rows(ip_id=0, ifindex=3))


def test_an_empty_table_knows_no_packet() -> None:
    where = topology({}).places
    assert not is_second_sighting(where, *rows(ts=0, ifindex=3))


@pytest.mark.parametrize("capture", ["any-interface.pcapng", "office.pcapng"])
def test_every_copy_tells_of_which_packet_with_the_same_bytes_behind_the_header(capture: str) -> None:
    captures = open_captures([Input(str(PCAPS / capture))])
    simulator = Simulator(load_ruleset(str(PCAPS.parent / "rulesets" / "office.yaml")), key=1)
    bytes_of: dict[int, bytes] = {}
    copies = 0
    for captured in captures:
        simulator.topology.locate(captures, captured)
        for row, frame in enumerate(captured.frames):
            bytes_of[int(frame["number"])] = captured.data(row)[int(frame["network"]) + 20 :]
            if frame["reason"] == Reason.EGRESS_COPY:
                copies += 1
                assert 0 < frame["copy_of"] < frame["number"]
                assert bytes_of[int(frame["copy_of"])] == bytes_of[int(frame["number"])]
            else:
                assert frame["copy_of"] == 0
    assert copies > 10


def test_destination_is_learned_exactly_and_forgotten_when_its_row_is_taken() -> None:
    where = topology({}).places
    _, near = rows(dst0=256)
    _, far = rows(dst0=512)  # shares the row of `near`, as the table has 256
    assert learned_interface(where, near) == UNKNOWN_VALUE
    teach(where, near, 2)
    assert learned_interface(where, near) == 2
    assert learned_interface(where, far) == UNKNOWN_VALUE
    teach(where, far, 1)
    assert learned_interface(where, near) == UNKNOWN_VALUE
    assert learned_interface(where, far) == 1


def test_address_of_zeros_is_not_learned_before_it_is_taught() -> None:
    _, zeros = rows(dst0=0, dst3=0, vlan=ABSENT)
    assert learned_interface(topology({}).places, zeros) == UNKNOWN_VALUE
