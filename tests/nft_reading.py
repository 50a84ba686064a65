"""Reading pieces of nft text in tests: one statement, one rule, one block, or the mistakes of a text."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.errors import RulesetError
from fwsim.nft.block_tree import Script
from fwsim.nft.rule_tree import Match, Rule
from fwsim.nft.script import parse_text
from fwsim.nft.source import Source
from fwsim.nft.statements import rule
from fwsim.nft.tokens import Reader


def rule_of(text: str) -> Rule:
    """The tree of one rule."""
    return rule(Reader(Source("r.nft", text + "\n")))


def statement_of(text: str) -> Any:
    """The tree of a rule's only statement."""
    (found,) = rule_of(text).statements
    return found


def left_of(text: str) -> Any:
    """What the only statement of a rule, a comparison, matches."""
    found = statement_of(text)
    assert isinstance(found, Match)
    return found.left


def right_of(text: str) -> Any:
    """What the only statement of a rule, a comparison, compares with."""
    found = statement_of(text)
    assert isinstance(found, Match)
    return found.right


def block_of(text: str) -> Any:
    """The tree of a script's only table."""
    (command,) = parse_text(text).commands
    return command.body


def member_of(text: str) -> Any:
    """The only chain, set, flowtable or object of a table."""
    table = block_of(f"table t {{\n{text}\n}}\n")
    (found,) = table.chains + table.sets + table.flowtables + table.objects
    return found


def mistakes_in(text: str) -> list[str]:
    """The mistakes of a script, as messages show them."""
    with pytest.raises(RulesetError) as caught:
        parse_text(text, "s.nft")
    return [str(problem) for problem in caught.value.problems]


def refused(rule_text: str) -> str:
    """The mistake of one rule, without its file."""
    (found,) = mistakes_in(f"table t {{ chain c {{\n{rule_text}\n}}\n}}\n")
    return found.removeprefix("s.nft:")


def accepted(text: str) -> Script:
    """The tree of a script."""
    return parse_text(text)
