"""Sets as they are written: lists, or mappings with a type."""

from __future__ import annotations

import pytest

from fwsim.ruleset.mistakes import Mistakes
from fwsim.ruleset.sets import parse_set, read_set, write_set
from fwsim.ruleset.values import SetElements


@pytest.mark.parametrize(
    ("raw", "elements"),
    [
        ("10.0.0.1", SetElements(("10.0.0.1",))),
        (22, SetElements((22,))),
        (["10.0.0.1", "10.0.0.9-10.0.0.12"], SetElements(("10.0.0.1", "10.0.0.9-10.0.0.12"))),
        ({"elements": [1, 2]}, SetElements((1, 2))),
        ({"type": "port", "elements": "http"}, SetElements(("http",), "port")),
        ({"type": "ipv4_addr", "elements": ["10.0.0.1"]}, SetElements(("10.0.0.1",), "address")),
    ],
)
def test_sets_are_lists_or_mappings(raw: object, elements: SetElements) -> None:
    assert parse_set(raw) == elements
    assert parse_set(elements) is elements
    assert parse_set(write_set(elements)) == elements


def test_all_mistakes_of_a_set_are_told_with_their_paths() -> None:
    with pytest.raises(Mistakes) as caught:
        parse_set({"tpe": 1, "type": "x", "elements": [1, "@a"]})
    assert [path for path, _ in caught.value.found] == [("tpe", "[key]"), ("elements", 1), ("type",)]


def test_an_element_that_does_not_fit_is_told_by_its_position() -> None:
    with pytest.raises(Mistakes) as caught:
        read_set(SetElements((80, "x", 90000)), "port")
    assert [path for path, _ in caught.value.found] == [(1,), (2,)]
