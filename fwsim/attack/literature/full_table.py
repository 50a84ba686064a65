"""How many SYNs a second fill a connection table, with honest connections alongside.

Read first: RFC 4987; conntrack's `max` and its timers (`fwsim.ruleset.timeouts`). In theory, as many as there are
places, divided by the time for which each is taken. A flood is replayed at that rate, at one at which what is left over
suffices for the honest ones, and at twice the first to see what becomes of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.attack.literature.many import SECOND, address, in_order, judged, segments, stored
from fwsim.attack.literature.model import Row, Table, number
from fwsim.attack.literature.stage import BROKEN, CALLED, KNOWN, OPEN, STRICT, WEB, Firewall
from fwsim.terms import Verdict

STAYING, EARLY, LATE = 4, 3, 3
"""Honest connections: open before the flood begins, opened while the table fills, and when it should be full."""
HONEST_ONES = STAYING + EARLY + LATE
WORDS = 12
"""How often in a flood the honest speak."""
HONEST_MS = 10
FLOOD_MS = 1
"""Milliseconds from one segment of a handshake to the next."""
MILLISECOND = SECOND // 1000
HONEST, WORLD = address("203.0.113.10"), address("23.0.0.0")
"""The first of the honest clients' addresses, and of those of the flood."""
NETWORK = 203
SRC_AT, DST_AT = 12, 16
"""The bytes where the addresses begin."""
PORTS = 64_000
SERVICE = 443
ACCEPT = int(Verdict.ACCEPT)
HOUR = 3600


