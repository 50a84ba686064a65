"""The tokens of nft, and the reader that hands them to the parser one after the other.

Read first: `source`. One regular expression finds the longest token, as nft's scanner does: `10.0.0.1` and `1d2h` and
`fe80::1` are one token each, `80:443 ` too (a class id), `22:accept` is three. A line with nothing but a comment is no
line at all; a comment that ends the text without a newline is refused. Newlines are tokens.

Tokens are found when they are asked for, so that a text of any length needs the memory of its tree only.
"""

from __future__ import annotations

import difflib
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NoReturn

from fwsim.errors import Problem

from .library import Library
from .source import MOST, Source, shown
from .tree import Define
from .words import RESERVED

WORD, TEXT, NUMBER, QUOTED, STARRED, NEWLINE, MARK, JUNK, END = range(1, 10)
"""Kinds of tokens: a word, an address or the like, a number, a quoted string, a word with an asterisk, ..."""

DEEPEST = 100
"""How deep expressions and blocks may be nested, and how many operators may follow each other.

Unlike nft, which stops at ten thousand grammar symbols, deeper than anything that is written by people.
"""

MOST_PROBLEMS = 10
"""After that many mistakes reading ends, as nft's does."""

NOTHING: frozenset[str] = frozenset()

LARGEST_NUMBER = (1 << 64) - 1
OCTAL_OR_HEX = re.compile("0[0-7]*|0[xX][0-9a-fA-F]+")

LETTER = r"[A-Za-z0-9/\-_.]"
STRING = rf"[A-Za-z_.]{LETTER}*+"
HEX4 = r"[0-9a-fA-F]{1,4}"
IPV4 = r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}"
IPV6 = "|".join(
    [
        rf"(?:{HEX4}:){{7}}{HEX4}",
        rf"::[fF]{{4}}:{IPV4}|::{IPV4}",
        rf"(?:{HEX4}:){{7}}:",
        *(rf"(?:{HEX4}:){{{count}}}(?:(?::{HEX4}){{1,{7 - count}}}|:)" for count in range(6, 0, -1)),
        rf":(?::{HEX4}){{1,7}}|::",
    ]
)
MAC = r"(?:[0-9a-fA-F]{1,2}:){5}[0-9a-fA-F]{1,2}"
CLASS_ID = rf"{HEX4}:{HEX4}(?=[ \t\n:\-}},])"
DURATION = r"(?=[0-9]+[dhms])(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m(?!s))?(?:[0-9]+s)?(?:[0-9]+ms)?"

PATTERN = re.compile(
    # Blanks, continued lines and comments. A line of its own takes its newline along.
    r"(?:(?<![^\n])[ \t]*#[^\n]*\n|[ \t]+|\\\n|#[^\n]*(?=\n))*+"
    rf"(?:((?:[g-zG-Z_]|[a-fA-F](?![0-9a-fA-F]{{0,3}}:)|\.(?={LETTER})){LETTER}*+(?!\\?\*))"
    rf"|((?=[0-9a-fA-F]{{0,4}}:)(?:{IPV6}|{MAC}|{CLASS_ID})|\[(?:{IPV6})\]|{IPV4}|{DURATION}|8021ad|8021q)"
    r"|(0[xX][0-9a-fA-F]+|[0-9]+)"
    r'|("[^"]*")'
    rf"|({STRING}\*|{STRING}\\\*(?:{STRING})?|\\\*)"
    r"|(\n)"
    r"|([=!<>]=|<<|>>|[,.:;{}\[\]()<>^&|!/\-*@$=+])"
    rf"|({STRING})"
    r"|(.)"
    r"|(\Z))",
    re.ASCII | re.DOTALL,
)
LAST_GROUP = 10
KINDS = (0, WORD, TEXT, NUMBER, QUOTED, STARRED, NEWLINE, MARK, WORD, JUNK, END)
"""The kind of each group of the expression."""


