"""Statements of rules, in JSON as in text."""

from typing import Any

import pytest

from fwsim.nft.from_json import parse_json
from fwsim.nft.rule_tree import AnonymousChain, Match, SetUpdate
from fwsim.nft.tree import walk
from tests.nft_json_reading import DPORT, is_as_text, mistakes_in, refused, rule_text, statement_of
from tests.nft_reading import statement_of as statement_of_text

SADDR = {"payload": {"protocol": "ip", "field": "saddr"}}
FLAGS = {"payload": {"protocol": "tcp", "field": "flags"}}
STATE = {"ct": {"key": "state"}}
MARK = {"meta": {"key": "mark"}}


def match(left: Any, operator: str, right: Any) -> Any:
    return {"match": {"left": left, "op": operator, "right": right}}


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (match(DPORT, "==", 22), "tcp dport 22"),
        (match(DPORT, "in", 22), "tcp dport 22"),
        (match(DPORT, "!=", {"set": [22]}), "tcp dport != { 22 }"),
        (match(DPORT, "==", "@p"), "tcp dport @p"),
        (match(FLAGS, "in", "syn"), "tcp flags syn"),
        (match(FLAGS, "==", "syn"), "tcp flags == syn"),
        (match(FLAGS, "!", ["syn", "rst"]), "tcp flags ! syn,rst"),
        (match(FLAGS, "in", ["syn", "rst"]), "tcp flags syn,rst"),
        (match({"&": [FLAGS, ["syn", "ack"]]}, "==", "syn"), "tcp flags syn / syn,ack"),
        (match({"&": [FLAGS, ["syn", "ack"]]}, "!=", ["syn", "ack"]), "tcp flags != syn,ack / syn,ack"),
        (match({"&": [FLAGS, "syn"]}, "==", "syn"), "tcp flags & syn == syn"),
        (match(FLAGS, "==", {"set": ["syn"]}), "tcp flags { syn }"),
        (match(STATE, "==", "new"), "ct state == new"),
        (match(STATE, "in", ["new", "related"]), "ct state new,related"),
        (match({"tcp option": {"base": 6, "offset": 0, "len": 8}}, "==", True), "tcp option 6 exists"),
        (match({"tcp option": {"base": 6, "offset": 0, "len": 8}}, "==", 5), "tcp option @6,0,8 5"),
        ({"accept": None}, "accept"),
        ({"goto": {"target": "x"}}, "goto x"),
        ({"notrack": None}, "notrack"),
        ({"vmap": {"key": DPORT, "data": {"set": [[22, {"accept": None}]]}}}, "tcp dport vmap { 22 : accept }"),
        ({"vmap": {"key": DPORT, "data": "@v"}}, "tcp dport vmap @v"),
        ({"mangle": {"key": MARK, "value": {"|": [MARK, 1]}}}, "meta mark set meta mark | 1"),
        ({"mangle": {"key": {"ct": {"key": "event"}}, "value": ["new", "related"]}}, "ct event set new,related"),
        ({"counter": "web"}, 'counter name "web"'),
        ({"limit": "slow"}, 'limit name "slow"'),
        ({"quota": {"map": {"key": DPORT, "data": {"set": [[80, "q"]]}}}}, 'quota name tcp dport map { 80 : "q" }'),
        ({"ct helper": "ftp"}, 'ct helper set "ftp"'),
        ({"ct timeout": "t"}, 'ct timeout set "t"'),
        ({"ct expectation": "e"}, 'ct expectation set "e"'),
        ({"secmark": "s"}, 'meta secmark set "s"'),
        (
            {
                "set": {
                    "op": "update",
                    "elem": {"elem": {"val": SADDR, "timeout": 60}},
                    "set": "@s",
                    "stmt": [{"counter": None}, {"limit": {"rate": 1, "per": "second"}}],
                }
            },
            "update @s { ip saddr timeout 1m counter limit rate 1/second }",
        ),
        ({"map": {"op": "add", "elem": SADDR, "data": 5, "map": "@m"}}, "add @m { ip saddr : 5 }"),
        (
            {"meter": {"key": SADDR, "stmt": {"counter": None}, "size": 65535, "name": "m"}},
            "meter m size 65535 { ip saddr counter }",
        ),
        ({"reset": {"tcp option": {"name": "timestamp"}}}, "reset tcp option timestamp"),
        ({"xt": {"type": "match", "name": "owner"}}, 'xt match "owner"'),
    ],
)
def test_statements_are_what_text_says(told: Any, text: str) -> None:
    assert is_as_text(told, text)


