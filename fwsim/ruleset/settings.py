"""Plain settings: durations, switches, counts and words; and how each is written back.

Read first: `mistakes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .elements import integer
from .mistakes import mistake, seen, unknown

SECOND = 1_000_000_000
"""One second in ns; all durations are kept in ns."""

UNITS = {
    "ms": SECOND // 1000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3600 * SECOND,
    "d": 86400 * SECOND,
    "w": 604800 * SECOND,
}
PART = re.compile(r"(\d{1,10})(ms|[smhdw])", re.ASCII)
WHOLE = re.compile(r"(?:\d{1,10}(?:ms|[smhdw]))+", re.ASCII)
LONGEST = ((1 << 31) - 1) * SECOND
"""The longest duration a sysctl can hold, 68 years: deadlines then stay within 63 bits of ns since 1970."""
WANTED_DURATION = "a duration such as 30 (seconds), 5m, 2h, 5d or 1h30m"
LONGEST_TEXT = 200


def parse_duration(raw: object) -> int:
    """A duration in ns, from seconds as a number or from `5m`, `2h`, `1h30m`."""
    number = raw if type(raw) is int else integer(raw) if isinstance(raw, str) else None
    if number is not None:
        total = number * SECOND
    elif isinstance(raw, str) and WHOLE.fullmatch(raw):
        total = sum(int(count) * UNITS[unit] for count, unit in PART.findall(raw))
    else:
        raise mistake(f"expected {WANTED_DURATION}, found {seen(raw)}")
    if not 0 <= total <= LONGEST:
        raise mistake(f"expected a duration of 0 to {LONGEST // SECOND} seconds, found {seen(raw)}")
    return total


def duration_text(duration: int) -> str | int:
    """A duration as it is written: seconds as a number, or the largest unit that divides it."""
    for unit in ("d", "h", "m"):
        if duration and duration % UNITS[unit] == 0:
            return f"{duration // UNITS[unit]}{unit}"
    if duration % SECOND == 0:
        return duration // SECOND
    return f"{duration // UNITS['ms']}ms"


def parse_switch(raw: object) -> bool:
    """A switch: true or false, or 1 or 0 as sysctls are written. (`on` and `yes` are plain words in YAML 1.2.)."""
    if raw is True or raw is False:
        return raw
    if type(raw) is int and raw in (0, 1):
        return raw == 1
    raise mistake(f"expected true or false (or 1 or 0), found {seen(raw)}")


def parse_count(raw: object, highest: int) -> int:
    """A whole number of 0 to `highest`."""
    if type(raw) is int and 0 <= raw <= highest:
        return raw
    raise mistake(f"expected a number of 0 to {highest}, found {seen(raw)}")


def parse_word(raw: object, what: str, known: Iterable[str]) -> str:
    """One of a few words."""
    words = list(known)
    if isinstance(raw, str) and raw in words:
        return raw
    if isinstance(raw, str):
        raise mistake(unknown(what, raw, words))
    raise mistake(f"expected one of {', '.join(words)}, found {seen(raw)}")


def parse_text(raw: object) -> str:
    """A name or title: one line of printable text; a number that needs no quotes counts as text."""
    if type(raw) is int:
        raw = str(raw)
    if isinstance(raw, str) and 0 < len(raw) <= LONGEST_TEXT and raw.isprintable():
        return raw
    if isinstance(raw, str) and raw:
        raise mistake(f"expected one line of at most {LONGEST_TEXT} printable letters, found {seen(raw)}")
    raise mistake(f"expected text (in quotes if needed), found {seen(raw or None)}")
