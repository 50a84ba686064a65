"""Explanations of fragments that wait: what became of their datagram is known only later in the capture.

Read first: `fwsim.defragmenting`.
"""

from __future__ import annotations

from collections.abc import Sequence

from fwsim.defragmenting import Fate
from fwsim.harmless import safe
from fwsim.reasons import SENTENCES
from fwsim.simulator import Batch, Simulator
from fwsim.terms import Reason

WAITING = "it gets the verdict on its datagram, if that is ever complete"
"""What is told of a fragment as long as nothing more is known."""


class Explanations:
    """Texts in order, each to be had once nothing in it waits."""

    def __init__(self, simulator: Simulator, files: Sequence[str]) -> None:
        """None yet; `simulator` is going to note what becomes of the fragments that wait."""
        self._files = files
        self._texts: list[tuple[str, tuple[int, int] | None]] = []
        self._defragmenter = simulator.defragmenter
        self._fates: dict[tuple[int, int], Fate | None] = {}
        if self._defragmenter is not None:
            self._fates = self._defragmenter.fates

    def add(self, text: str, batch: Batch, row: int) -> None:
        """The explanation of a row that has been decided."""
        frame = (int(batch.frames[row]["file"]), int(batch.frames[row]["number"]))
        if WAITING not in text:
            self._texts.append((text, None))
            return
        self._texts.append((text, frame))
        self._fates[frame] = None

    def wait(self) -> bool:
        """Whether one of them still waits."""
        return any(frame is not None and self._fates[frame] is None for _, frame in self._texts)

    def ready(self) -> list[str]:
        """Those that can be told now, as far as one that waits."""
        done = []
        while self._texts:
            text, frame = self._texts[0]
            if frame is not None:
                fate = self._fates[frame]
                if fate is None:
                    break
                text = text.replace(WAITING, self._told(fate, frame[0]))
            done.append(text)
            self._texts.pop(0)
        return done

    def rest(self) -> list[str]:
        """Those that are left when the captures have ended."""
        if self._texts and self._defragmenter is not None:
            self._defragmenter.give_up()
        return self.ready()

    def _told(self, fate: Fate, own: int) -> str:
        """What became of a fragment of the file `own`."""
        if fate.completed_by is None:
            return f"it never gets a verdict: {SENTENCES[Reason(fate.reason)]}"
        file, number = fate.completed_by
        where = f"{safe(self._files[file])}:{number}" if file != own else str(number)
        return f"it gets the verdict on its datagram, which packet {where} completes: explain that"
