"""The statements that rules are mostly made of, each read at one go: comparisons, counters and verdicts.

Read first: `located`, `statements`. Of ten thousand rules nine statements in ten are such, and what they look at is
written in a few ways only. Whatever is written otherwise, or is wrong, is left to those who read value by value:
nothing is refused here.
"""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any, TypeAlias

from fwsim.errors import RulesetError
from fwsim.nft.rule_tree import Counter, Statement, VerdictStatement
from fwsim.nft.source import Source
from fwsim.nft.tree import Expression, Node, Prefix, Verdict

from .located import BLANKS, Json, read
from .statements import OPERATORS, compared
from .values import LEFT, constant, expression


def _written(*parts: str) -> str:
    """A pattern of JSON with blanks wherever there may be some; what stands between braces are groups."""
    return BLANKS.join(parts)


def _object(key: str, inside: str) -> str:
    """The pattern of an object with one key."""
    return _written(r"\{", f'"{key}"', ":", inside, r"\}")


TEXT = r'"([^"\\\x00-\x1f]*+)"'
NUMBER = r"(0|[1-9][0-9]{0,17}+)(?![0-9.eE])"
LOOKED_AT = r'(\{[^][{}\\]*+\{[^][{}\\]*+\}[^][{}\\"]*+\})'
"""An object in an object, without arrays and escapes."""
PREFIX = _object(
    "prefix", _written(r"\{", '"addr"', ":", TEXT, ",", '"len"', ":", r"([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8])", r"\}")
)
OPERATOR = f'"({"|".join(OPERATORS)})"'
COMPARISON = _object(
    "match",
    _written(
        r"\{", '"op"', ":", OPERATOR, ",", '"left"', ":", LOOKED_AT, ",", '"right"', ":",
        f"({TEXT}|{NUMBER}|{PREFIX})", r"\}",
    ),
)  # fmt: skip
COUNTER = _object("counter", _written(r"\{", '"packets"', ":", NUMBER, ",", '"bytes"', ":", NUMBER, r"\}"))
VERDICT = _object("(accept|drop|return|continue)", "null")
STATEMENT = re.compile(f"{COMPARISON}|{VERDICT}|{COUNTER}")


Known: TypeAlias = "tuple[type[Expression], int, int, list[Any]]"
"""What makes a node once more: its class, where in its text it lies, and its other fields."""


class Usual:
    """The usual statements of one text."""

    def __init__(self, source: Source) -> None:
        """Nothing was read yet."""
        self.source = source
        self._known: dict[str, Known | None] = {}
        """What rules look at, by its text; None if it is not that simple."""

    def statement(self, position: int) -> Statement | None:
        """The statement that begins here, if it is a usual one."""
        found = STATEMENT.match(self.source.text, position)
        if found is None:
            return None
        operator, looked_at, _, word, number, address, length, verdict, packets, size = found.groups()
        end = found.end()
        if verdict is not None:
            return VerdictStatement(self.source, position, end, Verdict(self.source, position, end, verdict))
        if packets is not None:
            return Counter(self.source, position, end, int(packets), int(size))
        left = self._left(looked_at, found.start(2))
        if left is None:
            return None
        at, behind = found.span(3)
        if length is not None:
            base = constant(Json(self.source, found.start(6) - 1, found.end(6) + 1, address))
            value: Expression = Prefix(self.source, at, behind, base, int(length))
        else:
            value = constant(Json(self.source, at, behind, word if word is not None else int(number)))
        return compared(self.source, position, end, operator, left, value)

    def _left(self, text: str, start: int) -> Expression | None:
        """What is looked at, as it is always read, but in its place."""
        known = self._known.get(text, ...)
        if known is ...:
            known = self._known[text] = _looked_at(text)
        if known is None:
            return None
        kind, first, last, values = known
        return kind(self.source, start + first, start + last, *values)


def _looked_at(text: str) -> Known | None:
    """What a text looks at, if that is right and holds nothing that has a place of its own."""
    try:
        node = expression(read(Source("", text)), LEFT)
    except RulesetError:
        return None
    values = [getattr(node, each.name) for each in fields(node)[3:]]
    return None if any(isinstance(value, Node) for value in values) else (type(node), node.start, node.end, values)
