"""What objects of nft JSON must and may hold."""

import pytest

from fwsim.errors import RulesetError
from fwsim.nft.from_json import members
from fwsim.nft.from_json.located import Json, read
from fwsim.nft.source import Source


def value(text: str) -> Json:
    return read(Source("x", text))


def mistake(read_it: object, *arguments: object) -> str:
    with pytest.raises(RulesetError) as caught:
        read_it(*arguments)  # type: ignore[operator]
    return str(caught.value)


def test_a_key_that_is_not_known_is_refused_with_the_nearest() -> None:
    assert mistake(members.members, value('{"famly": 1}'), ("family", "name"), "family") == (
        "x:1:11: unknown key 'famly', expected 'family'"
    )
    assert mistake(members.members, value("[]"), ("family",), "family") == (
        "x:1:1: unexpected an array, expected an object with family"
    )


def test_a_member_that_is_missing_is_named() -> None:
    found = value('{"a": 1}')
    held = members.members(found, ("a", "b"), "a")
    assert members.needed(found, held, "a").value == 1
    assert mistake(members.needed, found, held, "b") == "x:1:1: 'b' is missing"


def test_an_object_of_one_key_has_one_key() -> None:
    key, inside = members.only(value('{"a": 1}'), "a")
    assert (key, inside.value) == ("a", 1)
    assert "expected an object with one key" in mistake(members.only, value('{"a": 1, "b": 2}'), "a")
    assert "unexpected 'null'" in mistake(members.only, value("null"), "a")


def test_numbers_have_their_ranges() -> None:
    assert members.integer(value("4294967295")) == 4294967295
    assert mistake(members.integer, value("-1")) == "x:1:1: -1 is out of range, expected 0 to 4294967295"
    assert mistake(members.integer, value("true")) == "x:1:1: unexpected 'true', expected a number"
    assert mistake(members.integer, value("1.0")) == "x:1:1: unexpected '1.0', expected a number"
    assert members.signed(value("-5")) == -5
    assert "expected 32 bits" in mistake(members.signed, value("2147483648"))


def test_numbers_above_half_of_64_bits_are_printed_as_negative_ones() -> None:
    assert members.unsigned(value("-1")) == (1 << 64) - 1
    assert "expected a number" in mistake(members.unsigned, value('"1"'))


def test_flags_stand_alone_or_in_an_array() -> None:
    assert members.flags(None, ("a", "b")) == ()
    assert members.flags(value('"a"'), ("a", "b")) == ("a",)
    assert members.flags(value('["b", "a"]'), ("a", "b")) == ("b", "a")
    assert mistake(members.flags, value('["c"]'), ("a", "b")) == "x:1:2: unexpected string 'c', expected one of a, b"


def test_words_names_and_booleans_are_what_they_should_be() -> None:
    assert members.word(value('""')) == ""
    assert mistake(members.name, value('""')) == "x:1:1: unexpected string '', expected a name"
    assert members.boolean(value("true")) is True
    assert members.boolean(None) is False
    assert "expected true or false" in mistake(members.boolean, value("1"))
    assert [each.value for each in members.pair(value("[1, 2]"), "two")] == [1, 2]
    assert "expected an array of two" in mistake(members.pair, value("[1, 2, 3]"), "two")
    assert members.is_null(value("null"))
