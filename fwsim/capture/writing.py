"""Frames written as pcapng: what `-w` and the makers of captures use.

Read first: `CaptureWriter`; draft-ietf-opsawg-pcapng §4. Written are a section header, an interface description before
its first frame, and enhanced packet blocks; little-endian, with times in ns. Nothing depends on the machine or the day:
equal calls give equal bytes.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO, cast

from fwsim.capture.captures import Captures
from fwsim.capture.model import Chunk
from fwsim.engine.link import COOKED_OUTGOING, INBOUND, OUTBOUND
from fwsim.engine.scan import FRAME_MAX
from fwsim.errors import CaptureError

SECTION = 0x0A0D0D0A
INTERFACE_DESCRIPTION = 1
ENHANCED_PACKET = 6
OPTION_END = 0
OPTION_COMMENT = 1
OPTION_NAME = 2
OPTION_FLAGS = 2
OPTION_RESOLUTION = 9
OPTION_APPLICATION = 4
NANOSECONDS = b"\x09"
COOKED_TYPE = {113: 1, 276: 10}
"""Where Linux cooked headers (LINKTYPE_LINUX_SLL, _SLL2) have the byte that tells who sent the frame."""
OPTION_MAX = 65535
"""The longest option value that its 16-bit length, which does not count the padding, can hold."""


class CaptureWriter:
    """Writes one pcapng file, frame by frame; a context manager."""

    def __init__(self, target: str | BinaryIO, captures: Captures | None = None, offset: int | None = None) -> None:
        """Write to a path (`-` is stdout) or to an open binary file, which stays open.

        `captures` are those whose chunks are given to `write`. With an `offset`, the file is gone on with from there.
        """
        self._captures = captures
        self.path = target if isinstance(target, str) else getattr(target, "name", "<file>")
        self.file, self._close = opened(target, offset)
        self._numbers: dict[Any, int] = {}
        self.packets = 0
        if offset is not None:
            return
        section = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
        self._block(SECTION, section + options((OPTION_APPLICATION, b"fwsim")))

    def __enter__(self) -> CaptureWriter:
        """Write in a `with` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def interface(self, name: str | None, link_type: int = 1, key: object = None) -> int:
        """The number of an interface, which is described when first asked for.

        `key` tells interfaces apart that have the same name and link type.
        """
        identity = (name, link_type, key)
        if identity not in self._numbers:
            self._numbers[identity] = len(self._numbers)
            named = [(OPTION_NAME, name.encode("utf-8", "replace"))] if name else []
            described = options(*named, (OPTION_RESOLUTION, NANOSECONDS))
            self._block(INTERFACE_DESCRIPTION, struct.pack("<HHI", link_type, 0, FRAME_MAX) + described)
        return self._numbers[identity]

    def packet(
        self,
        data: bytes,
        ts: int,
        *,
        interface: int,
        length: int | None = None,
        direction: int = 0,
        comments: Iterable[str] = (),
    ) -> None:
        """Write a frame: its captured bytes, its time (ns since the epoch), and its length on the wire if it was cut.

        `interface` is a number that `interface()` gave; `direction` as in FRAME: 0 not known, 1 inbound, 2 outbound.
        """
        ticks = max(ts, 0)
        head = struct.pack("<IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), length or len(data))
        found = [(OPTION_COMMENT, comment_bytes(comment)) for comment in comments]
        if direction:
            found.insert(0, (OPTION_FLAGS, struct.pack("<I", direction)))
        self._block(ENHANCED_PACKET, head + padded(data) + options(*found))
        self.packets += 1

    def write(self, chunk: Chunk, rows: Iterable[int], comments: Mapping[int, Sequence[str]] | None = None) -> None:
        """Write frames of a chunk of the captures again; `comments` by row take the place of those they had."""
        assert self._captures is not None
        for row in rows:
            frame: Any = chunk.frames[row]
            number = int(frame["capture_interface"])
            seen_on = self._captures.interfaces[number]
            data = chunk.data(row)
            self.packet(
                data,
                int(frame["ts"]),
                interface=self.interface(seen_on.name, seen_on.link_type, None if seen_on.name else number),
                length=int(frame["length"]),
                direction=told_direction(int(frame["sent_or_received"]), seen_on.link_type, data),
                comments=chunk.comments.get(row, ()) if comments is None or row not in comments else comments[row],
            )

    def described(self) -> list[list[Any]]:
        """The interfaces that were described, in order: what `restore` takes."""
        return [list(identity) for identity in self._numbers]

    def restore(self, described: Iterable[Any], packets: int) -> None:
        """Go on behind these interfaces and so many frames."""
        self._numbers = {tuple(identity): number for number, identity in enumerate(described)}
        self.packets = packets

    def close(self) -> None:
        """Finish the file."""
        try:
            self.file.close() if self._close else self.file.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise unwritable(self.path, error) from error

    def _block(self, kind: int, body: bytes) -> None:
        """Write a block around a body whose length is a multiple of 4."""
        size = struct.pack("<I", len(body) + 12)
        try:
            self.file.write(struct.pack("<I", kind) + size + body + size)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise unwritable(self.path, error) from error


def comment_bytes(comment: str) -> bytes:
    """A comment, as much of it as an option holds, and no letter in part."""
    written = comment.encode("utf-8", "replace")
    return written if len(written) <= OPTION_MAX else written[:OPTION_MAX].decode("utf-8", "ignore").encode()


def told_direction(direction: int, link_type: int, data: bytes) -> int:
    """The direction that a frame's flags are to tell: none that its cooked header tells already."""
    place = COOKED_TYPE.get(link_type)
    if place is None or len(data) <= place:
        return direction
    cooked = OUTBOUND if data[place] == COOKED_OUTGOING else INBOUND
    return 0 if cooked == direction else direction


def opened(target: str | BinaryIO, offset: int | None = None) -> tuple[BinaryIO, bool]:
    """The file to write to, cut off at the offset if there is one, and whether it is ours to close."""
    if not isinstance(target, str):
        return target, False
    if target == "-":
        return cast(BinaryIO, sys.stdout.buffer), False
    try:
        if offset is None:
            return open(target, "wb"), True
        os.truncate(target, offset)
        return open(target, "ab"), True
    except OSError as error:
        raise unwritable(target, error) from error


def unwritable(path: str, error: OSError) -> CaptureError:
    """The error for a file that cannot be written."""
    return CaptureError(path, f"cannot be written: {error.strerror or error}")


def options(*found: tuple[int, bytes]) -> bytes:
    """Options and their end mark; nothing if there are none."""
    if not found:
        return b""
    written = [struct.pack("<HH", code, len(value[:OPTION_MAX])) + padded(value[:OPTION_MAX]) for code, value in found]
    return b"".join(written) + struct.pack("<HH", OPTION_END, 0)


def padded(data: bytes) -> bytes:
    """Bytes filled up to a multiple of 4."""
    return data + bytes(-len(data) % 4)
