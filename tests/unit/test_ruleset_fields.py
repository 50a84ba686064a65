"""How kinds of values are read: each spelling once, errors every time."""

from __future__ import annotations

import pytest

from fwsim.ruleset.fields import listed, numeric, remembering, words_or_text
from fwsim.ruleset.mistakes import Mistakes, mistake


def test_a_repeated_text_is_parsed_only_once() -> None:
    calls: list[object] = []

    def parse(raw: object) -> object:
        calls.append(raw)
        return (raw,)

    read = remembering(parse)
    assert [read("a"), read("a"), read(1), read(1), read("1")] == [("a",), ("a",), (1,), (1,), ("1",)]
    assert calls == ["a", 1, "1"]


def test_switches_and_lists_are_never_taken_for_numbers() -> None:
    read = remembering(lambda raw: (type(raw).__name__, raw))
    assert [read(1), read(True), read([1]), read(0), read(False)] == [
        ("int", 1),
        ("bool", True),
        ("list", [1]),
        ("int", 0),
        ("bool", False),
    ]


def test_a_mistake_is_told_every_time() -> None:
    def parse(raw: object) -> object:
        raise mistake(f"no {raw}")

    read = remembering(parse)
    for _ in range(2):
        with pytest.raises(Mistakes, match="no a"):
            read("a")


def test_schemas_offer_names_and_bound_numbers() -> None:
    single, text, many = numeric("dport").schema["anyOf"]
    assert single == {"type": "integer", "minimum": 0, "maximum": 65535}
    assert "ssh" in text["anyOf"][0]["enum"]
    assert many == {"type": "array", "items": {"anyOf": [single, text]}, "minItems": 1}
    assert listed({"type": "string"})["anyOf"][1]["items"] == {"type": "string"}
    assert words_or_text(["b", "a"])["anyOf"][0] == {"enum": ["a", "b"]}
