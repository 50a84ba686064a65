"""Values behind the keys of our rules: read again they are the same."""

from __future__ import annotations

import pytest

from fwsim.exporting.saying import CannotSay
from fwsim.exporting.yaml_values import written
from fwsim.ruleset import Rule
from fwsim.ruleset.values import Addresses, Choice, Masked, MatchValue, Names, Numbers

CASES: list[tuple[str, MatchValue]] = [
    ("src", Addresses(((1, 5),), ((0, 255),))), ("src", Addresses(((1, 5), (9, 9)), negated=True)),
    ("iif", Names(("a",), ("eth",))), ("iif", Names(("a", "b"), negated=True)),
    ("dport", Numbers(((22, 22), (80, 90)))),
    ("dport", Numbers(((22, 22),), negated=True)), ("proto", Numbers(((6, 6), (200, 200)))),
    ("icmp_type", Numbers(((8, 8),))), ("fragment", Numbers(((0, 1),))), ("ct_direction", Numbers(((1, 1),))),
    ("tcp_flags", Masked((Choice(2, 2, 18), Choice(1, 20, 20)))), ("tcp_flags", Masked((Choice(2, 2, 255),))),
    ("tcp_flags", Masked((Choice(2, 2, 255), Choice(0, 0, 7)), negated=True)),
    ("mark", Masked((Choice(1, 1, 0xFFFFFFFF), Choice(0x10, 0x10, 0xF0), Choice(2, 9, 0xFFFFFFFF)))),
    ("ct_status", Masked((Choice(1, 6, 6),))),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), CASES)
def test_a_value_is_read_again_as_the_same(key: str, value: MatchValue) -> None:
    again = getattr(Rule.model_validate({key: written(key, value)}), key)
    if key in ("fragment", "ct_direction"):
        assert again.intervals[0][0] == value.intervals[0][0]  # type: ignore[union-attr]
    else:
        assert again == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Masked((Choice(1, 6, 6),)), ["established", "related"]), (Masked((Choice(2, 2, 127),)), "established"),
        (Masked((Choice(1, 8, 8),), negated=True), ["invalid", "established", "related", "untracked"]),
        (Masked((Choice(128, 128, 128),)), None),
    ],
)  # fmt: skip
def test_a_ct_state_is_told_by_the_states_that_match(value: Masked, words: object) -> None:
    assert written("ct_state", value) == words


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mark", Masked((Choice(1, 9, 0xFF),))), ("tcp_flags", Masked((Choice(2, 9, 0xFF),))),
        ("ct_status", Masked((Choice(4, 4, 6),))), ("iif", Names(("a,b",))),
    ],
)  # fmt: skip
def test_what_no_spelling_says_is_refused(key: str, value: MatchValue) -> None:
    with pytest.raises(CannotSay):
        written(key, value)


def test_no_value_matches_nothing() -> None:
    assert written("src", Addresses()) is None
    assert written("dport", Numbers(negated=True)) == "0-65535"