class Reader:
    """The current token (`kind`, `text`, `start`, `end`), the names that are defined, and the mistakes so far.

    `scoped` holds the words that the statement being read takes for keywords, so that they are no names in it.
    """

    __slots__ = (
        "_ahead", "_matches", "braces", "counted", "depth", "end", "kind", "last", "library", "problems", "scoped",
        "scopes", "source", "sources", "start", "text", "waiting",
    )  # fmt: skip

    def __init__(self, source: Source, library: Library | None = None) -> None:
        """Stand at the first token; without a library nothing can be included."""
        self.source = source
        self.library = library
        self.sources = [source]
        self.problems: list[Problem] = []
        self.scopes: list[dict[str, Define]] = [{}]
        self.scoped: frozenset[str] = NOTHING
        self.depth = self.braces = 0
        self.counted: dict[str, int] = {}
        self.waiting: list[tuple[Source, Iterator[re.Match[str]], deque[re.Match[str]]]] = []
        self.kind = self.start = self.end = self.last = 0
        self.text = ""
        self._matches: Iterator[re.Match[str]] = PATTERN.finditer(source.text)
        self._ahead: deque[re.Match[str]] = deque()
        self.advance()

    def advance(self) -> None:
        """Go to the next token. The end of an included text is not seen: what includes it goes on."""
        self.last = self.end
        found = self._ahead.popleft() if self._ahead else next(self._matches)
        group = found.lastindex or 0
        while group == LAST_GROUP and self.waiting:
            self.source, self._matches, self._ahead = self.waiting.pop()
            found = self._ahead.popleft() if self._ahead else next(self._matches)
            group = found.lastindex or 0
        self.kind = KINDS[group]
        self.text = found[group]
        self.start, self.end = found.span(group)

    def peek(self) -> str:
        """The text of the token after this one, in the same file."""
        if self.kind == END:
            return ""
        if not self._ahead:
            self._ahead.append(next(self._matches))
        found = self._ahead[0]
        return found[found.lastindex or 0]

    def into(self, sources: list[Source]) -> None:
        """Step over the separator that ends `include`, to the first token of the texts, one after the other."""
        for source in reversed(sources):
            self.waiting.append((self.source, self._matches, self._ahead))
            self.source, self._matches, self._ahead = source, PATTERN.finditer(source.text), deque()
        self.sources += sources
        self.advance()

    def close(self, source: Source) -> int:
        """Where a block ends that began in `source`; the end of the text if it goes on in another."""
        return self.last if self.source is source else len(source.text)

    def take(self, text: str) -> bool:
        """Step over a keyword or mark if it is there."""
        if self.text == text:
            self.advance()
            return True
        return False

    def expect(self, text: str) -> None:
        """Step over a keyword or mark that must be there."""
        if self.text != text:
            self.fail(f"'{text}'")
        self.advance()

    def one_of(self, words: frozenset[str], what: str) -> str:
        """Step over one of some keywords."""
        text = self.text
        if text not in words:
            self.fail(what + near(text, words))
        self.advance()
        return text

    def at_string(self) -> bool:
        """Whether an unquoted word stands here that is no keyword, or an address or the like."""
        kind = self.kind
        if kind == WORD:
            return self.text not in RESERVED and self.text not in self.scoped
        return kind == TEXT or (kind == NUMBER and not self.at_number())

    def name(self, what: str) -> str:
        """An unquoted name."""
        if not self.at_string():
            self.fail(what)
        return self.word()

    def word(self) -> str:
        """The name that stands here, or the address, which may be in brackets."""
        text = self.text.strip("[]")
        self.advance()
        return text

    def string(self, what: str) -> str:
        """A word that may be quoted or end in an asterisk."""
        if self.kind == QUOTED:
            text = self.text[1:-1]
        elif self.kind == STARRED:
            text = self.text
        else:
            return self.name(what)
        self.advance()
        return text

    def at_number(self) -> bool:
        """Whether a number of at most 64 bits stands here."""
        text = self.text
        return self.kind == NUMBER and ((len(text) < 19 and text[0] != "0") or number_of(text) is not None)

    def number(self, what: str) -> int:
        """A number of at most 64 bits."""
        value = number_of(self.text) if self.kind == NUMBER else None
        if value is None:
            self.fail(what)
        self.advance()
        return value

    def not_before(self, words: frozenset[str]) -> None:
        """Refuse a word that is still a keyword here, though none can follow."""
        if self.kind == WORD and self.text in words:
            self.fail("a value")

    def separator(self) -> None:
        """The end of a line, or a semicolon."""
        if self.kind != NEWLINE and self.text != ";":
            self.fail("a newline or ';'")
        self.advance()

    def open_brace(self) -> None:
        """Step over `{`; `braces` counts those that are open, so that a mistake between them can be passed over."""
        self.expect("{")
        self.braces += 1

    def close_brace(self, expected: str = "'}'") -> None:
        """Step over `}`."""
        if self.text != "}":
            self.fail(expected)
        self.braces -= 1
        self.advance()

    def count(self, what: str) -> None:
        """Count something of which a script holds so many at most (`MOST`)."""
        found = self.counted[what] = self.counted.get(what, 0) + 1
        if found > MOST[what]:
            raise self.source.error(self.start, f"more than {MOST[what]:,} {what} in one ruleset")

    def deeper(self) -> None:
        """Step into something nested; `depth` is counted down behind it."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.source.error(self.start, f"nested too deeply, expected at most {DEEPEST} levels")

    def fail(self, expected: str) -> NoReturn:
        """Refuse the current token."""
        raise self.source.error(self.start, f"unexpected {described(self.kind, self.text)}, expected {expected}")

    def refuse(self, start: int, what: str) -> NoReturn:
        """Refuse what begins at `start` in the current text."""
        raise self.source.error(start, what)


def number_of(text: str) -> int | None:
    """The value of a number; None if it needs more than 64 bits, or is an octal one (`0...`) with other digits."""
    digits = text.lstrip("0xX")
    if len(digits) > 22 or (text[0] == "0" and not OCTAL_OR_HEX.fullmatch(text)):
        return None
    value = int(digits or "0", 10 if text[0] != "0" else 16 if text[1:2] in "xX" and len(text) > 1 else 8)
    return value if value <= LARGEST_NUMBER else None


def described(kind: int, text: str) -> str:
    """A token as a message shows it."""
    if kind == END:
        return "end of file"
    if kind == NEWLINE:
        return "newline"
    if kind == JUNK:
        return JUNK_WORDS.get(text) or f"character {shown(text)}"
    if kind == QUOTED:
        return f"quoted string {shown(text[1:-1])}"
    return shown(text)


def near(word: str, words: Iterable[str]) -> str:
    """A question after the word that was probably meant; empty if none is near."""
    found = difflib.get_close_matches(word[:100], list(words), n=1)
    return f": did you mean '{found[0]}'?" if found else ""


JUNK_WORDS = {
    "\r": "carriage return (nft takes lines that end in a newline only)",
    '"': "quote without an end",
    "#": "comment that does not end in a newline",
    "\\": "backslash that does not end its line",
    "\0": "NUL byte",
    "\ufeff": "byte order mark",
}
