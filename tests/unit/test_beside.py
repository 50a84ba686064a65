"""What rules see of a packet beside its row: the link layer, and the connection's original tuple."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.engine.beside import for_nothing, show_link, show_own_tuple, show_tuple
from fwsim.engine.link import pkttype_of
from fwsim.tables import EXTRA, FRAME, PACKET, TUPLE, V6, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Hook

HOST, BROADCAST, MULTICAST = 0, 1, 2


def rows(**fields: int) -> tuple[Any, Any, Any]:
    """A wanted row of EXTRA, a frame, and a packet with these fields."""
    extra, frame, packet = empty(EXTRA, 1)[0], empty(FRAME, 1)[0], empty(PACKET, 1)[0]
    extra["wanted"] = 1
    frame["source_mac"], frame["pkttype"] = 0x0200_0000_0001, UNKNOWN_VALUE
    packet["family"], packet["hook"] = 4, Hook.FORWARD
    for name, value in fields.items():
        (frame if name == "pkttype" else packet)[name] = value
    return extra, frame, packet


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"pkttype": BROADCAST}, BROADCAST),
        ({"pkttype": BROADCAST, "hook": Hook.OUTPUT}, HOST),
        ({"dst0": 0x0A000005}, HOST),
        ({"dst0": 0x0A0000FF}, UNKNOWN_VALUE),
        ({"dst0": 0xE0000001}, UNKNOWN_VALUE),
        ({"family": 6, "dst0": V6 + 0x20010DB8}, HOST),
        ({"family": 6, "dst0": V6 + 0xFF020000}, UNKNOWN_VALUE),
    ],
)
def test_without_a_link_layer_only_a_destination_of_one_host_tells_the_kind_of_packet(
    fields: dict[str, int], wanted: int
) -> None:
    extra, frame, packet = rows(**fields)
    show_link(extra, frame, packet)
    assert extra["pkttype"] == wanted


def test_time_goes_by_since_the_first_packet() -> None:
    extra, frame, packet = rows(now=70)
    extra["origin"] = 30
    show_link(extra, frame, packet)
    assert extra["elapsed"] == 40


def test_a_packet_that_is_made_here_has_no_source_mac_yet() -> None:
    for hook, mac in ((Hook.FORWARD, 0x0200_0000_0001), (Hook.OUTPUT, ABSENT), (5, ABSENT)):
        extra, frame, packet = rows(hook=hook)
        show_link(extra, frame, packet)
        assert extra["src_mac"] == mac


@pytest.mark.parametrize(
    ("high", "low", "kind"),
    [(0x02000000, 1, HOST), (0xFFFFFFFF, 0xFFFF, BROADCAST), (0x01005E00, 1, MULTICAST), (0x33330000, 1, MULTICAST)],
)
def test_the_destination_of_a_frame_tells_its_kind(high: int, low: int, kind: int) -> None:
    assert pkttype_of(high, low) == kind


def test_the_original_tuple_of_a_reply_is_the_packet_turned_round() -> None:
    extra, _, packet = rows(proto=6, src0=1, src3=2, dst0=3, dst3=4, sport=5, dport=6)
    show_own_tuple(extra, packet, False)
    assert [extra[name] for name in ("ct_src0", "ct_src3", "ct_dst0", "ct_dst3", "ct_sport", "ct_dport")] == [
        1, 2, 3, 4, 5, 6,
    ]  # fmt: skip
    show_own_tuple(extra, packet, True)
    assert [extra[name] for name in ("ct_src0", "ct_src3", "ct_dst0", "ct_dst3", "ct_sport", "ct_dport")] == [
        3, 4, 1, 2, 6, 5,
    ]  # fmt: skip
    assert (extra["ct_family"], extra["ct_proto"]) == (4, 6)


def test_the_tuple_of_a_connection_is_that_of_its_first_row() -> None:
    tuples = empty(TUPLE, 4)
    tuples[2]["src0"], tuples[2]["dst0"], tuples[2]["src_id"], tuples[2]["dst_id"] = V6 + 1, V6 + 2, 3, 4
    tuples[2]["proto"] = 17
    extra, _, _ = rows()
    show_tuple(extra, tuples, 1)
    names = ("ct_family", "ct_proto", "ct_src0", "ct_dst0", "ct_sport", "ct_dport")
    assert [extra[name] for name in names] == [6, 17, V6 + 1, V6 + 2, 3, 4]
    for row in (ABSENT, UNKNOWN_VALUE):
        show_tuple(extra, tuples, row)
        assert [extra[name] for name in names] == [row] * 6


def test_nothing_is_filled_in_for_a_ruleset_that_asks_for_none_of_it() -> None:
    extra, frame, packet = rows(proto=6, src0=1)
    extra["wanted"] = 0
    show_link(extra, frame, packet)
    show_own_tuple(extra, packet, False)
    show_tuple(extra, empty(TUPLE, 2), 0)
    assert extra.item() == (0,) * len(EXTRA.names or ())


def test_no_connection_is_told_in_all_fields() -> None:
    extra, _, _ = rows()
    for_nothing(extra, ABSENT)
    assert extra["ct_proto"] == extra["ct_src0"] == extra["ct_dport"] == ABSENT
