"""A line of iptables-save as its parameters, cut as iptables-restore does.

Read first: nothing. Only double quotes quote; a backslash counts between them only; the closing quote ends the
parameter; a quote that is never closed lasts to the end of the line, which is then a part of it.
"""

from __future__ import annotations

from .values import Refused

LONGEST = 1023
MOST = 250
"""Limits of iptables-restore: characters of a parameter, parameters of a line."""


def split(line: str) -> list[str]:
    """The parameters of a line."""
    parameters = line.split() if '"' not in line else [text for text, _ in placed(line)]
    if len(parameters) > MOST:
        raise Refused(f"the line has more than {MOST} parameters")
    if len(line) > LONGEST:
        for text in parameters:
            if len(text) > LONGEST:
                raise Refused(f"`{text[:20]}...` is longer than the {LONGEST} characters of a parameter")
    return parameters


def placed(line: str) -> list[tuple[str, int]]:
    """The parameters of a line with their columns, which begin at 1."""
    found: list[tuple[str, int]] = []
    characters: list[str] = []
    start, quoted, escaped = -1, False, False
    for place, character in enumerate(line):
        if start < 0 and not character.isspace():
            start = place
        if quoted and (escaped or character not in '\\"'):
            characters.append(character)
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif not quoted and character == '"':
            quoted = True
        elif not quoted and not character.isspace():
            characters.append(character)
        elif start >= 0:
            found.append(("".join(characters), start + 1))
            characters, start, quoted = [], -1, False
    if characters:
        found.append(("".join(characters) + ("\n" if quoted else ""), start + 1))
    return found
