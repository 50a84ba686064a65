"""Classic pcap files (draft-ietf-opsawg-pcap): both byte orders, microseconds and nanoseconds.

Read first: `fwsim.capture.reader`. The records are found by `fwsim.engine.scan.scan_pcap`.
"""

from __future__ import annotations

import struct

from fwsim.capture.link_types import is_readable, refusal
from fwsim.capture.model import CaptureFile, Table
from fwsim.capture.reader import Reader, Run
from fwsim.capture.stored import Stored
from fwsim.capture.window import Window
from fwsim.engine.scan import scan_pcap
from fwsim.errors import CaptureError

HEADER = 24
RECORD_HEADER = 16
MODIFIED_RECORD_HEADER = 24
"""Kuznetzov's patch of libpcap added interface index, protocol and packet type to each record."""

MICROSECONDS = 0xA1B2C3D4
NANOSECONDS = 0xA1B23C4D
MODIFIED = 0xA1B2CD34

MAGICS: dict[bytes, tuple[str, int, int]] = {
    magic.to_bytes(4, order): ("<" if order == "little" else ">", magic, header)
    for magic, header in (
        (MICROSECONDS, RECORD_HEADER), (NANOSECONDS, RECORD_HEADER), (MODIFIED, MODIFIED_RECORD_HEADER),
    )
    for order in ("little", "big")
}  # fmt: skip
"""The first four bytes of a pcap: its byte order, the magic number, and the size of its record headers."""


class PcapReader(Reader):
    """Reads a classic pcap."""

    def __init__(
        self, run: Run, file: CaptureFile, number: int, stored: Stored, window: Window, interface: str | None
    ) -> None:
        """Read the file's header; `interface` is the name the user gave to where it was captured."""
        super().__init__(run, file, number, stored, window)
        if not window.have(HEADER):
            raise CaptureError(file.path, f"a pcap that ends within its header of {HEADER} bytes")
        order, magic, header = MAGICS[bytes(window.buffer[:4])]
        major, minor, link = struct.unpack_from(f"{order}4xHH12xI", window.buffer.data)
        if major != 2:
            raise CaptureError(file.path, f"pcap version {major}.{minor} is not read, expected 2.4")
        link_type = link & 0xFFFF  # above are the length of the frame check sequence and reserved bits
        if not is_readable(link_type):
            raise CaptureError(file.path, refusal(link_type))
        file.format = "pcap"
        window.at = HEADER
        self.state["big_endian"] = order == ">"
        self.state["header"] = header
        self.state["nanoseconds_per_tick"] = 1 if magic == NANOSECONDS else 1000
        self.state["swap_lengths"] = minor <= 3
        self.state["interface"] = self._add_interface(None, link_type, interface)

    def _scan(self, frames: Table) -> int:
        """Find records in the window."""
        return self._call(scan_pcap, frames)
