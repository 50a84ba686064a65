"""Fragments compared: another firewall speaks of a datagram once, at one of its pieces.

Read first: conntrack-spec §12. The piece that it speaks of is compared like any packet. Of another piece it must hold
that a piece of the same datagram, of which we say the same, was spoken of; and a piece that never became part of a
datagram must not be spoken of at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from fwsim.parity.difference import COMPARED, Difference, difference, fields_differing
from fwsim.simulator import Batch
from fwsim.tables import plain
from fwsim.terms import CtState, Verdict

KEY = ("src0", "src1", "src2", "src3", "dst0", "dst1", "dst2", "dst3", "ip_id")

MOST_SILENT = 30_000
"""Pieces that are remembered while nobody speaks of them; of the older ones nobody is going to speak any more."""
MOST_TOLD = 4 * MOST_SILENT

Datagram = tuple[tuple[int, ...], tuple[int, ...]]
"""What the pieces of a datagram share: addresses and id, and what we decided about them."""


@dataclass
class Pieces:
    """The pieces that nobody has spoken of yet, by their place in the run, and the datagrams spoken of."""

    silent: dict[int, tuple[Difference, Datagram]] = field(default_factory=dict)
    told: dict[Datagram, None] = field(default_factory=dict)

    def add(self, batch: Batch, rows: Sequence[int], base: int, silent: frozenset[int], blank: dict[str, int]) -> None:
        """Look at the fragments in these rows of a batch, whose first frame is number `base` of the run.

        `blank` is the decision of who has nothing to say.
        """
        for row in rows:
            datagram = datagram_of(batch, row)
            if row in silent:
                self.silent[base + row] = difference(batch, row, blank), datagram
            else:
                self._tell(datagram)

    def _tell(self, datagram: Datagram) -> None:
        """Remember a datagram that was spoken of, behind all others."""
        self.told.pop(datagram, None)
        self.told[datagram] = None
        if len(self.told) > MOST_TOLD:
            del self.told[next(iter(self.told))]

    def old(self) -> Iterator[Difference]:
        """Let go of the oldest pieces where there are too many: those that only we have something to say about."""
        while len(self.silent) > MOST_SILENT:
            ours, datagram = self.silent.pop(next(iter(self.silent)))
            if self._is_ours_alone(ours, datagram):
                yield ours

    def late(self, base: int, decisions: Mapping[int, dict[str, int]]) -> Iterator[Difference]:
        """Decisions about pieces of earlier batches: those that differ from ours."""
        for row, theirs in decisions.items():
            silent = self.silent.pop(base + row, None)
            if silent is None:
                continue
            ours, datagram = silent
            fields = fields_differing(ours.ours, theirs)
            if fields:
                yield ours.with_other(theirs, fields)
            else:
                self._tell(datagram)

    def unexplained(self) -> Iterator[Difference]:
        """At the end of a run: pieces of datagrams about which only we have something to say."""
        for ours, datagram in self.silent.values():
            if self._is_ours_alone(ours, datagram):
                yield ours

    def _is_ours_alone(self, ours: Difference, datagram: Datagram) -> bool:
        """Whether we have decided about a piece, and the other firewall spoke of no piece of its datagram."""
        return ours.ours["verdict"] != Verdict.NOT_EVALUATED and datagram not in self.told


def datagram_of(batch: Batch, row: int) -> Datagram:
    """The datagram that a piece is taken for."""
    packet, ours = plain(batch.packets[row]), plain(batch.stateful[row])
    tracked = (
        ours["ct_state"] != CtState.NONE
    )  # else the number tells the traffic's flow, which pieces without ports lack
    decided = (*(ours[name] for name in COMPARED), int(batch.frames[row]["connection"]) if tracked else 0)
    return tuple(packet[name] for name in KEY), decided
