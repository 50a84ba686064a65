"""Which fields of a packet answer which questions."""

from __future__ import annotations

import pytest

from fwsim.lower.fields import ADDRESSES, HIGHEST, PACKET_FIELDS, packet_field
from fwsim.lower.needs import is_of_conntrack
from fwsim.netfilter.fields import FIELDS, Raw
from fwsim.tables import EXTRA, PACKET


@pytest.mark.parametrize("field", PACKET_FIELDS)
def test_a_simulated_field_is_one_of_the_language_and_lies_in_a_packet(field: str) -> None:
    assert field in FIELDS
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
