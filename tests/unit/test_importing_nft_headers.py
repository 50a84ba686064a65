"""Fields of headers and their places."""

from __future__ import annotations

from fwsim.importing.nft.headers import EXTENSION_FIELDS, FIELDS, INSIDE, NAMED
from fwsim.importing.nft.types import TYPES
from fwsim.netfilter import fields as netfilter_fields
from fwsim.nft.words import PAYLOAD


def test_every_field_of_the_language_is_known() -> None:
    for header, names in PAYLOAD.items():
        for name in names - {"option", "chunk"}:
            known = [field for field in FIELDS[header] if field == name or field.startswith(name + " ")]
            assert known, (header, name)


def test_every_field_has_a_known_type() -> None:
    fields = [field for inside in FIELDS.values() for field in inside.values()]
    for field in (*fields, *EXTENSION_FIELDS.values()):
        assert field.type in TYPES
        assert field.bits


def test_named_fields_are_those_of_netfilter() -> None:
    assert set(NAMED.values()) <= set(netfilter_fields.FIELDS)


def test_headers_inside_others_have_fields_themselves() -> None:
    assert {name for inside in INSIDE.values() for name in inside.values()} <= set(FIELDS)
