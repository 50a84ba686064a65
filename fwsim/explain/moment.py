"""The moment at which a packet is decided: what the firewall knew before, what it decided, what it knows after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fwsim.defragmenting import Whole
from fwsim.engine.conntrack import UNSEEN
from fwsim.engine.tuples import Tracker, is_live
from fwsim.explain.entered import look
from fwsim.harmless import safe
from fwsim.headers import Numbers
from fwsim.headers.chunks import of_assembled, of_rows
from fwsim.simulator import Batch, Mode, Simulator
from fwsim.tables import TRACK, empty, plain
from fwsim.terms import UNKNOWN_VALUE, CtStatus
from fwsim.trace import copied

UNCONFIRMED = 0


class Moment:
    """One packet, decided; `before` and `after` are connection tables, `result` the TRACK row.

    `frame` and `packet` are as the stateful mode saw them: of a fragment that completes its datagram, that datagram.
    `captured_frame` and `captured_packet` are the fragment's own. Of a packet that was captured when it had left,
    translated, `packet` is what it was when it came in, as far as that is known (`entered`).
    """

    def __init__(
        self,
        simulator: Simulator,
        batch: Batch,
        row: int,
        files: Sequence[str] = (),
        before: Tracker | None = None,
    ) -> None:
        """Copy what is known, decide, and keep both; `files` are the captures as the user named them.

        `before` is a copy of the connection table, if there is one already.
        """
        self.simulator = simulator
        self.files = files
        self.before = simulator.stateful.snapshot()[0] if before is None else before
        simulator.stateless.settle()
        self.stateful_memory = copied(simulator.stateful.mode.course.memory)
        self.stateless_memory = copied(simulator.stateless.mode.course.memory)
        results = simulator.stateful.mode.results
        results[:] = empty(TRACK, 1)[0]  # a packet that is not tracked would show what the one before it left there
        results["connection"] = -1
        packet = plain(batch.packets[row])
        copy_of, copy_in = (int(batch.frames[row][name]) for name in ("copy_of", "copy_in"))
        self.original = self.numbered(copy_of, copy_in) if copy_of else None
        """The packet of which it may be the copy."""
        simulator.step(batch, row)
        simulator.stateful.settle()
        simulator.stateless.settle()
        self.after = simulator.stateful.tracker
        self.batch = batch
        self.row = row
        self.frame = self.captured_frame = plain(batch.frames[row])
        self.packet = self.captured_packet = packet
        self.quotes = batch.quotes
        self.whole: Whole | None = None
        if (assembled := simulator.assembled) is not None:
            self.frame, self.packet = plain(assembled.frames[0]), plain(assembled.packets[0])
            self.quotes = assembled.quotes
            self.whole = assembled.wholes[0] if assembled.wholes else None
        self.entered = look(simulator, self.before, self.frame, self.packet, self.quotes)
        self.known_tuple = UNSEEN
        if self.entered is not None:
            self.known_tuple, self.packet = self.entered.tuple, self.entered.packet or self.packet
        self.asked = self._asked("stateful")
        self.captured_asked = self._asked("stateless")
        self.result = plain(simulator.stateful.mode.results[0])
        if self.entered is not None and self.entered.packet is None:
            self.result["ct_state"] = UNKNOWN_VALUE
        self._ghost_row = int(simulator.stateful.mode.results[1]["connection"])

    def numbered(self, number: int, file: int) -> str:
        """The number of a packet, with the name of its capture if there are several: `lan.pcap:84`."""
        return f"{safe(self.files[file])}:{number}" if len(self.files) > 1 else str(number)

    def _asked(self, mode: Mode) -> Numbers | None:
        """What a mode's rules ask of its headers, a matrix of one row; None if nothing."""
        asked, batch, row = self.simulator.lowered[mode].asked, self.batch, self.row
        if mode == "stateful" and self.simulator.assembled is not None:
            return of_assembled(asked, self.simulator.assembled, batch.buffer)
        rows = slice(row, row + 1)
        return of_rows(asked, batch.frames[rows], batch.packets[rows], batch.buffer, 0, 1)

    def decision(self, mode: Mode) -> dict[str, int]:
        """What a mode decided."""
        return plain(self.batch.decisions(mode)[self.row])

    @property
    def tracked(self) -> bool:
        """Whether the packet came as far as tracking (a raw rule may have dropped or exempted it)."""
        decision = self.decision("stateful")
        return decision["ct_state"] != 0 or not self.simulator.lowered["stateful"].tracking

    @property
    def known(self) -> bool:
        """Whether its connection was known before it."""
        row = self.result["connection"]
        return row > UNCONFIRMED and not self.result["fresh"] and row < len(self.before.connections)

    @property
    def connection_before(self) -> dict[str, int] | None:
        """Its connection as it was before it, if there was one, and its `proto`."""
        return _connection(self.before, self.result["connection"]) if self.known else None

    @property
    def connection_after(self) -> dict[str, int] | None:
        """Its connection as it is now, if there is one."""
        row = self.result["connection"]
        if row <= UNCONFIRMED:
            return None
        connection = _connection(self.after, row)
        return connection if is_live(connection) else None

    def both_tuples(self, tracker: Tracker) -> tuple[dict[str, int], dict[str, int]] | None:
        """The tuples of its connection in a table, if its addresses are translated."""
        row = self.result["connection"]
        if row <= UNCONFIRMED or not tracker.connections[row]["status"] & (CtStatus.SNAT | CtStatus.DNAT):
            return None
        return plain(tracker.tuples[2 * row]), plain(tracker.tuples[2 * row + 1])

    @property
    def ghost(self) -> dict[str, Any] | None:
        """The refused opening that it follows, if any."""
        if self.known or self._ghost_row <= UNCONFIRMED:
            return None
        return plain(self.simulator.stateful.ghosts.connections[self._ghost_row])


def _connection(tracker: Tracker, row: int) -> dict[str, int]:
    """A connection with the protocol of its tuples, which an ICMP error about it does not have."""
    return {**plain(tracker.connections[row]), "proto": int(tracker.tuples[2 * row]["proto"])}
