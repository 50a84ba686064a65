"""How often the connection table is searched for packets, told from what became of them.

Read first: `fwsim.engine.conntrack.track`. The engine does not count it: that is one search for the tuple of each
packet that is tracked, and for an ICMP error one for the tuple that it quotes, but for what is settled without
(`fwsim.engine.settled`). What translation of addresses asks, and the search for ghosts, is not in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.engine.icmp import ICMP_ERRORS, ICMP_LAST, ICMPV6_FIRST_INFORMATIONAL, ICMPV6_REDIRECT
from fwsim.engine.network import LATER_FRAGMENT
from fwsim.terms import UNKNOWN_VALUE, CtState, Proto

Truths = npt.NDArray[np.bool_]
Table = npt.NDArray[np.void]

WITH_PORTS = (int(Proto.TCP), int(Proto.UDP), int(Proto.UDPLITE), int(Proto.SCTP))
BEHIND_PORTS = ("flags", "seq", "ack", "win", "payload")
"""Fields of a TCP header that tracking asks for."""
FOUND = int(CtState.NEW | CtState.ESTABLISHED | CtState.RELATED)


def searches(frames: Table, packets: Table, quotes: Table, decisions: Table) -> int:
    """How many searches the packets in these rows took; `decisions` are the stateful ones."""
    state = decisions["ct_state"]
    tracked = (frames["reason"] == 0) & (state != 0) & (state != int(CtState.UNTRACKED))
    found = tracked & (state > 0) & (state & FOUND != 0)
    rest = np.flatnonzero(tracked & ~found)
    if not len(rest):
        return int(found.sum())
    return int(found.sum()) + int(were_sought(frames[rest], packets[rest], quotes).sum())


def were_sought(frames: Table, packets: Table, quotes: Table) -> Truths:
    """Which packets that are invalid, or not known, were so only after a search."""
    proto, sound = packets["proto"], frames["transport_fault"] == 0
    ported = np.isin(proto, WITH_PORTS)
    icmp = (proto == int(Proto.ICMP)) | (proto == int(Proto.ICMPV6))
    other = ~ported & ~icmp & (proto != UNKNOWN_VALUE) & (packets["icmp_id"] != UNKNOWN_VALUE)
    whole = packets["fragment"] != LATER_FRAGMENT
    sought: Truths = whole & np.where(
        ported,
        _have_ports(packets, sound, quotes),
        np.where(icmp, sound & _icmp_is_sought(packets, quotes), other & sound),
    )
    return sought


def _have_ports(packets: Any, sound: Truths, quotes: Table) -> Truths:
    """Of packets of protocols with ports."""
    known = (packets["sport"] >= 0) & (packets["dport"] >= 0)
    cut = np.zeros(len(packets), dtype=np.bool_)
    for field in BEHIND_PORTS:
        cut |= packets[field] < 0
    cut = (cut & (packets["proto"] == int(Proto.TCP))) | (
        (packets["proto"] == int(Proto.SCTP)) & ~_usable(packets, quotes)
    )
    sought: Truths = known & ~(sound & cut)
    return sought


def _usable(packets: Any, quotes: Table) -> Truths:
    """Whether what is noted beside a packet (QUOTE) is there, and not cut off."""
    there = packets["quote"] >= 0
    found = np.zeros(len(packets), dtype=np.bool_)
    found[there] = quotes["usable"][packets["quote"][there]] != UNKNOWN_VALUE
    return found


def _icmp_is_sought(packets: Any, quotes: Table) -> Truths:
    """Of ICMP and ICMPv6: whether a query, or an error that quotes a packet."""
    kind, code = packets["icmp_type"], packets["icmp_code"]
    v4 = packets["proto"] == int(Proto.ICMP)
    right = np.where(v4, (packets["family"] == 4) & (kind <= ICMP_LAST), packets["family"] == 6)
    right &= (kind >= 0) & (code >= 0) & (packets["icmp_id"] != UNKNOWN_VALUE)
    errors_v4 = (ICMP_ERRORS >> np.clip(kind, 0, ICMP_LAST)) & 1 == 1
    redirect = kind == ICMPV6_REDIRECT
    errors = np.where(v4, errors_v4, (kind < ICMPV6_FIRST_INFORMATIONAL) | (redirect & (code == 0)))
    quoting = np.zeros(len(packets), dtype=np.bool_)
    there = packets["quote"] >= 0
    quoting[there] = quotes["usable"][packets["quote"][there]] == 1
    sought: Truths = right & (~errors | quoting)
    return sought
