"""Captures and packets made byte by byte with `struct`, so that tests do not trust the code they test."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fwsim.capture import Captures, Input, open_captures
from fwsim.tables import each

MAC = bytes.fromhex("020000000002020000000001")
"""Destination 02:...:02, source 02:...:01."""
SOURCE_MAC = 0x020000000001
CLIENT = bytes([10, 0, 0, 1])
SERVER = bytes([192, 0, 2, 2])
CLIENT6 = bytes.fromhex("fd00" + "00" * 13 + "01")
SERVER6 = bytes.fromhex("20010db8" + "00" * 11 + "02")


def internet_sum(data: bytes) -> int:
    """The one's complement sum of 16-bit words, the slow way."""
    total = 0
    for at in range(0, len(data), 2):
        total += int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    return total


def pseudo(src: bytes, dst: bytes, proto: int, size: int) -> bytes:
    if len(src) == 4:
        return src + dst + struct.pack(">BBH", 0, proto, size)
    return src + dst + struct.pack(">II", size, proto)


def with_sum(segment: bytes, at: int, head: bytes = b"") -> bytes:
    """The segment with its checksum (at a place) over `head` and itself."""
    blank = segment[:at] + b"\0\0" + segment[at + 2 :]
    value = 0xFFFF - internet_sum(head + blank)
    return blank[:at] + struct.pack(">H", value) + blank[at + 2 :]


def tcp(
    flags: int = 0x02, *, sport: int = 40000, dport: int = 80, seq: int = 1000, ack: int = 0, win: int = 64240,
    options: bytes = b"", payload: bytes = b"", src: bytes = CLIENT, dst: bytes = SERVER, offset: int | None = None,
) -> bytes:  # fmt: skip
    words = (20 + len(options)) // 4 if offset is None else offset
    segment = struct.pack(">HHIIBBHHH", sport, dport, seq, ack, words << 4, flags, win, 0, 0) + options + payload
    return with_sum(segment, 16, pseudo(src, dst, 6, len(segment)))


def udp(
    payload: bytes = b"hello", *, sport: int = 5000, dport: int = 53, length: int | None = None,
    src: bytes = CLIENT, dst: bytes = SERVER,
) -> bytes:  # fmt: skip
    segment = struct.pack(">HHHH", sport, dport, 8 + len(payload) if length is None else length, 0) + payload
    return with_sum(segment, 6, pseudo(src, dst, 17, len(segment)))


def icmp(kind: int = 8, code: int = 0, *, ident: int = 7, body: bytes = b"ping") -> bytes:
    return with_sum(struct.pack(">BBHHH", kind, code, 0, ident, 1) + body, 2)


def icmpv6(kind: int, code: int = 0, *, ident: int = 7, body: bytes = b"", proto: int = 58) -> bytes:
    message = struct.pack(">BBHHH", kind, code, 0, ident, 1) + body
    return with_sum(message, 2, pseudo(CLIENT6, SERVER6, proto, len(message)))


def ip4(
    payload: bytes, proto: int = 6, *, src: bytes = CLIENT, dst: bytes = SERVER, ttl: int = 64, tos: int = 0,
    ident: int = 1, fragment: int = 0, total: int | None = None, options: bytes = b"", version: int = 4,
    ihl: int | None = None,
) -> bytes:  # fmt: skip
    words = 5 + len(options) // 4 if ihl is None else ihl
    size = 20 + len(options) + len(payload) if total is None else total
    first = version << 4 | words
    head = struct.pack(">BBHHHBBH", first, tos, size, ident, fragment, ttl, proto, 0) + src + dst + options
    return with_sum(head, 10) + payload


def ip6(
    payload: bytes, proto: int = 6, *, src: bytes = CLIENT6, dst: bytes = SERVER6, ttl: int = 64,
    traffic_class: int = 0, size: int | None = None,
) -> bytes:  # fmt: skip
    length = len(payload) if size is None else size
    return struct.pack(">IHBB", 6 << 28 | traffic_class << 20, length, proto, ttl) + src + dst + payload


def ether(payload: bytes, kind: int = 0x0800) -> bytes:
    return MAC + struct.pack(">H", kind) + payload


