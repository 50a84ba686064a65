"""Expressions in JSON: constants, sets, maps, elements, and what joins them."""

from typing import Any

import pytest

from fwsim.nft.from_json.values import duration_text
from fwsim.nft.tree import Boolean, Number, SetReference, Symbol, Wildcard
from tests.nft_json_reading import DPORT, refused, right_of, rule_text, statement_of
from tests.nft_reading import right_of as right_of_text


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (22, "22"),
        ("ssh", "ssh"),
        ("@ports", "@ports"),
        ({"range": [1, 5]}, "1-5"),
        (["syn", "ack"], "syn,ack"),
        ({"prefix": {"addr": "10.0.0.0", "len": 8}}, "10.0.0.0/8"),
        ({"set": [22, {"range": [80, 90]}]}, "{ 22, 80-90 }"),
        ({"set": 22}, "{ 22 }"),
        ({"set": "@a"}, "@a"),
        ({"set": [{"concat": ["10.0.0.1", 22]}]}, "{ 10.0.0.1 . 22 }"),
        ({"concat": [1, 2]}, "1 . 2"),
        ({"concat": [1]}, "1"),
        ({"|": ["syn", "ack"]}, "syn | ack"),
        ({"|": [1, 2, 4]}, "1 | 2 | 4"),
        ({"set": [{"|": [{"|": [1, 2]}, 4]}]}, "{ 1 | 2 | 4 }"),
        ({"<<": [{"&": [1, 2]}, 3]}, "(1 & 2) << 3"),
        (
            {"set": [{"elem": {"val": 22, "comment": "x", "timeout": 90, "expires": 5}}]},
            '{ 22 timeout 1m30s expires 5s comment "x" }',
        ),
        ({"set": [{"elem": {"val": 22, "counter": {"packets": 1, "bytes": 2}}}]}, "{ 22 counter packets 1 bytes 2 }"),
        (
            {"set": [[22, {"accept": None}], [{"elem": {"val": 23, "comment": "x"}}, {"jump": {"target": "c"}}]]},
            '{ 22 : accept, 23 comment "x" : jump c }',
        ),
        ({"set": [["*", {"drop": None}]]}, "{ * : drop }"),
    ],
)
def test_values_are_what_text_says(told: Any, text: str) -> None:
    assert right_of(told) == right_of_text(f"tcp dport {text}")


def test_constants_are_told_by_their_type() -> None:
    assert isinstance(right_of(True), Boolean)
    assert isinstance(right_of("*"), Wildcard)
    assert isinstance(right_of("@x"), SetReference)
    assert isinstance(right_of("22"), Symbol)
    assert right_of(-1).value == (1 << 64) - 1
    assert isinstance(right_of(0), Number)


def test_a_node_lies_where_its_value_lies() -> None:
    told = {"match": {"op": "==", "left": DPORT, "right": {"set": [22, {"range": [80, 90]}]}}}
    found = statement_of(told)
    assert rule_text(told)[found.start : found.end] == found.text
    assert found.text.startswith('{"match"')
    assert found.right.text == '{"set": [22, {"range": [80, 90]}]}'
    assert [each.text for each in found.right.elements] == ["22", '{"range": [80, 90]}']


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (None, "unexpected 'null', expected a string, a number, true or false"),
        (1.5, "unexpected '1.5', expected a string, a number, true or false"),
        ({}, "unexpected an object, expected an object with one key: an expression"),
        ({"set": []}, "the set is empty, expected elements"),
        (
            {"set": {"prefix": {"addr": "::", "len": 0}}},
            "unexpected an object with 'prefix', expected a string, a number, true or false",
        ),
        ({"concat": []}, "nothing is joined, expected expressions"),
        ({"range": [1]}, "unexpected an array, expected an array of two: the first and the last value"),
        ({"|": [1]}, "unexpected an array, expected an array of operands"),
        ({"|": [1, [2, 3]]}, "unexpected an array, expected one value"),
        ({"prefix": {"addr": "10.0.0.0", "len": "8"}}, "unexpected string '8', expected the length of a prefix"),
        ({"prefix": {"addr": "10.0.0.0", "len": 129}}, "129 is out of range, expected 0 to 128"),
        (DPORT, "'payload' cannot stand here, expected another expression"),
        ({"set": [{"elem": {"val": 1, "limit": "x"}}]}, "unexpected string 'x', expected an object with rate and per"),
        ({"set": [{"elem": {"val": 1, "log": None}}]}, None),
        ({"jump": {}}, "'target' is missing"),
        ({"jump": {"target": ""}}, "unexpected string '', expected a name"),
    ],
)
def test_values_that_nft_refuses_are_refused(told: Any, expected: str | None) -> None:
    found = refused({"match": {"op": "==", "left": DPORT, "right": told}})
    assert found == expected if expected else found.startswith("unknown key 'log', expected")


def test_a_map_needs_a_set_or_its_name() -> None:
    told = {"map": {"key": DPORT, "data": 5}}
    assert refused({"mangle": {"key": {"meta": {"key": "mark"}}, "value": told}}) == (
        "unexpected '5', expected a set or the name of one"
    )


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(0, "0s"), (5, "5ms"), (60_000, "1m"), (93_784_005, "1d2h3m4s5ms"), (90_000, "1m30s")]
)
def test_durations_are_written_as_nft_prints_them(milliseconds: int, text: str) -> None:
    assert duration_text(milliseconds) == text
