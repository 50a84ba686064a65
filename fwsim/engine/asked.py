"""What rules see of headers beyond the fields of PACKET: values that were read before the walk, in slots of EXTRA.

Read first: EXTRA in `fwsim.tables`; `fwsim.headers`, which reads them. They come as a matrix with a row for each
packet: all slots in each of three views, and then the bits of those that were cut off. Few rulesets ask for any; for
the others nothing here is done.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.tables import number_in_seen
from fwsim.terms import ABSENT, UNKNOWN_VALUE

Row = Any
Numbers = Any

FIRST = number_in_seen("slot0")
CUT = number_in_seen("cut")
TRANSLATED = number_in_seen("translated")

AS_IT_CAME = 0
FORWARDED = 1
MIRRORED = 2
"""The packet that it would answer."""
VIEWS = 3


@shared
def show_headers(extra: Row, words: Numbers, asked: Numbers, view: int) -> None:
    """Show the values of a packet in one of the views; of what a rule has changed, forwarding makes nothing else."""
    slots = asked.shape[1] // VIEWS
    row = extra["row"]
    for slot in range(slots):
        if view != FORWARDED or words[0, FIRST + slot] == asked[row, slot]:
            words[0, FIRST + slot] = asked[row, view * slots + slot]
    if slots:
        extra["cut"] = asked[row, VIEWS * slots]


@shared
def lose_translated(words: Numbers) -> None:
    """Addresses and ports are translated: what lies there, and the checksums, are not known."""
    field = FIRST
    lost = words[0, TRANSLATED]
    while lost:
        if lost & 1 and words[0, field] != ABSENT:
            words[0, field] = UNKNOWN_VALUE
        lost >>= 1
        field += 1


@hot
def is_cut(words: Numbers, field: int) -> bool:
    """Whether the value of a slot, by its field, lies beyond what was captured."""
    return bool(words[0, CUT] >> (field - FIRST) & 1)
