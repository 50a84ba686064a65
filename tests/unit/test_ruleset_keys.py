"""The keys of a rule: which can be compared with sets, what they imply, and that each can be left out but not empty."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from fwsim.ruleset import Rule, words
from fwsim.ruleset.keys import IMPLIED_FAMILY, IMPLIED_PROTO, SET_KINDS, implied
from fwsim.ruleset.sets import READERS

STATEMENTS = {
    "limit",
    "counter",
    "log",
    "set_mark",
    "set_ct_mark",
    "notrack",
    "helper",
    "verdict",
    "reject_with",
    "name",
}
WITHOUT_SETS = {"family", "fragment", "tcp_flags", "ct_state", "ct_direction", "ct_status"}


def test_every_match_either_takes_sets_or_is_known_not_to() -> None:
    assert set(SET_KINDS) | WITHOUT_SETS == set(Rule.model_fields) - STATEMENTS
    assert not set(SET_KINDS) & WITHOUT_SETS


def test_every_kind_of_set_can_be_read() -> None:
    assert set(SET_KINDS.values()) <= set(READERS) == set(words.KINDS)


@pytest.mark.parametrize("key", sorted(set(Rule.model_fields) - {"log"}))
def test_an_empty_value_is_refused_and_not_taken_for_absent(key: str) -> None:
    with pytest.raises(ValidationError, match="found nothing"):
        Rule.model_validate({key: None})


def test_keys_that_imply_something_are_keys() -> None:
    assert set(IMPLIED_PROTO) | set(IMPLIED_FAMILY) <= set(Rule.model_fields)
    assert implied({"icmpv6_code", "src"}, IMPLIED_PROTO) == 58
    assert implied({"src"}, IMPLIED_PROTO) is None
