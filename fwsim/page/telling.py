"""The handful of packets that matter most, and why.

Read first: `fwsim.report.comparison.most_telling`. The tally names examples; what became of them is noted here while
they pass by, whether they are shown one by one or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fwsim.naming import Naming
from fwsim.page.packets import sentence_of
from fwsim.page.texts import shown
from fwsim.reasons import EVIDENCE_SENTENCES
from fwsim.report.comparison import TELLING
from fwsim.report.line import headers
from fwsim.report.tally import Example, Tally
from fwsim.simulator import MODES
from fwsim.tables import plain
from fwsim.terms import Evidence, word

DIFFERENT = 5
"""Packets on which the modes differ."""
ADMITTED = 2
"""Suspicious ones that state lets in."""

ORDINARY = 0
"""The row of packets without evidence."""
WORDS = {bit.bit_length(): bit for bit in Evidence if bit}


@dataclass(frozen=True)
class Noted:
    """An example with what became of it."""

    position: int
    """Its place in the run, from 0."""
    line: str
    sentence: str


class Telling:
    """The examples so far."""

    def __init__(self, naming: Naming) -> None:
        """None yet."""
        self.naming = naming
        self.noted: dict[tuple[int, int], Noted] = {}
        self._packets = 0

    def add(self, batch: Any, tally: Tally) -> None:
        """Note the new examples of a batch that has been counted."""
        for example in [*tally.examples.values(), *tally.admitted_examples.values()]:
            key = (example.file, example.number)
            if key not in self.noted:
                frames = batch.frames
                rows = np.flatnonzero((frames["file"] == example.file) & (frames["number"] == example.number))
                for row in rows.tolist():
                    self.noted[key] = self._note(batch, row)
        self._packets += len(batch)

    def _note(self, batch: Any, row: int) -> Noted:
        """One of them."""
        line = headers(plain(batch.packets[row]), int(batch.frames[row]["length"]))
        decisions = [batch.decisions(mode)[row] for mode in MODES]
        return Noted(self._packets + row, shown(line), shown(sentence_of(self.naming, MODES, decisions)))

    def told(self, tally: Tally) -> list[dict[str, Any]]:
        """For the page: those on which the modes differ, the most telling first, then what state lets in."""
        order = [bit.bit_length() for bit in TELLING]
        order += [row for row in WORDS if row not in order]
        different = [(row, tally.examples[row]) for row in [*order, ORDINARY] if row in tally.examples]
        chosen = different[:DIFFERENT]
        if different and different[-1][0] == ORDINARY and different[-1] not in chosen:
            chosen[-1] = different[-1]
        rows = [row for row in order if row in tally.admitted_examples]
        admitted = [(row, tally.admitted_examples[row]) for row in rows][:ADMITTED]
        return [self._told(*one) for one in [*chosen, *(one for one in admitted if one not in chosen)]]

    def _told(self, row: int, example: Example) -> dict[str, Any]:
        """One of them."""
        noted = self.noted[example.file, example.number]
        bit = WORDS.get(row)
        what = EVIDENCE_SENTENCES[bit] if bit else "an ordinary packet, nothing wrong with it"
        return {
            "file": example.file, "n": example.number, "at": noted.position, "line": noted.line,
            "word": word(bit) if bit else "ordinary traffic", "why": f"{what}: {noted.sentence}",
        }  # fmt: skip
