"""A command line as far as it is typed: the words before the cursor, the one that is being typed, an open quote.

Read first: `shlex`. click splits words that are complete; which is the last one, and whether a quote is open in it,
has to be known too, for what stands in quotes may hold spaces.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from click.shell_completion import split_arg_string

MARK = "x"
"""Put at the cursor, so that the word there is there even if nothing of it is typed."""
UNQUOTED = re.compile(r"[\w%+,./:=@{}-]+")
"""Words that mean themselves to all three shells."""
SPECIAL = {"'": "'\\", '"': '"\\$`!'}
"""What ends a quote, or means something in it."""


@dataclass(frozen=True)
class Typed:
    """What is typed; `quote` is the sign that the last word begins with, if it has no second one yet.

    `plain` is false if a quote or a backslash stands elsewhere in that word: what it holds is another text for the
    shell than for us, and only the shell itself can go on with it.
    """

    words: list[str]
    incomplete: str
    quote: str
    plain: bool

    def can_hold(self, value: str) -> bool:
        """Whether the value can take the place of the word as it is."""
        if not self.plain or not value.isprintable():
            return False
        if self.quote:
            return not set(value) & set(SPECIAL[self.quote])
        return UNQUOTED.fullmatch(value) is not None


def typed(line: str) -> Typed:
    """The parts of a line that ends at the cursor."""
    words = split_arg_string(line + MARK)
    incomplete = words.pop()[: -len(MARK)]
    quote = _open_quote(line)
    before = line[: len(line) - len(quote) - len(incomplete)]
    plain = line == before + quote + incomplete and (not before or before[-1].isspace())
    return Typed(words, incomplete, quote if plain else "", plain)


def _open_quote(line: str) -> str:
    """The quotation mark that has no second one, or nothing."""
    if _is_whole(line):
        return ""
    return next((quote for quote in SPECIAL if _is_whole(line + quote)), "")


def _is_whole(line: str) -> bool:
    """Whether every quote is closed, and every backslash stands before something."""
    try:
        shlex.split(line)
    except ValueError:
        return False
    return True
