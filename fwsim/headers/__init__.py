"""What rules ask of headers and of the clock beyond the fields of PACKET, read for many packets at once.

Read first: `fwsim.netfilter.fields` (Raw, Option), `fwsim.engine.asked`. `selecting` tells what can be read; `places`
where headers begin; `bits`, `options` and `clock` read. All this is NumPy, compiled engine or not, and done only for
rulesets that ask for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fwsim.engine.asked import VIEWS
from fwsim.netfilter.fields import Option, Raw
from fwsim.terms import UNKNOWN_VALUE

from .bits import raw, there
from .clock import clock
from .options import option
from .places import Numbers, Packets
from .selecting import CLOCK, DESTINATION_MAC, Readable, There, is_mirrored

__all__ = ["Numbers", "Packets", "nothing_known", "read"]


def read(packets: Packets, asked: Sequence[Readable]) -> Numbers:
    """The matrix of `fwsim.engine.asked`: values in each view, and what was cut."""
    came = [_value(packets, selector) for selector in asked]
    forwarded = [
        raw(packets, selector, forwarded=True) if isinstance(selector, Raw) and selector.base == "nh" else value
        for selector, value in zip(asked, came, strict=True)
    ]
    lost = packets.nothing + UNKNOWN_VALUE
    mirrored = [value if is_mirrored(selector) else lost for selector, value in zip(asked, came, strict=True)]
    incomplete = packets.known < packets.length
    cut = packets.nothing
    for slot, value in enumerate(came):
        cut |= ((value == UNKNOWN_VALUE) & incomplete).astype(np.int64) << slot
    return np.column_stack([*came, *forwarded, *mirrored, cut])


def nothing_known(rows: int, slots: int) -> Numbers:
    """The same of packets of which nothing is known."""
    matrix = np.full((rows, VIEWS * slots + 1), UNKNOWN_VALUE, np.int64)
    matrix[:, -1] = 0
    return matrix


def _value(packets: Packets, selector: Readable) -> Numbers:
    """The value of a selector, as the packets came."""
    if isinstance(selector, There):
        return there(packets, selector.raw)
    if isinstance(selector, Option):
        return option(packets, selector)
    if selector == "dst_mac":
        selector = DESTINATION_MAC
    if isinstance(selector, Raw):
        return raw(packets, selector)
    if selector in CLOCK:
        return clock(str(selector), packets.rows["now"])
    return packets.nothing + UNKNOWN_VALUE
