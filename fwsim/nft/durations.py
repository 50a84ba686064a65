"""Durations and amounts of data as nft writes them.

Read first: `tokens`.
"""

from __future__ import annotations

import re

from .tokens import DURATION, Reader
from .tree import Symbol

WHOLE_DURATION = re.compile(rf"(?:{DURATION})\Z", re.ASCII)
UNITS = {"bytes": 1, "kbytes": 1 << 10, "mbytes": 1 << 20}


def duration(reader: Reader) -> Symbol:
    """`1d2h3m4s5ms`; the unit of a number must be written."""
    start = reader.start
    if not reader.at_string() or not WHOLE_DURATION.match(reader.text):
        reader.fail("a duration such as 30s or 1h30m")
    name = reader.name("a duration")
    return Symbol(reader.source, start, reader.last, name)


def milliseconds(text: str) -> int:
    """A duration in milliseconds; a number alone is seconds."""
    if text.isdigit():
        return int(text) * 1000
    each = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
    return sum(int(count) * each[unit] for count, unit in re.findall("([0-9]+)(ms|[dhms])", text))


def data_unit(reader: Reader) -> int:
    """Bytes of the unit that stands here."""
    found = UNITS.get(reader.text)
    if found is None:
        reader.fail("bytes, kbytes or mbytes")
    reader.advance()
    return found
