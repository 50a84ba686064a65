"""What translation made of a packet: its addresses and ports as it left, beside those that it came with.

Read first: `fwsim.kernel.orders.Played.left`, bytes that `nfnetlink_log` copied behind the last hook.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fwsim.capture.ends import Ends, ends_of
from fwsim.kernel.orders import Injection, Way


def translations(played: Iterable[Injection], left: Mapping[int, bytes], first: int) -> dict[int, Ends]:
    """By row, of the packets that came through: where from and where to they left, where that was changed."""
    found = {}
    for one in played:
        if one.number in left:
            now = ends_of(left[one.number])
            if now is not None and now != ends_of(one.data if one.way == Way.SENT else one.data[2:]):
                found[one.number - first] = now
    return found
