"""JSON with places: what is JSON, and where its values are."""

import json
import random

import pytest

from fwsim.errors import RulesetError
from fwsim.nft.from_json.located import DEEPEST, Json, read
from fwsim.nft.source import Source


def plain(found: Json) -> object:
    """The value without its places."""
    value = found.value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def mistake(text: str) -> str:
    with pytest.raises(RulesetError) as caught:
        read(Source("x", text))
    return str(caught.value)


TEXTS = ['{"a": [1, -2, {"b": null}], "c": "x\\u00e9\\n\\ud83d\\ude00 ü", "d": true, "\\u0065": false, "": {}}', "[]",
         ' \r\n\t[ [ ] , { } , 0 , "" , 1.5e3, -0 ] ', '"x"', "12", '{"a": 1, "a": 2}']  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_json_is_read_as_the_standard_library_reads_it(text: str) -> None:
    assert plain(read(Source("x", text))) == json.loads(text)


@pytest.mark.parametrize("text", TEXTS)
def test_every_value_lies_where_it_was_written(text: str) -> None:
    waiting = [read(Source("x", text))]
    while waiting:
        found = waiting.pop()
        assert json.loads(text[found.start : found.end]) == plain(found)
        if isinstance(found.value, dict):
            waiting += found.value.values()
        elif isinstance(found.value, list):
            waiting += found.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "x:1:1: unexpected end of file, expected a value"),
        ("{", "x:1:2: unexpected end of file, expected a key in quotes"),
        ('{"a"', "x:1:5: unexpected end of file, expected ':'"),
        ('{"a": 1\n', "x:2:1: unexpected end of file, expected ',' or '}'"),
        ("[1 2]", "x:1:4: unexpected '2', expected ',' or ']'"),
        ("[1,]", "x:1:4: unexpected ']', expected a value"),
        ("[1}", "x:1:3: unexpected '}', expected ',' or ']'"),
        ("{1: 2}", "x:1:2: unexpected '1', expected a key in quotes"),
        ("[] x", "x:1:4: unexpected 'x', expected end of file"),
        ("\ufeff{}", "x:1:1: unexpected '\N{REPLACEMENT CHARACTER}', expected a value"),
        ("[01]", "x:1:3: unexpected '1', expected ',' or ']'"),
        ("[nul]", "x:1:2: unexpected 'n', expected a value"),
        ("[NaN]", "x:1:2: unexpected 'N', expected a value"),
        ("['a']", "x:1:2: unexpected ''', expected a value"),
        (f"[{1 << 63}]", "x:1:2: the number '9223372036854775808' is out of range, expected 64 bits"),
        ("[" + "9" * 5000 + "]", "x:1:2: the number '" + "9" * 57 + "...' is out of range, expected 64 bits"),
        ('["\\u0000"]', "x:1:2: NUL or half of a surrogate pair in a string, expected text"),
        ('["\\ud800"]', "x:1:2: NUL or half of a surrogate pair in a string, expected text"),
        ('["\ud800"]', "x:1:2: half of a surrogate pair, expected text"),
        ('["\\x"]', "x:1:3: invalid \\escape, expected a string"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: str, expected: str) -> None:
    assert mistake(text) == expected


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_deep_nesting_is_refused_with_its_place(opening: str) -> None:
    assert f"nested too deeply, expected at most {DEEPEST} levels" in mistake(opening * 10_000)


def test_a_text_cut_anywhere_is_refused_with_a_place() -> None:
    text = TEXTS[0]
    for length in range(len(text)):
        assert mistake(text[:length]).startswith("x:1:")


def test_what_is_json_to_the_standard_library_is_json_here_and_the_reverse() -> None:
    chance = random.Random(1)
    for _ in range(4000):
        text = list(chance.choice(TEXTS))
        for _ in range(chance.randrange(3)):
            text[chance.randrange(len(text))] = chance.choice('{}[],:"\\ \n10-.eE+tnx')
        joined = "".join(text)
        try:
            json.loads(joined, parse_constant=lambda name: 1 / 0)
            expected = True
        except (ValueError, ZeroDivisionError):
            expected = False
        try:
            read(Source("x", joined))
            found = True
        except RulesetError as error:
            if "surrogate" in str(error):
                continue  # the standard library takes halves
            found = False
        assert found == expected, joined
