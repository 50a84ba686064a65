"""Which fields of a packet answer which questions."""

from __future__ import annotations

import pytest

from fwsim.headers.selecting import There
from fwsim.lower.fields import (
    ADDRESSES,
    ELAPSED,
    HIGHEST,
    PACKET_FIELDS,
    Fields,
    changes_on_the_way,
    looked_at,
    packet_field,
    written,
)
from fwsim.lower.needs import is_of_conntrack
from fwsim.netfilter.fields import FIELDS, Option, Raw
from fwsim.netfilter.steps import Match
from fwsim.ruleset.values import Numbers
from fwsim.tables import EXTRA, PACKET, SLOTS


@pytest.mark.parametrize("field", PACKET_FIELDS)
def test_a_simulated_field_is_one_of_the_language_and_lies_in_a_packet(field: str) -> None:
    assert field in FIELDS or field == ELAPSED
    assert PACKET_FIELDS[field] in (*(PACKET.names or ()), *(EXTRA.names or ()))


def test_addresses_are_the_fields_of_four_words() -> None:
    kinds = {PACKET_FIELDS[name] for name, kind in FIELDS.items() if kind.kind == "address" and name in PACKET_FIELDS}
    assert kinds == set(ADDRESSES)


def test_what_no_packet_has_is_not_simulated() -> None:
    assert packet_field("ct_expiration") is None
    assert packet_field(Raw("th", 32, 16)) is None
    assert packet_field(Raw("th", 16, 16)) == "th_dport"


def test_the_greatest_value_of_a_field_comes_from_its_bits() -> None:
    assert (HIGHEST["dscp"], HIGHEST["mark"], HIGHEST["tcp_flags"]) == (63, 0xFFFFFFFF, 255)


def test_what_tracking_tells_is_known_by_its_name() -> None:
    assert is_of_conntrack("ct_mark")
    assert not is_of_conntrack("mark")
    assert not is_of_conntrack(Raw("th", 0, 16))


def test_each_selector_that_can_be_read_gets_a_slot() -> None:
    size, bits = Option("tcp", "maxseg", "size"), Raw("th", 32, 16)
    one, other = (Match(selector, Numbers(((1, 1),))) for selector in (size, bits))
    fields = Fields([one, other, one])
    assert [fields.of(selector) for selector in (size, bits, "sport", "ct_helper")] == ["slot0", "slot1", "sport", None]
    assert fields.of(Raw("th", 40, 8)) is None


def test_any_value_of_some_bits_asks_whether_they_are_there() -> None:
    match = Match(Raw("th", 0, 24), Numbers(((0, 0xFFFFFF),)))
    assert looked_at(match) == There(Raw("th", 0, 24))
    for other in (Numbers(((0, 0xFFFFFE),)), Numbers(((0, 0xFFFFFF),), negated=True)):
        assert looked_at(Match(Raw("th", 0, 24), other)) == Raw("th", 0, 24)


def test_there_are_as_many_slots_as_a_row_has() -> None:
    many = [Match(Raw("th", 8 * n, 8), Numbers(((1, 1),))) for n in range(SLOTS + 3)]
    fields = Fields(many)
    assert len(fields.slots) == SLOTS
    assert [fields.of(match.selector) is None for match in many] == [False] * SLOTS + [True] * 3


def test_options_of_tcp_are_looked_for_as_xtables_does_for_its_rules() -> None:
    size = Option("tcp", "maxseg", "size")
    fields = Fields([Match(size, Numbers(((1, 1),)))], xtables=True)
    assert fields.slots == [Option("xtables", "maxseg", "size")]
    assert fields.of(size) == "slot0"
    assert fields.changed_with(Option("tcp", "maxseg")) == ["slot0"]


def test_what_is_changed_on_the_way_is_not_known_there() -> None:
    assert [changes_on_the_way(Raw("nh", *bits)) for bits in ((64, 8), (0, 8), (80, 16))] == [True, False, True]
    assert not changes_on_the_way("ttl")


def test_selectors_are_written_as_nft_does() -> None:
    assert [written(each) for each in (Raw("th", 0, 8), There(Raw("th", 0, 8)), Option("ip6", "frag", "id"))] == [
        "@th,0,8", "@th,0,8 there", "exthdr frag id",
    ]  # fmt: skip
    assert written(Option("tcp", "maxseg", "size")) == "tcp option maxseg size"
    assert written("hour") == "hour"