def test_what_nft_has_no_json_for_is_read_from_the_text_that_it_prints() -> None:
    text = rule_text("add @m { ip saddr : ip daddr }", {"accept": None})
    (command,) = parse_json(text).commands
    update, _ = command.body.statements  # type: ignore[union-attr]
    assert isinstance(update, SetUpdate)
    assert update == statement_of_text("add @m { ip saddr : ip daddr }")
    assert {node.text for node in walk(update)} == {'"add @m { ip saddr : ip daddr }"'}
    assert isinstance(statement_of("jump {\n\t\t\tip saddr 1.2.3.4 accept\n\t\t\tdrop\n\t\t}"), AnonymousChain)


def test_an_extension_of_xtables_of_which_nothing_is_told_is_kept() -> None:
    assert statement_of({"xt": None}).name == ""


def test_a_rule_may_hold_nothing() -> None:
    (command,) = parse_json(rule_text()).commands
    assert command.body.statements == ()  # type: ignore[union-attr]


def test_a_comparison_keeps_its_operator_where_it_compares_bits() -> None:
    found = statement_of(match({"&": [MARK, 255]}, "==", 1))
    assert isinstance(found, Match)
    assert found.operator == "=="


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("accept }", "'accept }' is no statement: unexpected string 'accept }', expected a statement"),
        ('accept accept "', None),
        ('accept comment "x"', None),
        ("x" * 2000, "a statement as text that may have been cut off, expected an object"),
        (None, "unexpected 'null', expected an object with one key: a statement"),
        ({"accept": None, "drop": None}, "unexpected an object, expected an object with one key: a statement"),
        (
            {"explode": None},
            "unexpected an object with 'explode', expected a statement such as match, counter or accept",
        ),
        (match(DPORT, "eq", 1), "unexpected string 'eq', expected an operator: ==, !=, <, >, <=, >=, ! or in"),
        ({"match": {"left": DPORT, "op": "=="}}, "'right' is missing"),
        (match(True, "==", 1), "unexpected 'true', expected a number or string"),
        (
            {"mangle": {"key": {"exthdr": {"name": "frag", "field": "id"}}, "value": 1}},
            "'exthdr' cannot stand here, expected another expression",
        ),
        ({"mangle": {"key": "x", "value": 1}}, "unexpected string 'x', expected what can be set"),
        (
            {"set": {"op": "add", "elem": SADDR, "set": "s"}},
            "unexpected string 's', expected the name of a set behind '@'",
        ),
        (
            {"set": {"op": "add", "elem": SADDR, "set": "@s", "stmt": [{"log": None}]}},
            "unexpected an object with 'log', expected counter, quota, limit, ct count or last",
        ),
        (
            {"reset": {"meta": {"key": "mark"}}},
            "unexpected an object with 'meta', expected an option of tcp without a field",
        ),
        ({"xt": {"type": "x", "name": "y"}}, "unexpected string 'x', expected match, target or watcher"),
    ],
)
def test_statements_that_nft_refuses_are_refused(told: Any, expected: str | None) -> None:
    found = refused(told)
    assert found == expected if expected else "is no statement" in found


def test_statements_that_are_nested_too_deeply_are_refused_with_their_place() -> None:
    told: Any = {"counter": None}
    for _ in range(300):
        told = {"meter": {"name": "m", "key": SADDR, "stmt": told}}
    (found,) = mistakes_in(rule_text(told))
    assert "nested too deeply" in found
