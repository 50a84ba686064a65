"""The selection language of `-Y`: which packets are shown, written or counted (never which are tracked).

Read first: DESIGN section 5. An expression compares fields of the contract with values:

```
expression := term { (or | ||) term }         term := factor { (and | &&) factor }
factor     := (not | !) factor | "(" expression ")" | test
test       := FIELD                                  there, and not 0 or false
            | FIELD (== | != | < | <= | > | >=) VALUE
            | FIELD contains VALUE                   text within a name, letters among flags, a word of evidence
            | FIELD in (VALUE | "{" VALUE { , VALUE } "}")
```
A field that a packet does not have, or whose value is not known, makes every comparison false, `!=` too (as for rules).
Whole columns are compared at once, so that a selection costs little. What the fields are stands in
`fwsim.selection.fields`; here are the words, the grammar and the errors.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from fwsim.errors import UsageError
from fwsim.naming import Naming
from fwsim.selection.fields import Field, Mask, ValueRefusedError, fields_of

DEEPEST = 50
"""How deep parentheses and `not` may nest."""

_TOKEN = re.compile(
    r"""\s*(?:(==|!=|<=|>=|<|>|&&|\|\||[!(){},])|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([^\s(){},&|!=<>"']+))"""
)
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "contains", "in")


@dataclass(frozen=True)
class Token:
    """One word or sign of an expression; `column` counts from 1; `quoted` text is never a keyword."""

    text: str
    column: int
    quoted: bool = False


class Node:
    """A part of an expression that says yes or no to each packet of a batch."""

    def mask(self, batch: Any, naming: Naming) -> Mask:
        """One boolean for each row of the batch."""
        raise NotImplementedError


@dataclass(frozen=True)
class Either(Node):
    """One of the two."""

    one: Node
    other: Node

    def mask(self, batch: Any, naming: Naming) -> Mask:
        """See `Node.mask`."""
        return self.one.mask(batch, naming) | self.other.mask(batch, naming)


@dataclass(frozen=True)
class Both(Node):
    """Both of the two."""

    one: Node
    other: Node

    def mask(self, batch: Any, naming: Naming) -> Mask:
        """See `Node.mask`."""
        return self.one.mask(batch, naming) & self.other.mask(batch, naming)


@dataclass(frozen=True)
class Not(Node):
    """The contrary."""

    node: Node

    def mask(self, batch: Any, naming: Naming) -> Mask:
        """See `Node.mask`."""
        return ~self.node.mask(batch, naming)


@dataclass(frozen=True)
class Test(Node):
    """A field compared with values."""

    field: Field
    operator: str
    values: tuple[Any, ...]

    def mask(self, batch: Any, naming: Naming) -> Mask:
        """See `Node.mask`."""
        if self.operator == "is":
            return self.field.truth(batch)
        return self.field.compare(batch, naming, self.operator, self.values)


class Selection:
    """A parsed `-Y` expression; `text` is what the user wrote."""

    def __init__(self, text: str, modes: Sequence[str]) -> None:
        """Parse it for a run of these modes; raises `UsageError` with the column of the mistake."""
        self.text = text
        self.root = _Parser(text, fields_of(modes)).parse()

    def mask(self, batch: Any, naming: Naming) -> Mask:
        """Which rows of the batch are selected."""
        return self.root.mask(batch, naming)

    def rows(self, batch: Any, naming: Naming) -> np.ndarray[Any, np.dtype[np.intp]]:
        """The numbers of the selected rows, in order."""
        return np.flatnonzero(self.mask(batch, naming))


class _Parser:
    """Recursive descent over the grammar in the module docstring."""

    def __init__(self, text: str, fields: dict[str, Field]) -> None:
        self.text = text
        self.fields = fields
        self.tokens = _tokens(text)
        self.at = 0
        self.depth = 0

    def parse(self) -> Node:
        """The whole text as one expression."""
        node = self.either()
        if self.at < len(self.tokens):
            self.fail(
                self.tokens[self.at].column, f"{self.tokens[self.at].text!r} is too much, expected and, or, or the end"
            )
        return node

    def either(self) -> Node:
        """Terms joined by or."""
        node = self.both()
        while self.take("or", "||"):
            node = Either(node, self.both())
        return node

    def both(self) -> Node:
        """Factors joined by and."""
        node = self.factor()
        while self.take("and", "&&"):
            node = Both(node, self.factor())
        return node

    def factor(self) -> Node:
        """A negation, a parenthesis or a test."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(self.column(), f"nested more than {DEEPEST} deep")
        node: Node
        if self.take("not", "!"):
            node = Not(self.factor())
        elif self.take("("):
            node = self.either()
            if not self.take(")"):
                self.fail(self.column(), "expected ')'")
        else:
            node = self.test()
        self.depth -= 1
        return node

    def test(self) -> Node:
        """A field alone, or compared."""
        token = self.next("a field")
        field = self.fields.get(token.text)
        if field is None or token.quoted:
            self.fail(token.column, f"no field is called {token.text!r}{_nearest(token.text, list(self.fields))}")
        operator = self.take(*_COMPARISONS)
        if operator is None:
            return Test(field, "is", ())
        if operator.text not in field.operators:
            self.fail(
                operator.column,
                f"{token.text} cannot be compared by {operator.text!r}, only by {', '.join(field.operators)}",
            )
        return Test(field, operator.text, self.values(field, operator.text))

    def values(self, field: Field, operator: str) -> tuple[Any, ...]:
        """One value, or after `in` a list of them."""
        if operator != "in" or not self.take("{"):
            return (self.value(field, operator),)
        values = [self.value(field, operator)]
        while self.take(","):
            values.append(self.value(field, operator))
        if not self.take("}"):
            self.fail(self.column(), "expected ',' or '}'")
        return tuple(values)

    def value(self, field: Field, operator: str) -> Any:
        """One value, as its field reads it."""
        token = self.next(f"a value for {field.name}")
        if not token.quoted and not token.text.strip("=!<>&|(){},"):
            self.fail(token.column, f"expected a value for {field.name}, not {token.text!r}")
        try:
            return field.read(token.text, operator)
        except ValueRefusedError as problem:
            return self.fail(token.column, f"{problem}{_nearest(token.text, problem.known)}")

    def take(self, *texts: str) -> Token | None:
        """The next token if it is one of these, else none."""
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token.text in texts and not token.quoted:
                self.at += 1
                return token
        return None

    def next(self, wanted: str) -> Token:
        """The next token, whatever it is."""
        if self.at == len(self.tokens):
            self.fail(self.column(), f"expected {wanted}, but the expression ends")
        self.at += 1
        return self.tokens[self.at - 1]

    def column(self) -> int:
        """Where the next token begins."""
        return self.tokens[self.at].column if self.at < len(self.tokens) else len(self.text) + 1

    def fail(self, column: int, what: str) -> NoReturn:
        """Raise the located error."""
        raise UsageError(f"-Y, column {column}: {what}")


def _tokens(text: str) -> list[Token]:
    """The words and signs of an expression."""
    tokens = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise UsageError(f"-Y, column {start + 1}: {text[start]!r} is not understood here{_hint(text[start])}")
        kind = match.lastindex or 0
        word = match.group(kind)
        plain = re.sub(r"\\(.)", r"\1", word[1:-1]) if kind == 2 else word
        tokens.append(Token(plain, match.start(kind) + 1, quoted=kind == 2))
        at = match.end()
    return tokens


def _hint(sign: str) -> str:
    """What was probably meant by a sign that is none."""
    meant = {"=": "==", "&": "&&", "|": "||"}.get(sign)
    if meant:
        return f", expected {meant}"
    return ", the quote is not closed" if sign in "\"'" else ""


def _nearest(text: str, known: Sequence[str]) -> str:
    """The known words most like this one, as the end of a message."""
    tails = [name for name in known if name.rpartition(".")[2] == text]
    near = tails or difflib.get_close_matches(text, known, n=1) or difflib.get_close_matches(text.lower(), known, n=1)
    return (
        f": did you mean {' or '.join(near)}?" if near else (f", expected one of: {', '.join(known)}" if known else "")
    )
