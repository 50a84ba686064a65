"""A line of iptables-save as its parameters, cut as iptables-restore does.

Read first: nothing. Only double quotes quote; a backslash counts between them only; the closing quote ends the
parameter; a quote that is never closed lasts to the end of the line, which is then a part of it.
"""

from __future__ import annotations

import re

from .values import RefusedError

LONGEST = 1023
MOST = 250
"""Limits of iptables-restore: characters of a parameter, parameters of a line."""


PLAIN = re.compile(r"[\t -~]*\Z")
BLANKS = " \t\n"


def _quickly(line: str) -> list[str] | None:
    """The parameters of a line of plain text without a quote in the midst of one."""
    if not PLAIN.match(line):
        return None
    if '"' not in line:
        return line.split()
    if "\\" in line:
        return None
    first, *others = line.split('"')
    quoted, plain = others[::2], others[1::2]
    if len(quoted) != len(plain) or not all(plain[:-1]):
        return None
    if any(text[-1:] not in BLANKS for text in (first, *plain[:-1])) or any(text[:1] not in BLANKS for text in plain):
        return None
    return [*first.split(), *(word for pair in zip(quoted, plain, strict=True) for word in (pair[0], *pair[1].split()))]


def split(line: str) -> list[str]:
    """The parameters of a line."""
    parameters = _quickly(line)
    if parameters is None:
        parameters = [text for text, _ in placed(line)]
    if len(parameters) > MOST:
        raise RefusedError(f"the line has more than {MOST} parameters")
    if len(line) > LONGEST:
        for text in parameters:
            if len(text) > LONGEST:
                raise RefusedError(f"`{text[:20]}...` is longer than the {LONGEST} characters of a parameter")
    return parameters


def placed(line: str) -> list[tuple[str, int]]:
    """The parameters of a line with their columns, which begin at 1."""
    found: list[tuple[str, int]] = []
    characters: list[str] = []
    start, quoted, escaped = -1, False, False
    for place, character in enumerate(line):
        if start < 0 and character not in BLANKS:
            start = place
        if quoted and (escaped or character not in '\\"'):
            characters.append(character)
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif not quoted and character == '"':
            quoted = True
        elif not quoted and character not in BLANKS:
            characters.append(character)
        elif start >= 0:
            found.append(("".join(characters), start + 1))
            characters, start, quoted = [], -1, False
    if characters:
        found.append(("".join(characters) + ("\n" if quoted else ""), start + 1))
    return found
