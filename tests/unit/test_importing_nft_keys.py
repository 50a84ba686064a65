"""Keys of meta and ct."""

from __future__ import annotations

from fwsim.importing.nft.keys import CT, CT_ADDRESSES, META
from fwsim.importing.nft.types import TYPES
from fwsim.netfilter.fields import FIELDS
from fwsim.netfilter.steps import Unknown
from fwsim.nft.words import CT_KEYS, META_NAMED, META_QUALIFIED
from fwsim.terms import Hook
from tests.nft_importing import steps_of


def test_every_key_of_the_language_is_known() -> None:
    assert set(META) >= META_QUALIFIED | META_NAMED
    assert set(CT) | {"saddr", "daddr"} >= CT_KEYS


def test_every_key_has_a_type_and_a_field_of_netfilter_or_none() -> None:
    for key in (*META.values(), *CT.values()):
        assert key.type in TYPES
        assert key.name is None or key.name in FIELDS


def test_addresses_of_connections_are_fields() -> None:
    assert set(CT_ADDRESSES.values()) <= set(FIELDS)


def test_the_owner_of_a_socket_is_unknown_only_where_a_packet_can_have_one() -> None:
    (step,) = steps_of("meta skuid 1000")
    assert step == Unknown("meta skuid 1000", frozenset([Hook.INPUT, Hook.OUTPUT, Hook.POSTROUTING]))
