"""JSON text: the same places, and what only looks like JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fwsim.ruleset.located import Document
from fwsim.ruleset.text import UnreadableError, parse_text


def read(source: str) -> Any:
    root, _, problems = parse_text(Document("f.yaml", source))
    assert problems == []
    return root


def complaint(source: str) -> str:
    with pytest.raises(UnreadableError) as caught:
        parse_text(Document("f.yaml", source))
    return str(caught.value.problem)


def test_json_has_the_same_places() -> None:
    root = read('{\n  "a": 1,\n\t"b": ["\\ud83d\\ude00", -0.5, true, null,\n    {"c": "d"}]\n}')
    assert root == {"a": 1, "b": ["\N{GRINNING FACE}", "-0.5", True, None, {"c": "d"}]}
    assert root.value_places["a"] == ("f.yaml", 2, 8)
    assert root["b"].places[0] == ("f.yaml", 3, 8)
    assert root["b"].places[4] == ("f.yaml", 4, 5)
    assert root["b"][4].location().text == '{"c": "d"}'


def test_json_with_very_long_keys_and_numbers_is_read() -> None:
    source = json.dumps({"k" * 5000: 1})[:-2] + "9" * 5000 + "}"
    assert read(source) == {"k" * 5000: "9" * 5000}


@pytest.mark.parametrize("source", ['{"a": 1,}', '{a: [1, 2], "b": {c: d}}', '{"a": NaN}', "[1, 2,]"])
def test_what_only_looks_like_json_is_read_as_yaml(source: str) -> None:
    assert read(source) is not None


def test_repeated_keys_are_told_in_json_too() -> None:
    _, _, problems = parse_text(Document("f.json", '{"a": 1,\n "a": 2}'))
    assert [str(problem) for problem in problems] == ["f.json:2:2: the key 'a' is repeated, it stands in line 1 too"]


def test_bottomless_json_is_refused() -> None:
    assert "nested deeper than 32 levels" in complaint('{"a":' * 50_000 + "1" + "}" * 50_000)
