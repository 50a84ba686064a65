"""Cases chosen by an expression over their names and tags, as `pytest -k` does it.

Read first: `Chosen`. A word is found in the name of a case, in a tag, or in its file's name, whatever its capitals.

```
expression := term { or term }      term := factor { and factor }
factor     := not factor | "(" expression ")" | WORD | "QUOTED WORDS"
```
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from os.path import basename
from typing import NoReturn

from fwsim.errors import UsageError
from fwsim.expectations.model import Case

TOKEN = re.compile(r"""\s*(?:([()])|"([^"]*)"|'([^']*)'|([^\s()"']+))""")
DEEPEST = 50
JOINING = ("and", "or", "not", "(", ")")

Found = Callable[[str], bool]
Test = Callable[[Found], bool]


class Chosen:
    """Whether a case is chosen: by an expression, and by tags, any of which will do."""

    def __init__(self, expression: str | None = None, tags: Collection[str] = ()) -> None:
        """Parse the expression; raises UsageError where it is wrong."""
        self.tags = frozenset(tags)
        self.test: Test | None = None if expression is None else _Parser(expression).whole()

    def __call__(self, path: str, title: str, case: Case) -> bool:
        """Whether this case is."""
        if self.tags and self.tags.isdisjoint(case.tags):
            return False
        if self.test is None:
            return True
        texts = [text.lower() for text in (title, basename(path), *case.tags)]
        return self.test(lambda word: any(word in text for text in texts))


class _Parser:
    """Recursive descent over the grammar above."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, bool]] = []
        at = 0
        while text[at:].strip():
            match = TOKEN.match(text, at)
            if match is None:
                raise UsageError(f"-k {text!r}: a quote is not closed")
            kind = match.lastindex or 0
            self.tokens.append((match.group(kind), kind in (2, 3)))
            at = match.end()
        self.depth = 0

    def whole(self) -> Test:
        """All of it."""
        found = self.either()
        if self.tokens:
            self.fail(f"{self.tokens[0][0]!r} is too much, expected and, or, or the end")
        return found

    def fail(self, what: str) -> NoReturn:
        """Raise the mistake."""
        raise UsageError(f"-k {self.text!r}: {what}")

    def take(self, *words: str) -> bool:
        """Whether the next token is one of these words; it is taken then."""
        if self.tokens and not self.tokens[0][1] and self.tokens[0][0] in words:
            self.tokens.pop(0)
            return True
        return False

    def either(self) -> Test:
        """Terms joined by or."""
        terms = [self.both()]
        while self.take("or"):
            terms.append(self.both())
        return lambda found: any(term(found) for term in terms)

    def both(self) -> Test:
        """Factors joined by and."""
        factors = [self.factor()]
        while self.take("and"):
            factors.append(self.factor())
        return lambda found: all(factor(found) for factor in factors)

    def factor(self) -> Test:
        """A negation, a parenthesis, or a word."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"nested more than {DEEPEST} deep")
        if self.take("not"):
            negated = self.factor()
            self.depth -= 1
            return lambda found: not negated(found)
        if self.take("("):
            inner = self.either()
            if not self.take(")"):
                self.fail("expected ')'")
            self.depth -= 1
            return inner
        self.depth -= 1
        return self.word()

    def word(self) -> Test:
        """A word, or words in quotes."""
        if not self.tokens or (not self.tokens[0][1] and self.tokens[0][0] in JOINING):
            self.fail("expected a word" + (f", found {self.tokens[0][0]!r}" if self.tokens else " at the end"))
        word = self.tokens.pop(0)[0].lower()
        return lambda found: found(word)