@dataclass(frozen=True)
class Flood:
    """A flood: its name, the places of the table, the seconds for which one is taken, and the settings that say so.

    `steps` are the segments of each connection: a SYN, the server's answer as well, or the whole handshake. Its rate
    is told in connections in `unit` seconds.
    """

    name: str
    places: int
    seconds: int
    steps: int = 1
    unit: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""

    @property
    def fills(self) -> int:
        """The least whole rate that fills the table, in theory."""
        return -(-self.places * self.unit // self.seconds)

    @property
    def spares(self) -> int:
        """The largest whole rate that leaves places for the honest connections."""
        return (self.places - HONEST_ONES) * self.unit // self.seconds

    @property
    def lasts(self) -> int:
        """For how many seconds it is kept up: a twelfth longer than a place is taken."""
        return self.seconds * 13 // 12

    def firewall(self) -> Firewall:
        """The firewall that is flooded."""
        return Firewall(
            self.name, [KNOWN, BROKEN, OPEN, CALLED], conntrack={**STRICT, "max": self.places, **self.settings}
        )


PF = {"timeouts": "pf"}
FLOODS = (
    Flood("Linux, SYNs", 262_144, 120),
    Flood(
        "Linux, SYNs that are answered", 262_144, 60, steps=2,
        why="the server's SYN-ACK moves a connection on to SYN_RECV, whose time is half as long",
    ),
    Flood(
        "pf, SYNs", 10_000, 120, settings=PF,
        why="without adaptive timeouts, which shorten its timers from 6,000 states on; today it has 100,000 places",
    ),
    Flood(
        "pf, finished handshakes", 10_000, 86_400, steps=3, unit=HOUR, settings=PF,
        why="what is ASSURED is not evicted: who comes when it is full is refused",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What came of a flood: connections at most, those evicted, packets refused, and honest connections that lived."""

    peak: int
    evicted: int
    refused: int
    lived: int

    @property
    def is_full(self) -> bool:
        """Whether there was no place for somebody."""
        return bool(self.evicted or self.refused)


def handshakes(
    ts: npt.NDArray[np.int64], clients: npt.NDArray[np.int64], ports: npt.NDArray[np.int64], steps: int, ms: int
) -> list[npt.NDArray[np.void]]:
    """The first segments of connections to the server; the fourth is a word of its own."""
    server, there, back, pause = address(WEB), (ports, SERVICE), (SERVICE, ports), ms * MILLISECOND
    return [
        segments(ts, "S", clients, server, there, seq=1000),
        segments(ts + pause, "SA", server, clients, back, seq=5000, ack=1001),
        segments(ts + 2 * pause, "A", clients, server, there, seq=1001, ack=5001),
        segments(ts + 3 * pause, "A", server, clients, back, seq=5001, ack=1001),
    ][:steps]


def forged(flood: Flood, rate: int) -> list[npt.NDArray[np.void]]:
    """The flood, evenly spread: each connection from an address of its own."""
    each = np.arange(rate * flood.lasts // flood.unit)
    ts = SECOND + each * (flood.unit * SECOND) // rate
    return handshakes(ts, WORLD + each, 1024 + each % PORTS, flood.steps, FLOOD_MS)


def honest(flood: Flood) -> list[npt.NDArray[np.void]]:
    """Honest connections, each of which speaks now and then until the flood has ended."""
    times = [
        np.arange(STAYING) * MILLISECOND,
        SECOND + flood.seconds * SECOND * np.arange(1, EARLY + 1) // (EARLY + 1),
        SECOND + flood.seconds * SECOND + (flood.lasts - flood.seconds) * SECOND * np.arange(1, LATE + 1) // (LATE + 1),
    ]
    begin = np.concatenate(times)
    said = 2 * SECOND + flood.lasts * SECOND * np.arange(1, WORDS + 1) // WORDS
    who, when = np.nonzero(said > begin[:, np.newaxis] + SECOND)
    words = segments(said[when], "A", HONEST + who, address(WEB), (40_000, SERVICE), seq=1001, ack=5001)
    ports = np.full(HONEST_ONES, 40_000)
    return [*handshakes(begin, HONEST + np.arange(HONEST_ONES), ports, 4, HONEST_MS), words]


def flooded(flood: Flood, rate: int) -> Outcome:
    """What comes of the flood at this rate, with honest connections alongside."""
    packets = in_order([*forged(flood, rate), *honest(flood)])
    accepted: list[npt.NDArray[np.bool_]] = []
    with stored(packets) as path:
        counts = judged(
            path, flood.firewall().ruleset(), lambda batch: accepted.append(batch.stateful["verdict"] == ACCEPT)
        )
    lost = names_of(packets[~np.concatenate(accepted)])
    lived = HONEST_ONES - len(lost)
    return Outcome(counts["peak"], counts["evicted"], counts["dropped"], lived)


def names_of(packets: npt.NDArray[np.void]) -> set[int]:
    """The honest clients among the ends of packets, by the last byte of their addresses."""
    found: set[int] = set()
    for at in (SRC_AT, DST_AT):
        found.update(packets["data"][packets["data"][:, at] == NETWORK, at + 3].tolist())
    return found


def table() -> Table:
    """What fills which table."""
    return Table(
        "full-table",
        "Connections a second that fill a table, and what becomes of honest ones",
        "places / seconds: nf_conntrack-sysctl.rst (max 262,144, tcp_timeout_syn_sent); pf.conf(5) (states, tcp.first)",
        (
            "flood",
            "places",
            "each for",
            "full at",
            "not at",
            "at twice the rate: evicted",
            "refused",
            "honest that live",
        ),
        tuple(row_of(flood) for flood in FLOODS),
        (
            "A full table evicts what is not ASSURED: here the oldest, in Linux some at random, which may be honest.",
            "pf evicts nothing: what is evicted here is refused there.",
        ),
    )


def row_of(flood: Flood) -> Row:
    """The flood at three rates."""
    full, spared, twice = (flooded(flood, rate) for rate in (flood.fills, flood.spares, 2 * flood.fills))
    per = "s" if flood.unit == 1 else "h"
    cells = (
        flood.name, number(flood.places), f"{number(flood.seconds)} s",
        f"{number(flood.fills)}/{per}" if full.is_full else "never",
        f"{number(flood.spares)}/{per}, peak {number(spared.peak)}" if not spared.is_full else "-",
        number(twice.evicted), number(twice.refused), f"{twice.lived} of {HONEST_ONES}",
    )  # fmt: skip
    rate = flood.places * flood.unit / flood.seconds
    published = f"{number(flood.places)} / {number(flood.seconds)} s = {rate:,.1f}/{per}"
    return Row(cells, published, full.is_full and not spared.is_full, flood.why)
