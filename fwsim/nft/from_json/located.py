"""JSON (RFC 8259) whose every value knows where it was written.

Read first: `fwsim.nft.source`. As libnftables reads it (through jansson): integers have 64 bits, strings hold no NUL
and no half of a surrogate pair, a key that is written twice counts as it was written last. One pass, no recursion.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from json import JSONDecodeError, decoder
from sys import intern
from typing import Any, NoReturn, TypeAlias

from fwsim.nft.source import Source, shown

DEEPEST = 256
"""How deep arrays and objects may be nested: every level of an expression of nft is two of these."""

SMALLEST, LARGEST = -(1 << 63), (1 << 63) - 1

TOKEN = re.compile(
    r'[ \t\n\r]*+(?:"([^"\\\x00-\x1f]*+)"|([\[\]{},:])|(-?(?:0|[1-9][0-9]*+)(?![.eE0-9]))'
    r"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null)(?![A-Za-z0-9_])"
    r'|(")|(\Z)|(.))',
    re.DOTALL,
)
BLANKS = r"[ \t\n\r]*+"
SIMPLE = rf'(?:"([^"\\\x00-\x1f]*+)"|([\[{{])(?!{BLANKS}[\]}}])|(0|-?[1-9][0-9]{{0,17}}+)(?![0-9.eE]))'
"""A string without escapes, the beginning of an object or array that holds something, a small integer."""
ELEMENT = re.compile(rf"{BLANKS}(){SIMPLE}")
MEMBER = re.compile(rf'{BLANKS}"([^"\\\x00-\x1f\x80-\U0010ffff]*+)"{BLANKS}:{BLANKS}{SIMPLE}')
"""Nearly every element of an array, and member of an object; all others are read token by token."""
BLANK = " \t\n\r"
EMPTY = re.compile(r"[ \t\n\r]*+[\]}]")
PLAIN, MARK, INTEGER, REAL, WORD, ESCAPED, END, JUNK = range(1, 9)

WORDS = {"true": True, "false": False, "null": None}
SURROGATE = re.compile("[\ud800-\udfff]")

read_string: Callable[[str, int, bool], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]

Value: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


class Json:
    """A value, and where it was written."""

    __slots__ = ("end", "source", "start", "value")

    def __init__(self, source: Source, start: int, end: int, value: Value) -> None:
        """Objects and arrays hold values of this class."""
        self.source = source
        self.start = start
        self.end = end
        self.value = value

    def fail(self, expected: str) -> NoReturn:
        """Refuse it for what it is."""
        self.refuse(f"unexpected {self.described()}, expected {expected}")

    def refuse(self, what: str) -> NoReturn:
        """Refuse it for what it says."""
        raise self.source.error(self.start, what)

    def described(self) -> str:
        """What it is, as a message says it."""
        value = self.value
        if isinstance(value, dict):
            return "an object" if len(value) != 1 else f"an object with {shown(next(iter(value)))}"
        if isinstance(value, list):
            return "an array"
        if isinstance(value, str):
            return f"string {shown(value)}"
        return shown(self.source.text[self.start : self.end])


Usual: TypeAlias = "Callable[[int], Any]"
"""Reads what stands at a position at one go if it is as usual: what has an `end`, and stands for its Json; or None."""


class Open:
    """An object or array that is being read."""

    __slots__ = ("close", "key", "match", "start", "usual", "value")

    def __init__(self, start: int, mark: str, simple: bool, usual: Usual | None = None) -> None:
        """It begins at `start` with this mark; with `simple` what it holds may be read as a whole."""
        self.start = start
        self.key = ""
        self.value: Any = {} if mark == "{" else []
        self.close = "}" if mark == "{" else "]"
        pattern = MEMBER if mark == "{" else ELEMENT
        self.match = pattern.match if simple else NEVER.match
        self.usual = usual


NEVER = re.compile(r"(?!)")


def read(source: Source, usual: Usual | None = None) -> Json:
    """The value that a text is; what rules are made of may be `usual`."""
    text = source.text
    simple = text.isascii() or SURROGATE.search(text) is None
    stack: list[Open] = []
    position = 0
    while True:
        found: Any = stack[-1].match(text, position) if stack else None
        if found is not None:
            key, word, mark, digits = found.groups()
            position = found.end()
            stack[-1].key = intern(key)
            if word is not None:
                read_one: Any = Json(source, position - len(word) - 2, position, word)
            elif digits is not None:
                read_one = Json(source, position - len(digits), position, int(digits))
            else:
                whole = stack[-1].usual
                read_one = whole(position - 1) if whole is not None else None
                if read_one is None:
                    inside = usual if simple and _is_of_rule(stack, mark) else None
                    _open(source, stack, Open(position - 1, mark, simple, inside))
                    continue
        else:
            one, position = _token(source, stack, position, simple)
            if one is None:
                continue
            read_one = one
        done, position = _finish(source, stack, read_one)
        if done is not None:
            return done


def _is_of_rule(stack: list[Open], mark: str) -> bool:
    """Whether what begins here is the array of what a rule is made of."""
    return mark == "[" and stack[-1].key == "expr" and len(stack) > 1 and stack[-2].key == "rule"


def _open(source: Source, stack: list[Open], opened: Open) -> None:
    """Go into an object or array."""
    stack.append(opened)
    if len(stack) > DEEPEST:
        raise source.error(opened.start, f"nested too deeply, expected at most {DEEPEST} levels")


def _token(source: Source, stack: list[Open], position: int, simple: bool) -> tuple[Json | None, int]:
    """A value token by token; none if it is an object or array that holds something, which is open now."""
    if stack and stack[-1].close == "}":
        position = _key(source, stack[-1], position)
    found: Any = TOKEN.match(source.text, position)
    kind, position = found.lastindex, found.end()
    start = found.start(kind) - (kind == PLAIN)  # with the quote
    if kind == MARK and found[MARK] in "[{":
        opened = Open(start, found[MARK], simple)
        closed = _closed(source.text, position, opened.close)
        if not closed:
            _open(source, stack, opened)
            return None, position
        return Json(source, start, closed, opened.value), closed
    value, position = _scalar(source, kind, found)
    return Json(source, start, position, value), position


def _closed(text: str, position: int, mark: str) -> int:
    """Where an object or array ends that holds nothing; 0 if it holds something."""
    found = EMPTY.match(text, position)
    return found.end() if found is not None and text[found.end() - 1] == mark else 0


def _key(source: Source, container: Open, position: int) -> int:
    """Read a key and the colon behind it."""
    found: Any = TOKEN.match(source.text, position)
    kind, position = found.lastindex, found.end()
    if kind not in (PLAIN, ESCAPED):
        _fail(source, found, "a key in quotes")
    container.key, position = _scalar(source, kind, found)
    found = TOKEN.match(source.text, position)
    if found[MARK] != ":":
        _fail(source, found, "':'")
    return int(found.end())


def _finish(source: Source, stack: list[Open], done: Json) -> tuple[Json | None, int]:
    """Put a value where it belongs, and close what ends behind it; the value of the whole text if that ends too."""
    text, position = source.text, done.end
    while stack:
        container = stack[-1]
        if container.close == "}":
            container.value[container.key] = done
        else:
            container.value.append(done)
        mark = text[position : position + 1]
        if mark in BLANK:
            found: Any = TOKEN.match(text, position)
            mark, position = found[MARK], found.end() - 1
        position += 1
        if mark == ",":
            return None, position
        if mark != container.close:
            _fail(source, TOKEN.match(text, done.end), f"',' or '{container.close}'")
        done = Json(source, container.start, position, container.value)
        stack.pop()
    found = TOKEN.match(text, position)
    if found.lastindex != END:
        _fail(source, found, "end of file")
    return done, position


def _scalar(source: Source, kind: int, found: re.Match[str]) -> tuple[Any, int]:
    """A string, number or constant, and where it ends."""
    if kind == PLAIN:
        text, end = found[PLAIN], found.end()
        if not text.isascii() and SURROGATE.search(text):
            raise source.error(found.start(PLAIN) - 1, "half of a surrogate pair, expected text")
        return text, end
    if kind == INTEGER:
        return _integer(source, found), found.end()
    if kind == WORD:
        return WORDS[found[WORD]], found.end()
    if kind == ESCAPED:
        return _escaped(source, found.start(ESCAPED))
    if kind == REAL:
        return float(found[REAL]), found.end()
    _fail(source, found, "a value")


def _integer(source: Source, found: re.Match[str]) -> int:
    """An integer of 64 bits."""
    digits = found[INTEGER]
    value = int(digits) if len(digits) <= 20 else LARGEST + 1
    if not SMALLEST <= value <= LARGEST:
        raise source.error(found.start(INTEGER), f"the number {shown(digits)} is out of range, expected 64 bits")
    return value


def _escaped(source: Source, start: int) -> tuple[str, int]:
    """A string with escapes, or a broken one."""
    try:
        text, end = read_string(source.text, start + 1, True)
    except JSONDecodeError as error:
        raise source.error(error.pos, f"{error.msg.removesuffix(' at').lower()}, expected a string") from None
    if "\0" in text or SURROGATE.search(text):
        raise source.error(start, "NUL or half of a surrogate pair in a string, expected text")
    return text, end


def _fail(source: Source, found: Any, expected: str) -> NoReturn:
    """Refuse a token."""
    kind = found.lastindex or END
    text = "end of file" if kind == END else shown(found[kind])
    raise source.error(found.start(kind), f"unexpected {text}, expected {expected}")
