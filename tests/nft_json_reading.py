"""Reading pieces of nft JSON in tests: one rule, one statement, one object, or the mistakes of a text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fwsim.errors import RulesetError
from fwsim.nft.from_json import parse_json
from fwsim.nft.rule_tree import Match
from tests.nft_json_compared import said
from tests.nft_reading import member_of, rule_of

CHAIN = {"family": "inet", "table": "t", "chain": "c"}
DPORT = {"payload": {"protocol": "tcp", "field": "dport"}}


def text_of(*commands: Any) -> str:
    """A text of some commands."""
    return json.dumps({"nftables": list(commands)})


def rule_text(*statements: Any) -> str:
    """A text of one rule."""
    return text_of({"rule": {**CHAIN, "expr": list(statements)}})


def statement_of(statement: Any) -> Any:
    """The tree of a rule's only statement."""
    (command,) = parse_json(rule_text(statement)).commands
    (found,) = command.body.statements  # type: ignore[union-attr]
    return found


def left_of(expression: Any, right: Any = 1, operator: str = "==") -> Any:
    """The tree of what a rule's only statement, a comparison, matches."""
    found = statement_of({"match": {"op": operator, "left": expression, "right": right}})
    assert isinstance(found, Match)
    return found.left


def right_of(expression: Any) -> Any:
    """The tree of what the destination port is compared with."""
    return statement_of({"match": {"op": "==", "left": DPORT, "right": expression}}).right


def object_of(kind: str, **told: Any) -> Any:
    """The tree of an object of table t that is called x."""
    (command,) = parse_json(text_of({kind: {"family": "ip", "table": "t", "name": "x", **told}})).commands
    return command.body


def is_as_text(statement: Any, text: str) -> bool:
    """Whether a statement says what a rule in text says."""
    (found,) = rule_of(text).statements
    return bool(said(statement_of(statement), "inet") == said(found, "inet"))


def is_as_object(found: Any, text: str) -> bool:
    """Whether an object says what one in text says."""
    return bool(said(found, "ip") == said(member_of(text), "ip"))


def mistakes_in(text: str) -> list[str]:
    """The mistakes of a text, as messages show them."""
    with pytest.raises(RulesetError) as caught:
        parse_json(text, "s.json")
    return [str(problem) for problem in caught.value.problems]


def refused(statement: Any) -> str:
    """The one mistake of one statement, without its file and line."""
    (found,) = mistakes_in(rule_text(statement))
    return found.removeprefix("s.json:1:").partition(": ")[2]
