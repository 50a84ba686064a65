"""Packets brought about: made of bytes, and decided by the engine with its tracker, one after the other.

Read first: `ground` (Sample), `confirming` (frame_of), `deciding`, which is told what conntrack says of a packet. Here
nothing is told: the firewall has seen nothing before, and packets come unmarked, whole, and one after the other. What
conntrack does not say of such packets shows nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from fwsim.capture.captures import Captures
from fwsim.capture.model import CaptureFile, Chunk
from fwsim.capture.reader import Run
from fwsim.engine.link import LINK_ETHERNET
from fwsim.engine.places import INTERFACE, Places
from fwsim.headers.chunks import of_rows
from fwsim.lower import Lowered
from fwsim.running import StatefulRun, nat_in
from fwsim.space.fields import CT_STATE, IIF, MARK, OIF
from fwsim.space.node import POLICY
from fwsim.space.walking import Trip
from fwsim.tables import DECISION, empty, plain
from fwsim.terms import UNKNOWN_VALUE, Verdict
from fwsim.uncompiled import flush, loaded, usable

from .confirming import Frames, frame_of, read
from .ground import Sample
from .packet_text import named
from .traffic import FRAGMENT

Decision = dict[str, int]
OTHERS = 3
OWN = ("own4", "own60", "own61", "own62", "own63")
A_SECOND = 1_000_000_000


class Bringing:
    """The rules of a program at work, with the tracker."""

    def __init__(self, lowered: Lowered) -> None:
        """Nothing has come yet. Addresses of interfaces that nobody has named are not known."""
        self.lowered = replace(lowered, places=_with_others(lowered)) if lowered.translates else lowered
        # With its places laid out once, not by each run.
        self._laid_out = replace(self.lowered, places=nat_in(self.lowered.places).places)

    @cached_property
    def _first_lines(self) -> dict[int, int]:
        """Of each rule the first line."""
        sources: list[int] = self.lowered.program.rules["source"].tolist()
        return {rule: line for line, rule in reversed(list(enumerate(sources)))}

    def shown(self, sample: Sample) -> bool:
        """Whether a packet, being the first of all, is in the ct state that it is said to be in, and decided so."""
        decisions = self.decided([sample])
        return decisions is not None and self._is_as_said(sample, decisions[0])

    def answered(self, before: Sample, answer: Sample) -> Sample | None:
        """The answer to a packet as it really goes its way; None if the first packet does not, or nothing is known."""
        decisions = self.decided([before, answer])
        if decisions is None or not self._is_as_said(before, decisions[0]):
            return None
        decision = decisions[1]
        if decision["verdict"] == Verdict.UNKNOWN or decision["ct_state"] == UNKNOWN_VALUE:
            return None
        line = self._first_lines[decision["rule"]] if decision["rule"] >= 0 else POLICY
        trip = Trip(decision["verdict"], line, decision["chain"], ())
        state = decision["ct_state"] or answer.packet[CT_STATE]  # 0: it was not tracked, or dropped before
        return replace(answer, packet={**answer.packet, CT_STATE: state}, trip=trip)

    def _is_as_said(self, sample: Sample, decision: Decision) -> bool:
        """Whether a decision is what was worked out."""
        if decision["verdict"] != sample.trip.verdict:
            return False
        if self.lowered.tracking and decision["ct_state"] != sample.packet[CT_STATE]:
            return False
        if self.lowered.translates or sample.trip.rule < 0:
            return True
        return decision["rule"] == int(self.lowered.program.rules[sample.trip.rule]["source"])

    def decided(self, samples: Sequence[Sample]) -> list[Decision] | None:
        """The decisions about packets that come one after the other; None if they cannot be made."""
        if any(self._is_nowhere(sample) for sample in samples):
            return None
        frames = [_frame(sample) for sample in samples]
        data = [frame for frame in frames if frame is not None]
        if len(data) < len(frames):
            return None
        chunk = _read(data)
        if not all(_place(chunk, row, sample) for row, sample in enumerate(samples)):
            return None
        return self._run(chunk)

    def _is_nowhere(self, sample: Sample) -> bool:
        """Whether a packet comes or goes by an interface of which even translation has no row."""
        places = self.lowered.places
        return places is not None and max(sample.packet[IIF], sample.packet[OIF]) >= len(places.interfaces)

    def _run(self, chunk: Chunk) -> list[Decision]:
        """The decisions about the packets of a chunk."""
        count = len(chunk)
        found: npt.NDArray[np.void] = empty(DECISION, count)
        frames, packets = (loaded(table, 0, count) for table in (chunk.frames, chunk.packets))
        decisions = loaded(found, 0, count)
        asked = self.lowered.asked
        seen = of_rows(asked, chunk.frames, chunk.packets, chunk.buffer, 0, count) if asked else None
        run = StatefulRun(self._laid_out, key=0)
        run.run(frames, packets, usable(chunk.quotes), decisions, 0, count, seen)
        flush(decisions)
        return [plain(row) for row in found]


def _with_others(lowered: Lowered) -> Places:
    """Where addresses lie, with room for interfaces by which samples come and go and that nobody has named."""
    places = nat_in(lowered.places).places
    known = 0 if lowered.places is None else len(places.interfaces)
    rows = empty(INTERFACE, max(known, len(lowered.interfaces)) + OTHERS)
    for name in OWN:
        rows[name] = UNKNOWN_VALUE
    rows[:known] = places.interfaces[:known]
    return places._replace(interfaces=rows)


def _frame(sample: Sample) -> bytes | None:
    """A packet as a frame; None for one that comes in pieces, or marked by somebody else."""
    packet = sample.packet
    if packet.get(FRAGMENT, 0) or packet.get(MARK, 0):
        return None
    return frame_of(named(packet), bad_checksum=False)


def _read(frames: Sequence[bytes]) -> Chunk:
    """The frames as they are read."""
    run = Run(len(frames), False)
    run.add_interface("<made>", LINK_ETHERNET, 0)
    captures = Captures(run, [CaptureFile("<made>")], [Frames(frames)], checksum="verify", limit=None)
    return next(iter(captures))


def _place(chunk: Chunk, row: int, sample: Sample) -> bool:
    """Put a packet on its way; whether it is as its fields say."""
    packet = chunk.packets[row]
    packet["hook"] = sample.hook
    packet["iif"], packet["oif"] = sample.packet[IIF], sample.packet[OIF]
    packet["now"] += row * A_SECOND
    chunk.frames[row]["route_fault"] = 0
    real = read(packet)
    return all(real[name] == value for name, value in named(sample.packet).items() if value >= 0)
