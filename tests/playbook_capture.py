"""Captured frames, and the capture files that hold them.

Read first: the pcapng draft (draft-ietf-opsawg-pcapng) §4, `pcap-savefile(5)`, LINKTYPE_LINUX_SLL2 at tcpdump.org.
A small writer of its own, so that what the program reads was not written by the program.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence

import zstandard

from fwsim.capture.made import INBOUND, OUTBOUND, Frame

__all__ = [  # noqa: RUF022  # by kind
    "LINKTYPE_ETHERNET", "LINKTYPE_RAW", "LINKTYPE_SLL", "LINKTYPE_SLL2", "INBOUND", "OUTBOUND", "Frame", "cooked",
    "gzipped", "pcap", "pcapng", "zstandarded",
]  # fmt: skip

LINKTYPE_ETHERNET, LINKTYPE_RAW, LINKTYPE_SLL, LINKTYPE_SLL2 = 1, 101, 113, 276


def pcapng(
    frames: Iterable[Frame], interfaces: Sequence[str], *, link_type: int = LINKTYPE_ETHERNET, snaplen: int = 262144
) -> bytes:
    """A pcapng file: one little-endian section, nanoseconds, the interfaces by name, labels as packet comments."""
    order = {name: number for number, name in enumerate(interfaces)}
    blocks = [_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options([(4, b"fwsim playbook")]))]
    for name in interfaces:
        options = _options([(2, name.encode()), (9, b"\x09")])
        blocks.append(_block(1, struct.pack("<HHI", link_type, 0, snaplen) + options))
    blocks.extend(_packet_block(frame, order[frame.interface]) for frame in frames)
    return b"".join(blocks)


def _packet_block(frame: Frame, interface: int) -> bytes:
    """An Enhanced Packet Block."""
    options = [(1, frame.label.encode())] if frame.label else []
    if frame.direction:
        options.append((2, struct.pack("<I", frame.direction)))
    numbers = (interface, frame.at_ns >> 32, frame.at_ns & 0xFFFFFFFF, len(frame.data), frame.length)
    return _block(6, struct.pack("<IIIII", *numbers) + _padded(frame.data) + _options(options))


def _block(kind: int, body: bytes) -> bytes:
    """A block: type, total length, body, total length."""
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def _options(options: Sequence[tuple[int, bytes]]) -> bytes:
    """An option list with its end, or nothing at all."""
    area = b"".join(struct.pack("<HH", code, len(value)) + _padded(value) for code, value in options)
    return area + b"\0\0\0\0" if area else b""


def _padded(data: bytes) -> bytes:
    """The bytes, padded to 32 bits."""
    return data + b"\0" * (-len(data) % 4)


def pcap(
    frames: Iterable[Frame], *, link_type: int = LINKTYPE_ETHERNET, nanoseconds: bool = False, order: str = "<"
) -> bytes:
    """A classic capture file in either byte order (`<` little, `>` big), micro- or nanoseconds; labels are lost."""
    magic, unit = (0xA1B23C4D, 1) if nanoseconds else (0xA1B2C3D4, 1000)
    records = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link_type)]
    for frame in frames:
        seconds, rest = divmod(frame.at_ns, 1_000_000_000)
        records.append(struct.pack(order + "IIII", seconds, rest // unit, len(frame.data), frame.length) + frame.data)
    return b"".join(records)


def cooked(frame: Frame, ifindex: int, *, version: int = 2) -> Frame:
    """The frame as `tcpdump -i any` has it: the Linux cooked header instead of Ethernet's, without padding.

    Packet type 0 came in, 4 went out; the address is that of its sender on the link.
    """
    ethertype, body = frame.data[12:14], frame.data[14:]
    kind = 4 if frame.direction == OUTBOUND else 0
    sender = frame.data[6:12] + b"\0\0"
    if version == 2:
        head = ethertype + struct.pack("!HIHBB", 0, ifindex, 1, kind, 6) + sender
    else:
        head = struct.pack("!HHH", kind, 1, 6) + sender + ethertype
    data = head + body[: _ip_length(body)]
    return Frame(frame.at_ns, "any", data, len(data), frame.label)


def _ip_length(body: bytes) -> int:
    """How long the IP packet says it is; everything if it is none."""
    if body[0] >> 4 == 6:
        return 40 + int.from_bytes(body[4:6], "big")
    return int.from_bytes(body[2:4], "big") if body[0] >> 4 == 4 else len(body)


def gzipped(data: bytes) -> bytes:
    """The bytes as one gzip member (RFC 1952) without name and time, so that nothing of the day of making is in it."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = deflate.compress(data) + deflate.flush()
    return b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def zstandarded(data: bytes) -> bytes:
    """The bytes as one zstd frame. For captures level 3 packs as well as 19 (measured), in a hundredth of the time."""
    return zstandard.ZstdCompressor(level=3, write_checksum=True, write_content_size=True).compress(data)
