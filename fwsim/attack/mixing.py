"""Forged packets mixed into a capture, at their times, and written.

Read first: `mix`. The frames of the capture keep their order, times, interfaces and comments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fwsim.attack.labels import LabelFile, comment_of, label_among, read_comment, values_of
from fwsim.attack.model import Forged
from fwsim.capture import Captures, CaptureWriter, Chunk


@dataclass
class Count:
    """How many frames were written."""

    honest: int = 0
    forged: int = 0
    innocent: int = 0
    """Answers of ordinary hosts in the story of an attack."""
    warnings: list[str] = field(default_factory=list)
    """Of the captures, if they are damaged."""
    complete: bool = True


class Mixer:
    """Writes frames of a capture and forged packets; labels as comments, or into a file of labels if there is one."""

    def __init__(self, writer: CaptureWriter, labels: LabelFile | None) -> None:
        """Nothing is written yet."""
        self.count = Count()
        self._writer, self._labels = writer, labels

    def honest(self, captures: Captures, chunk: Chunk, row: int) -> None:
        """A frame of the capture. A label that it has already goes where the others go."""
        frame = chunk.frames[row]
        number = int(frame["capture_interface"])
        seen_on = captures.interfaces[number]
        comments = chunk.comments.get(row, [])
        if self._labels is not None and (label := label_among(comments)) is not None:
            self._labels.add(self._writer.packets + 1, label)
            comments = [comment for comment in comments if read_comment(comment) is None]
        self._writer.packet(
            chunk.data(row),
            int(frame["ts"]),
            interface=self._writer.interface(seen_on.name, seen_on.link_type, None if seen_on.name else number),
            length=int(frame["length"]),
            direction=int(frame["sent_or_received"]),
            comments=comments,
        )
        self.count.honest += 1

    def forged(self, forged: Forged) -> None:
        """A packet of an attack."""
        seen = forged.seen
        number = self._writer.interface(seen.name, seen.link_type, seen.key)
        comments = [] if forged.innocent or self._labels is not None else [comment_of(forged)]
        if self._labels is not None and not forged.innocent:
            self._labels.add(self._writer.packets + 1, values_of(forged))
        data = seen.frame(forged.packet)
        self._writer.packet(data, forged.ts, interface=number, direction=seen.direction, comments=comments)
        if forged.innocent:
            self.count.innocent += 1
        else:
            self.count.forged += 1


def mix(captures: Captures, attack: Iterator[Forged], mixer: Mixer) -> Count:
    """Write everything, by time: a forged packet behind the frames of its time."""
    waiting = next(attack, None)
    for chunk in captures:
        for row in range(len(chunk)):
            ts = int(chunk.frames[row]["ts"])
            while waiting is not None and waiting.ts < ts:
                mixer.forged(waiting)
                waiting = next(attack, None)
            mixer.honest(captures, chunk, row)
    while waiting is not None:
        mixer.forged(waiting)
        waiting = next(attack, None)
    mixer.count.warnings = [f"{file.path}: {warning}" for file in captures.files for warning in file.warnings]
    mixer.count.complete = captures.complete
    return mixer.count
