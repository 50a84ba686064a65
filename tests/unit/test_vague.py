"""Tuples of which something is not known, and packets that may be theirs."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.engine.tuples import TCP, UDP, invert
from fwsim.engine.vague import (
    DESTINATION,
    DESTINATION_ADDRESS,
    DESTINATION_ID,
    MIXTURES,
    SOURCE,
    SOURCE_ADDRESS,
    SOURCE_ID,
    VAGUE_ADDRESS,
    VAGUE_ID,
    blur,
    count_vague,
    differing_parts,
    find_vague,
    has_ports,
    is_vague,
    shown_address,
    shown_id,
    turned_parts,
)
from fwsim.tables import TUPLE, V6
from fwsim.terms import UNKNOWN_VALUE, Proto
from tests.binding import INSIDE, OTHER, PUBLIC, SERVER, Binder, flow, ports, rule
from tests.tracking import Datagram, icmp, udp, words_of

EVERY = SOURCE | DESTINATION


def tuple_of(proto: int = UDP, src: str = SERVER, dst: str = PUBLIC, ids: tuple[int, int] = (53, 5000)) -> Any:
    """A row of TUPLE."""
    row = dict.fromkeys(TUPLE.names or (), 0) | {"proto": proto, "src_id": ids[0], "dst_id": ids[1]}
    for side, text in (("src", src), ("dst", dst)):
        row |= {f"{side}{number}": word for number, word in enumerate(words_of(text))}
    return row


# --- blurred -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({}, 0),
        ({"src": OTHER}, SOURCE_ADDRESS),
        ({"ids": (54, 5000)}, SOURCE_ID),
        ({"src": "2001:db8::1", "dst": "fd00::1"}, SOURCE_ADDRESS | DESTINATION_ADDRESS),
        ({"dst": OTHER, "ids": (53, 1)}, DESTINATION),
    ],
)
def test_tuples_differ_in_parts(changes: dict[str, Any], parts: int) -> None:
    assert differing_parts(tuple_of(), tuple_of(**changes)) == parts


def test_addresses_that_begin_alike_are_not_the_same() -> None:
    one, other = tuple_of(TCP, "2001:db8::1", "fd00::1"), tuple_of(TCP, "2001:db8::1", "fd00::2")
    assert differing_parts(one, other) == DESTINATION_ADDRESS


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        (SOURCE_ADDRESS, {"src0": VAGUE_ADDRESS, "src1": 0, "src2": 0, "src3": 0}),
        (SOURCE_ID, {"src_id": VAGUE_ID}),
        (DESTINATION_ADDRESS, {"dst0": VAGUE_ADDRESS, "dst1": 0, "dst2": 0, "dst3": 0}),
        (DESTINATION_ID, {"dst_id": VAGUE_ID}),
        (0, {}),
    ],
)
def test_only_the_part_is_lost_that_is_not_known(part: int, changed: dict[str, int]) -> None:
    row = tuple_of(TCP, "2001:db8:1:2::9", "fd00:3:4::8")
    before = dict(row)
    blur(row, part)
    assert row == before | changed
    assert is_vague(row) == bool(part)


@pytest.mark.parametrize("part", [SOURCE_ID, DESTINATION_ID])
@pytest.mark.parametrize("proto", [Proto.ICMP, Proto.ICMPV6])
def test_icmp_has_one_id_whichever_side_is_translated(proto: Proto, part: int) -> None:
    row = tuple_of(int(proto), ids=(7, 8 << 8))
    blur(row, part)
    assert (row["src_id"], row["dst_id"]) == (VAGUE_ID, 8 << 8)


@pytest.mark.parametrize("proto", [Proto.GRE, 99])
def test_what_has_no_ports_has_none_to_lose(proto: int) -> None:
    row = tuple_of(int(proto), ids=(0, 77))
    blur(row, EVERY)
    assert (row["src_id"], row["dst_id"]) == (0, 77)
    assert row["src0"] == row["dst0"] == VAGUE_ADDRESS
    assert not has_ports(int(proto))


def test_no_packet_has_what_stands_for_the_unknown() -> None:
    assert VAGUE_ID > 0xFFFF
    assert V6 + 0xFFFFFFFF < VAGUE_ADDRESS
    assert (shown_id(VAGUE_ID), shown_address(VAGUE_ADDRESS)) == (UNKNOWN_VALUE, UNKNOWN_VALUE)
    assert (shown_id(0xFFFF), shown_address(V6 + 0xFFFFFFFF)) == (0xFFFF, V6 + 0xFFFFFFFF)


def test_parts_change_sides_in_the_answer() -> None:
    for part in range(16):
        row, answer = tuple_of(TCP), tuple_of(TCP)
        blur(row, part)
        invert(row, answer)
        wanted = tuple_of(TCP)
        invert(tuple_of(TCP), wanted)
        blur(wanted, turned_parts(part))
        assert answer == wanted


def test_only_mixtures_that_there_have_been_are_looked_for() -> None:
    table = Binder()
    table.open(flow(), rule(random=1))
    assert table.tracker.counters[0]["vague"] == 1 << DESTINATION_ID
    table.track(flow("10.1.0.99"))
    blur(table.tracker.tuples[1], DESTINATION_ADDRESS)
    table.settle()
    assert table.tracker.counters[0]["vague"] == 1 << DESTINATION_ID | 1 << DESTINATION_ADDRESS


# --- found -------------------------------------------------------------------------------------------------------


def found(table: Binder, packet: Datagram, turned: int = 0) -> int:
    """The number of the connection that a packet may be one of, or that its answer may; 0 if there is none."""
    table.track(packet)
    row = find_vague(table.tracker, table.tracker.tuples[0], turned, table.tracker.tuples[3])
    assert row & 1 or row < 0, "replies are vague, what opened a connection was seen"
    return int(table.tracker.connections[row >> 1]["number"]) if row >= 0 else 0


def drawn() -> Binder:
    """A connection whose port was drawn."""
    table = Binder()
    table.open(flow(), rule(random=1))
    return table


@pytest.mark.parametrize(
    ("packet", "number"),
    [
        (udp(SERVER, 53, PUBLIC, 40000), 1),
        (udp(SERVER, 53, PUBLIC, 1), 1),
        (udp(SERVER, 54, PUBLIC, 40000), 0),
        (udp("203.0.113.81", 53, PUBLIC, 40000), 0),
        (udp(SERVER, 53, INSIDE, 40000), 0),
        (Datagram(SERVER, PUBLIC, TCP, 53, 40000, tcp=(18, 1, 1, 1)), 0),
    ],
)
def test_a_packet_may_be_the_answer_if_all_that_is_known_agrees(packet: Datagram, number: int) -> None:
    assert found(drawn(), packet) == number


def test_what_would_be_answered_by_it_is_turned_round() -> None:
    table = drawn()
    assert found(table, udp(PUBLIC, 40000, SERVER, 53), 1) == 1
    assert found(table, udp(PUBLIC, 40000, SERVER, 53), 0) == 0


@pytest.mark.parametrize("parts", range(1, MIXTURES))
def test_every_kind_is_found(parts: int) -> None:
    table = Binder()
    table.track(flow())
    blur(table.tracker.tuples[1], parts)
    table.settle()
    assert found(table, udp(SERVER, 53, INSIDE, 5000)) == 1
    changed = {
        "src": "203.0.113.99" if parts & SOURCE_ADDRESS else SERVER,
        "sport": 99 if parts & SOURCE_ID else 53,
        "dst": OTHER if parts & DESTINATION_ADDRESS else INSIDE,
        "dport": 99 if parts & DESTINATION_ID else 5000,
    }
    assert found(table, Datagram(proto=UDP, **changed)) == 1  # type: ignore[arg-type]


def test_addresses_of_ipv6_may_be_vague_too() -> None:
    table = Binder()
    table.track(udp("fd00::1", 5000, "2001:db8::1", 53))
    blur(table.tracker.tuples[1], DESTINATION)
    table.settle()
    assert found(table, udp("2001:db8::1", 53, "2001:db8:9::77", 12345)) == 1
    assert found(table, udp("2001:db8::2", 53, "2001:db8:9::77", 12345)) == 0


def test_one_that_is_taken_for_not_being_there_is_not_found() -> None:
    table = drawn()
    table.tracker.counters[0]["apart"] = table.row
    assert found(table, udp(SERVER, 53, PUBLIC, 40000)) == 0


def test_ids_of_icmp_may_be_vague() -> None:
    table = Binder()
    table.open(icmp(INSIDE, SERVER, 8, 0, 7), rule(random=1))
    assert found(table, icmp(SERVER, PUBLIC, 0, 0, 99)) == 1
    assert found(table, icmp(SERVER, PUBLIC, 8, 0, 99)) == 0, "that asks"


# --- counted -----------------------------------------------------------------------------------------------------


def counted(table: Binder, most: int = 99, part: int = SOURCE_ID) -> int:
    """How many may be in the way of what is like the vague ones but for its source port."""
    table.track(udp(PUBLIC, 4000, SERVER, 53))
    return count_vague(table.tracker, table.tracker.tuples[0], part, table.tracker.tuples[3], most)


def test_all_that_may_have_drawn_the_same_are_counted() -> None:
    table = Binder()
    for last in range(3):
        table.open(flow(sport=6000 + last), rule(random=1, **ports(4000, 4001)))
    table.open(flow(sport=6009), rule(**ports(4000)))
    table.open(flow(dport=54), rule(random=1))
    assert counted(table) == 3
    assert counted(table, most=2) == 2
    assert counted(table, part=DESTINATION_ID) == 0, "another part is vague of them"
    table.tracker.counters[0]["apart"] = table.row - 2
    assert counted(table) == 2
