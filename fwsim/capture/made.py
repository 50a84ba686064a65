"""Frames made by a program the same way as a capture's: what playbooks and expectations are decided from.

Read first: `Frame`. No file is read, and nothing is asked of scapy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from fwsim.capture.captures import CHUNK_ROWS, Captures
from fwsim.capture.model import CaptureFile, Scanned
from fwsim.capture.reader import Run
from fwsim.tables import FRAME, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE

ETHERNET = 1
INBOUND, OUTBOUND = 1, 2
"""In `Frame.direction`: the frame surely came in, or went out."""


@dataclass(frozen=True)
class Frame:
    """An Ethernet frame: `at_ns` since the epoch, the name of the interface it was seen on, and its first bytes.

    `length` is what was on the wire (more than `data` if the capture cut it); `direction` is 0 where it is not known;
    `label` becomes the packet comment. An empty `interface` is one without a name.
    """

    at_ns: int
    interface: str
    data: bytes
    length: int
    label: str = ""
    direction: int = 0


class MadeFrames:
    """Gives frames batch by batch, numbered from `first`."""

    def __init__(self, run: Run, frames: Iterable[Frame], first: int) -> None:
        """Take the frames one by one."""
        self._run = run
        self._frames: Iterator[Frame] = iter(frames)
        self._number = first
        self._interfaces: dict[str, int] = {}

    def next(self, most: int) -> Scanned | None:
        """The next frames, at most so many; None at the end."""
        batch = list(islice(self._frames, most))
        if not batch:
            return None
        rows = empty(FRAME, len(batch))
        content = bytearray()
        comments: dict[int, list[str]] = {}
        for number, frame in enumerate(batch):
            row = rows[number]
            row["number"], row["ts"] = self._number, frame.at_ns
            row["offset"], row["captured"], row["length"] = len(content), len(frame.data), frame.length
            row["capture_interface"] = self._number_of(frame.interface)
            row["sent_or_received"] = frame.direction
            row["interface"], row["source_mac"] = UNKNOWN_VALUE, ABSENT
            content += frame.data
            self._number += 1
            if frame.label:
                comments[number] = [frame.label]
        return Scanned(rows, np.frombuffer(bytes(content) + b"\0", np.uint8), comments)

    def estimate_remaining(self) -> int:
        """Not known."""
        return 0

    def close(self) -> None:
        """Nothing is open."""

    def _number_of(self, interface: str) -> int:
        """The number of a capture interface."""
        if interface not in self._interfaces:
            self._interfaces[interface] = self._run.add_interface(interface or None, ETHERNET, 0)
        return self._interfaces[interface]


def from_frames(frames: Iterable[Frame], *, first: int = 1, name: str = "<frames>") -> Captures:
    """Frames as a capture of this name, the first of them with the number `first`."""
    run = Run(CHUNK_ROWS, False)
    file = CaptureFile(name, format="frames", link_types=[ETHERNET])
    return Captures(run, [file], [MadeFrames(run, frames, first)], checksum="auto", limit=None)