def pcap(
    *frames: bytes, link: int = 1, order: str = "<", nano: bool = False, ts: int = 1_700_000_000_000_000_000,
    lengths: list[int] | None = None, magic: int | None = None, version: tuple[int, int] = (2, 4),
) -> bytes:  # fmt: skip
    """A classic pcap; frame i is i microseconds after `ts`; `lengths` on the wire if they differ."""
    number = magic or (0xA1B23C4D if nano else 0xA1B2C3D4)
    content = struct.pack(order + "IHHiIII", number, *version, 0, 0, 262144, link)
    for index, frame in enumerate(frames):
        when = ts + index * 1000
        fraction = when % 10**9 // (1 if nano else 1000)
        length = lengths[index] if lengths else len(frame)
        content += struct.pack(order + "IIII", when // 10**9, fraction, len(frame), length) + frame
    return content


@dataclass
class Pcapng:
    """A pcapng under construction, block by block."""

    order: str = "<"
    content: bytes = b""

    def pack(self, fields: str, *values: Any) -> bytes:
        return struct.pack(self.order + fields, *values)

    def options(self, *found: tuple[int, bytes]) -> bytes:
        if not found:
            return b""
        written = (self.pack("HH", code, len(value)) + value + bytes(-len(value) % 4) for code, value in found)
        return b"".join(written) + self.pack("HH", 0, 0)

    def block(self, kind: int, body: bytes) -> Pcapng:
        size = self.pack("I", len(body) + 12)
        self.content += self.pack("I", kind) + size + body + size
        return self

    def section(self, order: str | None = None) -> Pcapng:
        self.order = order or self.order
        return self.block(0x0A0D0D0A, self.pack("IHHq", 0x1A2B3C4D, 1, 0, -1))

    def interface(self, link: int = 1, snap: int = 0, *options: tuple[int, bytes]) -> Pcapng:
        return self.block(1, self.pack("HHI", link, 0, snap) + self.options(*options))

    def packet(
        self, data: bytes, ticks: int = 0, *options: tuple[int, bytes], interface: int = 0, length: int | None = None
    ) -> Pcapng:
        head = self.pack("IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(data), length or len(data))
        return self.block(6, head + data + bytes(-len(data) % 4) + self.options(*options))

    def simple(self, data: bytes, length: int | None = None) -> Pcapng:
        return self.block(3, self.pack("I", length or len(data)) + data + bytes(-len(data) % 4))

    def obsolete(self, data: bytes, ticks: int, *options: tuple[int, bytes], interface: int = 0) -> Pcapng:
        head = self.pack("HHIIII", interface, 5, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data))
        return self.block(2, head + data + bytes(-len(data) % 4) + self.options(*options))


@dataclass
class Frame:
    """One decoded frame: its rows as dicts, and its comments."""

    frame: dict[str, int]
    packet: dict[str, int]
    quote: dict[str, int] | None
    comments: list[str]


def frames_of(captures: Captures) -> list[Frame]:
    """Every frame of the captures."""
    found: list[Frame] = []
    for chunk in captures:
        quotes = list(each(chunk.quotes))
        for row, (frame, packet) in enumerate(zip(each(chunk.frames), each(chunk.packets), strict=True)):
            quote = quotes[packet["quote"]] if packet["quote"] >= 0 else None
            found.append(Frame(frame, packet, quote, chunk.comments.get(row, [])))
    return found


def read(folder: Path, content: bytes, **options: Any) -> tuple[Captures, list[Frame]]:
    """Read a capture of this content, from a file with a name that says nothing."""
    path = folder / f"capture-{len(list(folder.iterdir()))}"
    path.write_bytes(content)
    captures = open_captures([Input(str(path))], **options)
    return captures, frames_of(captures)


def decoded(data: bytes, link: int = 1, length: int | None = None, checksum: str = "auto") -> Frame:
    """One frame, decoded from memory."""
    from fwsim.capture.captures import Captures as Opened
    from fwsim.capture.model import CaptureFile, Scanned
    from fwsim.capture.reader import Run
    from fwsim.tables import FRAME, empty

    frames = empty(FRAME, 1)
    for name, value in {"number": 1, "captured": len(data), "length": length or len(data), "source_mac": -1}.items():
        frames[name] = value
    run = Run(1, False)
    run.add_interface(None, link, 0)
    once = [Scanned(frames, np.frombuffer(data + b"\xee", np.uint8), {})]

    class Once:
        def next(self, most: int) -> Scanned | None:
            return once.pop() if once else None

        def estimate_remaining(self) -> int:
            return 0

        def close(self) -> None: ...

    (frame,) = frames_of(Opened(run, [CaptureFile("made")], [Once()], checksum=checksum, limit=None))
    return frame
