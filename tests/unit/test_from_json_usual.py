"""Usual statements, read at one go, are what they are if they are read value by value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fwsim.errors import RulesetError
from fwsim.nft.from_json.located import Json, read
from fwsim.nft.from_json.statements import statement
from fwsim.nft.from_json.usual import Usual
from fwsim.nft.rule_tree import Statement
from fwsim.nft.source import Source
from fwsim.nft.tree import Node, walk
from tests.bench.rulesets import drawn, nft_json

PORT = {"payload": {"protocol": "tcp", "field": "dport"}}
USUAL: list[dict[str, Any]] = [
    *({"match": {"op": op, "left": PORT, "right": 22}} for op in ("==", "!=", "<", ">", "<=", ">=", "!", "in")),
    *({"match": {"op": "==", "left": PORT, "right": right}} for right in ("ssh", "*", "@ports", "", "Zürich", 0)),
    *({"match": {"op": "==", "left": PORT, "right": {"prefix": {"addr": "10.0.0.0", "len": n}}}} for n in (0, 9, 128)),
    {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "flags"}}, "right": "syn"}},
    {"match": {"op": "==", "left": {"ct": {"key": "state"}}, "right": "new"}},
    {"match": {"op": "!=", "left": {"ct": {"key": "ip saddr", "dir": "original"}}, "right": "10.0.0.1"}},
    {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lan"}},
    {"match": {"op": "==", "left": {"payload": {"base": "th", "offset": 16, "len": 16}}, "right": 22}},
    {"match": {"op": "==", "left": {"rt": {"key": "classid"}}, "right": 1}},
    {"counter": {"packets": 3, "bytes": 400}},
    *({verdict: None} for verdict in ("accept", "drop", "return", "continue")),
]
OTHERS = [
    '{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22.5}}',
    '{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": -1}}',
    '{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": "a\\u0062"}}',
    '{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "nose"}}, "right": 22}}',
    '{"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport",}}, "right": 22}}',
    '{"match": {"op": "==", "left": {"osf": {"key": "shoe"}}, "right": 22}}',
    '{"match": {"op": "==", "left": {"prefix": {"addr": "10.0.0.0", "len": 8}}, "right": 22}}',
    '{"match": {"op": "~", "left": {"meta": {"key": "mark"}}, "right": 22}}',
    '{"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": {"prefix": {"addr": "::", "len": 129}}}}',
    '{"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": 22}, "accept": null}',
    '{"match": {"left": {"meta": {"key": "mark"}}, "op": "==", "right": 22}}',
    '{"match": {"op": "==", "left": {"meta": {"key": "mark"}}, "right": [1, 2]}}',
    '{"counter": {"bytes": 1, "packets": 2}}',
    '{"counter": null}',
    '{"queue": null}',
    '["accept"]',
]


def alone(text: str) -> Statement:
    """A statement that is read value by value."""
    return statement(read(Source("t", text)))


def places(node: Node) -> list[tuple[int, int, str]]:
    return [(each.start, each.end, each.text) for each in walk(node)]


@pytest.mark.parametrize("told", USUAL, ids=json.dumps)
@pytest.mark.parametrize("options", [{}, {"separators": (",", ":")}, {"indent": 1}], ids=["nft", "tight", "wide"])
def test_a_usual_statement_is_read_as_value_by_value_and_every_part_has_its_place(
    told: dict[str, Any], options: dict[str, Any]
) -> None:
    text = json.dumps(told, ensure_ascii=False, **options)
    usual = Usual(Source("t", text))
    for _ in range(2):  # what it looks at is known the second time
        found = usual.statement(0)
        assert found is not None
        assert found == alone(text)
        assert places(found) == places(alone(text))
    behind = Usual(Source("t", f"[{text}]")).statement(1)
    assert behind is not None
    assert found is not None
    assert behind == found
    assert places(behind) == [(start + 1, end + 1, part) for start, end, part in places(found)]


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_written_otherwise_or_wrong_is_left_to_those_who_read_value_by_value(text: str) -> None:
    assert Usual(Source("t", text)).statement(0) is None


def test_a_rule_is_the_same_with_its_usual_statements_and_without() -> None:
    source = Source("t", nft_json(drawn(60)))
    whole: Any = read(source, Usual(source).statement)
    plain: Any = read(source)
    count = 0
    for one, other in zip(whole.value["nftables"].value, plain.value["nftables"].value, strict=True):
        if "rule" in one.value:
            expressions, others = one.value["rule"].value["expr"].value, other.value["rule"].value["expr"].value
            for found, item in zip(expressions, others, strict=True):
                assert (found.start, found.end) == (item.start, item.end)
                if not isinstance(found, Json):
                    count += 1
                    assert found == statement(item)
    assert count > 150


def test_only_what_rules_are_made_of_is_usual() -> None:
    text = '{"nftables": [{"expr": [{"accept": null}]}, {"rule": {"expr": [{"accept": null}], "x": [{"drop": null}]}}]}'
    whole: Any = read(Source("t", text), Usual(Source("t", text)).statement)
    first, second = whole.value["nftables"].value
    assert isinstance(first.value["expr"].value[0], Json)
    assert isinstance(second.value["rule"].value["expr"].value[0], Statement)
    assert isinstance(second.value["rule"].value["x"].value[0], Json)


def test_a_mistake_in_what_is_looked_at_is_told_where_it_stands() -> None:
    text = OTHERS[3]
    with pytest.raises(RulesetError) as told:
        alone(text)
    assert told.value.problems[0].column == text.index('"nose"') + 1
