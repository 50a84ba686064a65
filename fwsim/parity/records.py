"""The frames of captures as records that can be left out, put together anew, and written again.

Read first: `fwsim.parity.shrinking`, which needs them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from fwsim.capture import Captures, CaptureWriter


@dataclass(frozen=True)
class Record:
    """A captured frame by itself: its bytes, its time (ns), where it was seen, and which way it went."""

    data: bytes
    ts: int
    length: int
    interface: str | None
    link_type: int
    direction: int
    file: int
    number: int


def records(captures: Captures, behind: tuple[int, int]) -> list[Record]:
    """The frames of captures up to the one with this file and number, which is the last."""
    found: list[Record] = []
    for chunk in captures:
        for row in range(len(chunk)):
            frame: Any = chunk.frames[row]
            seen_on = captures.interfaces[int(frame["capture_interface"])]
            found.append(
                Record(
                    bytes(chunk.data(row)),
                    int(frame["ts"]),
                    int(frame["length"]),
                    seen_on.name,
                    seen_on.link_type,
                    int(frame["sent_or_received"]),
                    int(frame["file"]),
                    int(frame["number"]),
                )
            )
            if (found[-1].file, found[-1].number) == behind:
                return found
    return found


def write(path: str, frames: Iterable[Record]) -> None:
    """Write frames as a capture."""
    with CaptureWriter(path) as writer:
        for frame in frames:
            number = writer.interface(frame.interface, frame.link_type)
            writer.packet(frame.data, frame.ts, interface=number, length=frame.length, direction=frame.direction)
