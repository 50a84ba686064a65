"""The core schema of YAML 1.2 (§10.3): what a plain scalar means.

Read first: nothing. So `022` is 22 and not 18, `on`, `yes`, `12:30:45` and `1_000` are text, and there
are no dates.

A number with a fraction or an exponent stays text as written: no field of a ruleset takes one, and a message then
shows `10.10` and not `10.1`.
"""

from __future__ import annotations

from .elements import integer

CONSTANTS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip

FIRST_OF_NUMBER = frozenset("0123456789+-")


def plain_scalar(text: str) -> str | int | bool | None:
    """The value of a plain scalar."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if text[0] in FIRST_OF_NUMBER:
        number = integer(text)
        return text if number is None else number
    return text
