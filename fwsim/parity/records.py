"""The frames of captures as records that can be left out, put together anew, and written again.

Read first: `fwsim.parity.shrinking`, which needs them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
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
    packet: slice
    """Where in the bytes its IP packet lies; nowhere if it has none that can be read."""

    def with_packet(self, packet: bytes) -> Record:
        """The same frame with another IP packet of the same length."""
        return replace(self, data=self.data[: self.packet.start] + packet + self.data[self.packet.stop :])


def records(captures: Captures, *, behind: tuple[int, int] | None = None, most: int | None = None) -> list[Record]:
    """The frames of captures up to the one with this file and number, or up to so many."""
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
                    packet_of(frame, chunk.packets[row]),
                )
            )
            if (found[-1].file, found[-1].number) == behind or len(found) == most:
                return found
    return found


def packet_of(frame: Any, packet: Any) -> slice:
    """Where in the captured bytes of a frame its IP packet lies."""
    if not packet["family"]:
        return slice(0, 0)
    start = int(frame["network"])
    return slice(start, max(min(start + int(packet["length"]), int(frame["captured"])), start))


def write(path: str, frames: Iterable[Record]) -> None:
    """Write frames as a capture."""
    with CaptureWriter(path) as writer:
        for frame in frames:
            number = writer.interface(frame.interface, frame.link_type)
            writer.packet(frame.data, frame.ts, interface=number, length=frame.length, direction=frame.direction)
