"""What a file is, told by its content: pcap, pcapng, compressed or not, or something that is refused by name.

Read first: `open_capture`. The suffix of a name is never looked at.
"""

from __future__ import annotations

from fwsim.capture.model import CaptureFile, Input
from fwsim.capture.pcap import MAGICS, PcapReader
from fwsim.capture.pcapng import SECTION_MAGIC, PcapngReader
from fwsim.capture.reader import Reader, Run
from fwsim.capture.stored import compression, open_stored
from fwsim.capture.window import Window
from fwsim.errors import CaptureError

OTHER_FORMATS: dict[bytes, str] = {
    b"snoop\0": "a snoop capture (RFC 1761)",
    b"GMBU": "a Microsoft Network Monitor 2 capture",
    b"RTSS": "a Network Monitor 1 capture",
    b"TRSNIFF data": "a Sniffer capture",
    b"XCP\0": "a NetXRay capture",
    b"\x7fELF": "a program",
    b"PK\x03\x04": "a zip archive",
    b"\x02\x21\x4c\x18": "compressed with the legacy lz4 format",
}
"""Files that are no captures to us, by their first bytes."""


def open_capture(run: Run, one: Input, file: CaptureFile, number: int) -> Reader:
    """Open a capture file and read its header; CaptureError if it is none."""
    stored, source = open_stored(one.path, digest=run.digest, stopped=run.stopped)
    try:
        window = Window(source, run.buffers)
        window.have(4)
        first = bytes(window.buffer[: min(window.end, 16)])
        file.compression = getattr(source, "name", "")
        if first[:4] in MAGICS:
            return PcapReader(run, file, number, stored, window, one.interface)
        if first[:4] == SECTION_MAGIC:
            return PcapngReader(run, file, number, stored, window, one.interface)
        raise CaptureError(one.path, what_it_is(first, window.damage, file.compression))
    except CaptureError:
        stored.close()
        raise


def what_it_is(first: bytes, damage: str | None, compressed: str) -> str:
    """Say what a file is instead of a capture, from its first bytes."""
    inside = f"{compressed} data that hold " if compressed else ""
    if damage is not None:
        return damage
    if not first:
        return f"{inside or 'is '}empty, expected a capture".replace("hold empty", "hold nothing")
    found = next((name for magic, name in OTHER_FORMATS.items() if first.startswith(magic)), None)
    nested = compression(first)
    if nested is not None:
        found = f"compressed once more ({nested[0]})"
    if found is None and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in first):
        found = "text"
    if found is None:
        found = f"something that begins with the bytes {first[:4].hex(' ')}"
    hint = " (a ruleset goes behind -r)" if found == "text" and not inside else ""
    return f"{inside or 'is '}{found}, expected a pcap or pcapng capture{hint}"
