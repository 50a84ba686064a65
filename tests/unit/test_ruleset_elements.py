"""One value or several, negated or not, with sets among them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from fwsim.ruleset import Rule
from fwsim.ruleset.elements import integer
from fwsim.ruleset.values import (
    MARK_MASK,
    Addresses,
    Choice,
    Masked,
    Names,
    Numbers,
)
from fwsim.terms import Proto


def value(key: str, raw: object, **more: object) -> Any:
    return getattr(Rule.model_validate({key: raw, **more}), key)


def refusal(model: Any, data: object) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(data)
    return str(caught.value)


@pytest.mark.parametrize("sign", ["!", "! ", "!=", "!= "])
def test_a_sign_in_front_negates(sign: str) -> None:
    assert value("src", sign + "10.0.0.1") == Addresses(((0x0A000001, 0x0A000001),), negated=True)
    assert value("src", sign + "@admins") == Addresses(negated=True, sets=("admins",))
    assert value("ttl", sign + "1") == Numbers(((1, 1),), negated=True)
    assert value("mark", sign + "1") == Masked((Choice(1, 1, MARK_MASK),), negated=True)
    assert value("iif", sign + "lan") == Names(("lan",), negated=True)


@pytest.mark.parametrize("raw", [["!1", "!3"], ["! 1", "!= 3"], "!1,3", "!1, !3"])
def test_a_wholly_negated_list_means_none_of_them(raw: object) -> None:
    assert value("ttl", raw) == Numbers(((1, 1), (3, 3)), negated=True)


@pytest.mark.parametrize("raw", [["!1", "3"], ["1", "!3"], [1, "!3"], "1,!3"])
def test_a_partly_negated_list_is_refused(raw: object) -> None:
    assert "either all or none" in refusal(Rule, {"ttl": raw})


def test_sets_and_values_can_be_mixed() -> None:
    assert value("src", ["10.0.0.1", "@a", "@b"]) == Addresses(((0x0A000001, 0x0A000001),), sets=("a", "b"))


def test_members_of_enumerations_are_numbers_like_any_other() -> None:
    rule = Rule.model_validate({"proto": [Proto.TCP, Proto.UDP], "ttl": Proto.TCP})
    assert rule.proto == Numbers(((6, 6), (17, 17)))
    assert rule.ttl == Numbers(((6, 6),))


@pytest.mark.parametrize(
    ("text", "number"),
    [("022", 22), ("0x1F", 31), ("0o17", 15), ("-5", -5), ("+5", 5), ("1_0", None), ("", None), ("٣", None)],
)
def test_integers_are_those_of_the_core_schema(text: str, number: int | None) -> None:
    assert integer(text) == number


def test_an_integer_of_a_thousand_digits_is_not_converted() -> None:
    assert integer("9" * 1000) is None
