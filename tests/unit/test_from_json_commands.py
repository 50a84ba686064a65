"""Commands in JSON, as in text."""

from typing import Any

import pytest

from fwsim.nft import parse_text
from fwsim.nft.from_json import parse_json
from tests.nft_json_reading import CHAIN, mistakes_in, text_of

T = {"family": "inet", "table": "t"}
ACCEPT = [{"accept": None}]


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ({"add": {"table": {"family": "ip", "name": "t"}}}, "add table ip t"),
        ({"table": {"family": "ip", "name": "t", "handle": 5}}, "add table ip t"),
        ({"create": {"chain": {**T, "name": "c"}}}, None),
        ({"add": {"chain": {**T, "name": "c"}}}, "add chain inet t c"),
        ({"rule": {**CHAIN, "handle": 7, "expr": ACCEPT}}, "add rule inet t c accept"),
        (
            {"add": {"rule": {**CHAIN, "index": 3, "expr": ACCEPT, "comment": "x"}}},
            'add rule inet t c index 3 accept comment "x"',
        ),
        ({"insert": {"rule": {**CHAIN, "handle": 7, "expr": ACCEPT}}}, "insert rule inet t c handle 7 accept"),
        ({"replace": {"rule": {**CHAIN, "handle": 7, "expr": ACCEPT}}}, "replace rule inet t c handle 7 accept"),
        ({"delete": {"rule": {**CHAIN, "handle": 7}}}, "delete rule inet t c handle 7"),
        ({"delete": {"table": {"family": "ip", "handle": 7}}}, "delete table ip handle 7"),
        ({"delete": {"chain": {**T, "handle": 7}}}, "delete chain inet t handle 7"),
        ({"delete": {"set": {**T, "name": "s", "handle": 7}}}, "delete set inet t s"),
        ({"destroy": {"set": {**T, "name": "s"}}}, "destroy set inet t s"),
        ({"delete": {"ct helper": {**T, "name": "h"}}}, "delete ct helper inet t h"),
        ({"add": {"element": {**T, "name": "s", "elem": [1, 2]}}}, "add element inet t s { 1, 2 }"),
        ({"delete": {"element": {**T, "name": "s", "elem": [1]}}}, "delete element inet t s { 1 }"),
        ({"flush": {"ruleset": None}}, "flush ruleset"),
        ({"flush": {"ruleset": {"family": "ip"}}}, "flush ruleset ip"),
        ({"flush": {"table": {"family": "ip", "name": "t"}}}, "flush table ip t"),
        ({"flush": {"chain": {**T, "name": "c"}}}, "flush chain inet t c"),
        ({"rename": {"chain": {**T, "name": "c", "newname": "d"}}}, "rename chain inet t c d"),
        ({"list": {"ruleset": None}}, "list ruleset"),
        ({"reset": {"counters": {"family": "ip"}}}, "reset counters ip"),
    ],
)
def test_commands_are_what_text_says(told: Any, text: str | None) -> None:
    (found,) = parse_json(text_of(told)).commands
    if text is None:
        assert (found.verb, found.kind, found.body) == ("create", "chain", None)
    else:
        assert (found,) == parse_text(text + "\n").commands


def test_a_rule_keeps_its_own_json() -> None:
    text = text_of({"metainfo": {"json_schema_version": 1}}, {"add": {"rule": {**CHAIN, "expr": ACCEPT}}})
    (command,) = parse_json(text.replace(", {", ",\n {"), "s.json").commands
    rule = command.body
    assert rule is not None
    assert rule.text == '{"family": "inet", "table": "t", "chain": "c", "expr": [{"accept": null}]}'
    assert (rule.path, rule.line, rule.column) == ("s.json", 2, 19)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            {},
            "unexpected an object, expected an object with one key: a command such as add, or an object such as table",
        ),
        (
            {"explode": {}},
            "unexpected an object with 'explode', expected a command such as add, or an object such as table",
        ),
        ({"add": {"x": {}}}, "unexpected an object with 'x', expected what is added, such as table"),
        ({"add": {"table": {"name": "t"}}}, "'family' is missing"),
        ({"add": {"table": {"family": "ipx", "name": "t"}}}, "unexpected string 'ipx', expected a family such as inet"),
        (
            {"create": {"rule": {**CHAIN, "expr": ACCEPT}}},
            "unexpected an object with 'rule', expected what is added, such as table",
        ),
        ({"rule": {**CHAIN}}, "'expr' is missing"),
        ({"rule": {**CHAIN, "expr": {}}}, "unexpected an object, expected an array of statements"),
        ({"replace": {"rule": {**CHAIN, "expr": ACCEPT}}}, "'handle' is missing"),
        ({"insert": {"table": {"family": "ip", "name": "t"}}}, "unexpected an object with 'table', expected a rule"),
        ({"delete": {"rule": {**CHAIN}}}, "'handle' is missing"),
        ({"delete": {"chain": {**T}}}, "'name' is missing"),
        ({"delete": {"x": {}}}, "unexpected an object with 'x', expected what is deleted, such as table or rule"),
        (
            {"flush": {"rule": None}},
            "unexpected an object with 'rule', expected what is flushed: ruleset, table, chain, set, map or meter",
        ),
        ({"rename": {"chain": {**T, "name": "c"}}}, "'newname' is missing"),
        ({"rename": {"set": {}}}, "unexpected an object with 'set', expected a chain"),
        ({"list": 5}, "unexpected '5', expected an object with one key: what is asked for"),
        ({"rule": {**CHAIN, "expr": ACCEPT, "comment": 5}}, "unexpected '5', expected a comment"),
    ],
)
def test_commands_that_nft_refuses_are_refused(told: Any, expected: str) -> None:
    (found,) = mistakes_in(text_of(told))
    assert found.partition(": ")[2] == expected
