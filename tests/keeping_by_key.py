"""Rules that keep something by key, to throw packets at, and a connection table beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fwsim import keyed_tables
from fwsim.engine.counted import begin
from fwsim.engine.tuples import link, unlink
from fwsim.netfilter import Set
from fwsim.netfilter.steps import Step
from fwsim.tables import SETTINGS, empty
from fwsim.terms import UNKNOWN_VALUE, TcpState
from fwsim.tracker import grow, make_tracker
from tests.matching import Answer
from tests.netfiltering import ACCEPT, NetfilterFirewall, table

SECOND = 1_000_000_000
ROOM = 400
"""Packets that a test may send."""


class Keeper(NetfilterFirewall):
    """A chain that accepts what a rule of these steps matches, and drops the rest."""

    def __init__(
        self,
        *rules: Sequence[Any],
        sets: Sequence[Set] = (),
        family: str = "ip",
        ends: Sequence[Step] = (ACCEPT,),
    ) -> None:
        super().__init__(table(*([*steps, *ends] for steps in rules), sets=sets, family=family))
        self.tracker = grow(make_tracker(empty(SETTINGS, 1), key=5), ROOM)
        keyed = self.memory.keyed._replace(tracker=self.tracker)
        self.memory = self.memory._replace(keyed=keyed_tables.grow(keyed, self.lowered.program.keyed, ROOM))

    def ask(self, unknown: Sequence[str] = (), **fields: Any) -> Answer:
        """Walk one packet; with the first the time begins."""
        if not self.books["began"]:
            begin(self.memory.keyed, fields.get("now", 0))
        return super().ask(unknown, **fields)

    def accepts(self, now: float = 0, *, quiet: int = 0, unknown: Sequence[str] = (), **fields: Any) -> bool | None:
        """Whether a packet at a time (seconds) is accepted; None if that is not known."""
        verdict = self.ask(unknown, now=int(now * SECOND) + 1_700_000_000 * SECOND, quiet=quiet, **fields).verdict
        return {"accept": True, "drop": False, "unknown": None}[verdict]

    @property
    def books(self) -> Any:
        """The bookkeeping."""
        return self.memory.keyed.books[0]

    # --- connections ------------------------------------------------------------------------------------------------

    def connect(self, row: int, sport: int, src: int = 0x0A010005, proto: int = 6) -> None:
        """Let there be a connection in a row (from 2 on) of the table, and let the next packets be its."""
        original, reply = self.tracker.tuples[2 * row], self.tracker.tuples[2 * row + 1]
        original["src0"] = reply["dst0"] = src
        original["dst0"] = reply["src0"] = 0xC0000202
        original["src_id"] = reply["dst_id"] = sport
        original["dst_id"] = reply["src_id"] = 80
        original["proto"] = reply["proto"] = proto
        self.tracker.connections[row]["state"] = int(TcpState.ESTABLISHED)
        self.tracker.connections[row]["status"] = 0
        link(self.tracker, row)
        self.books["connection"] = row

    def close(self, row: int, state: TcpState = TcpState.TIME_WAIT) -> None:
        """Let it be in another state."""
        self.tracker.connections[row]["state"] = int(state)

    def delete(self, row: int) -> None:
        """Let it be no more."""
        unlink(self.tracker, row)

    def without_tracking(self) -> None:
        """No connections are tracked."""
        self.books["connection"] = UNKNOWN_VALUE
