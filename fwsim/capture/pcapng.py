"""pcapng files (draft-ietf-opsawg-pcapng): sections, interfaces and packet blocks of all kinds.

Read first: `fwsim.capture.reader`, and the draft's §4. Packet blocks are found by `fwsim.engine.scan.scan_pcapng`;
sections and interfaces are read here, and blocks that say nothing of packets are skipped.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from fwsim.capture.model import CaptureFile, Table
from fwsim.capture.reader import GO_ON, Reader, Run
from fwsim.capture.stored import Stored
from fwsim.capture.window import Window
from fwsim.engine.scan import BAD_LENGTH, BLOCK_MAX, INTERFACE, MORE, NOTE, OPTION_COMMENT, OTHER_BLOCK, scan_pcapng
from fwsim.errors import CaptureError
from fwsim.tables import empty

SECTION_MAGIC = b"\x0a\x0d\x0d\x0a"
SECTION = 0x0A0D0D0A
BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
"""The byte order mark 0x1A2B3C4D as it stands in the file, and the order as `struct` writes it."""
INTERFACE_DESCRIPTION = 1
INTERFACES_MAX = 1 << 14
"""More interfaces in a file than this are damage."""

OPTION_END = 0
OPTION_NAME = 2
OPTION_RESOLUTION = 9
OPTION_OFFSET = 14


class PcapngReader(Reader):
    """Reads a pcapng."""

    def __init__(
        self, run: Run, file: CaptureFile, number: int, stored: Stored, window: Window, interface: str | None
    ) -> None:
        """Read the first section header; `interface`, if given, is the name of all interfaces of the file."""
        super().__init__(run, file, number, stored, window)
        file.format = "pcapng"
        self._interface = interface
        self.sections = empty(INTERFACE, 4)
        self.described = 0
        self._notes = empty(NOTE, run.chunk_rows)
        self._found: dict[int, list[str]] = {}
        self._section_fault = "cut short"
        while (stop := self._section()) == MORE and window.more():
            pass
        if stop != GO_ON:
            raise CaptureError(file.path, f"a pcapng whose first section header is not sound: {self._section_fault}")

    def _scan(self, frames: Table) -> int:
        """Find packet blocks in the window, or read the one other block that comes first."""
        stop = self._call(scan_pcapng, frames, self.sections, self._notes)
        return self._other_block() if stop == OTHER_BLOCK else stop

    def _other_block(self) -> int:
        """Read a block of another kind: GO_ON, or why reading stops."""
        window = self.window
        kind = self._number(0)
        if kind == SECTION:
            return self._section()
        written = self._number(4)
        total = (written + 3) & ~3
        if total < 12 or total > BLOCK_MAX:
            return BAD_LENGTH
        if window.left < total:
            return MORE
        if self._number(total - 4) != written:
            return BAD_LENGTH
        if kind == INTERFACE_DESCRIPTION and not self._interface_description(total):
            return BAD_LENGTH
        window.at += total
        return GO_ON

    def _section(self) -> int:
        """Read a section header block (§4.1): from here on, its byte order, and interfaces of its own."""
        window = self.window
        if window.left < 28:
            return MORE
        order = BYTE_ORDERS.get(bytes(window.buffer[window.at + 8 : window.at + 12]))
        if order is None:
            self._section_fault = "no byte order mark"
            return BAD_LENGTH
        written, major, minor = struct.unpack_from(f"{order}4xI4xHH", window.buffer.data, window.at)
        total = (written + 3) & ~3
        if major != 1 or minor not in (0, 2):
            self._section_fault = f"version {major}.{minor}, expected 1.0"
            return BAD_LENGTH
        if total < 28 or total > BLOCK_MAX:
            self._section_fault = f"a length of {total:,} bytes"
            return BAD_LENGTH
        if window.left < total:
            return MORE
        self._gather_comments()  # those before the mark are in the old byte order
        self.state["big_endian"] = order == ">"
        self.state["interfaces"] = 0
        if self._number(total - 4) != written:
            self._section_fault = "a length that differs at its end"
            return BAD_LENGTH
        window.at += total
        return GO_ON

    def _interface_description(self, total: int) -> bool:
        """Read an interface description block (§4.2)."""
        if total < 20 or self.described == INTERFACES_MAX:
            return False
        link_type, snap_length = self._unpack("H2xI", 8)
        name, resolution, offset = None, 6, 0
        for code, value in self._options(16, total - 4):
            if code == OPTION_NAME:
                name = value.decode("utf-8", "replace").rstrip("\0")
            elif code == OPTION_RESOLUTION and len(value) == 1:
                resolution = value[0]
            elif code == OPTION_OFFSET and len(value) == 8:
                offset = struct.unpack(f"{self._order}q", value)[0]
        count = int(self.state["interfaces"][0])
        if count == len(self.sections):
            self.sections = np.concatenate([self.sections, empty(INTERFACE, count)])
        number = self._add_interface(name, link_type, self._interface)
        prescale, units = ticks_per_second(resolution)
        self.sections[count] = (number, prescale, units, max(min(offset, 1 << 40), -(1 << 40)), snap_length)
        self.state["interfaces"] = count + 1
        self.described += 1
        return True

    def restore_sections(self, described: Table) -> None:
        """Go on with these interfaces of the section."""
        self.sections = np.concatenate([described, empty(INTERFACE, max(4, len(described)))])
        self.state["interfaces"] = len(described)

    def _begin_batch(self) -> None:
        """Begin without comments."""
        super()._begin_batch()
        self._found = {}

    def _comments(self) -> dict[int, list[str]]:
        """The comments of the frames found since the batch began."""
        self._gather_comments()
        return self._found

    def _gather_comments(self) -> None:
        """Read the comments that the scanner's notes point at."""
        at = self.window.at
        for row, first, end in self._notes[: int(self.state["notes"][0])].tolist():
            options = self._options(first - at, end - at)
            self._found[row] = [value.decode("utf-8", "replace") for code, value in options if code == OPTION_COMMENT]
        self.state["notes"] = 0

    def _options(self, first: int, end: int) -> Iterator[tuple[int, bytes]]:
        """The options between two places of the block, up to the end mark or the first that does not fit (§3.5)."""
        while end - first >= 4:
            code, size = self._unpack("HH", first)
            if code == OPTION_END or size > end - first - 4:
                return
            place = self.window.at + first + 4
            yield code, self.window.buffer[place : place + size].tobytes()
            first += 4 + ((size + 3) & ~3)

    @property
    def _order(self) -> str:
        """The byte order of the section, as `struct` writes it."""
        return ">" if self.state["big_endian"][0] else "<"

    def _unpack(self, fields: str, place: int) -> tuple[int, ...]:
        """Integers of the block, in its byte order."""
        return struct.unpack_from(self._order + fields, self.window.buffer.data, self.window.at + place)

    def _number(self, place: int) -> int:
        """A 32-bit number of the block."""
        return self._unpack("I", place)[0]


def ticks_per_second(resolution: int) -> tuple[int, int]:
    """What if_tsresol means (§4.2), as `prescale` and `units` of an INTERFACE row.

    The top bit chooses between negative powers of 2 and of 10. Finer than about a nanosecond is divided down first.
    """
    exponent = resolution & 0x7F
    base, exact = (2, 33) if resolution & 0x80 else (10, 9)
    return min(base ** max(exponent - exact, 0), 1 << 62), base ** min(exponent, exact)
