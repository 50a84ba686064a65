"""Pcap records from columns of numbers, thousands at a time: IPv4 on Ethernet, right checksums throughout.

Records of one kind are rows of a packed table, which numpy fills and sums; what follows the headers is one of a few
payloads whose sums are known beforehand.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.int64]

ICMP, TCP, UDP = 1, 6, 17
ETHERNET, NANOSECONDS = 1, 0xA1B23C4D
FILE_HEADER = struct.pack("<IHHiIII", NANOSECONDS, 2, 4, 0, 0, 65535, ETHERNET)

MACS = bytes.fromhex("020000000001020000000002")
RECORD_HEADER, ETHERNET_HEADER, IP_HEADER = 16, 14, 20

BEFORE_IP: list[Any] = [
    ("seconds", "<u4"), ("nanoseconds", "<u4"), ("captured", "<u4"), ("length", "<u4"), ("macs", "V12"),
    ("type", ">u2"),
]  # fmt: skip
IP: list[Any] = [
    ("version", "u1"), ("tos", "u1"), ("total", ">u2"), ("id", ">u2"), ("fragment", ">u2"), ("ttl", "u1"),
    ("proto", "u1"), ("ip_sum", ">u2"), ("src", ">u4"), ("dst", ">u4"),
]  # fmt: skip
PORTS: list[Any] = [("sport", ">u2"), ("dport", ">u2")]
TCP_HEADER: list[Any] = [
    *PORTS, ("seq", ">u4"), ("ack", ">u4"), ("offset", "u1"), ("flags", "u1"), ("window", ">u2"), ("sum", ">u2"),
    ("urgent", ">u2"),
]  # fmt: skip
UDP_HEADER: list[Any] = [*PORTS, ("udp_length", ">u2"), ("sum", ">u2")]
ICMP_HEADER: list[Any] = [("icmp_type", "u1"), ("icmp_code", "u1"), ("sum", ">u2"), ("rest", ">u4")]
OTHER_HEADER: list[Any] = [("rest", ">u8")]

ROWS = {
    TCP: np.dtype(BEFORE_IP + IP + TCP_HEADER),
    UDP: np.dtype(BEFORE_IP + IP + UDP_HEADER),
    ICMP: np.dtype(BEFORE_IP + IP + ICMP_HEADER),
}
OTHER_ROW = np.dtype(BEFORE_IP + IP + OTHER_HEADER)
IP_AT = RECORD_HEADER + ETHERNET_HEADER
TRANSPORT_AT = IP_AT + IP_HEADER
PSEUDO_AT = TRANSPORT_AT - 8
"""Where the addresses begin, which every transport checksum covers."""


class Payloads:
    """The few payloads that packets choose from, by number; number 0 is none at all."""

    def __init__(self, payloads: Sequence[bytes]) -> None:
        """`payloads` without the empty one."""
        self.bytes = [b"", *payloads]
        self.sizes = np.array([len(data) for data in self.bytes], np.int64)
        self.sums = np.array([word_sum(data) for data in self.bytes], np.int64)


def word_sum(data: bytes) -> int:
    """The plain sum of 16-bit words (RFC 1071), not folded."""
    return int(np.frombuffer(data + b"\0" * (len(data) % 2), ">u2").sum(dtype=np.int64))


def folded(total: Column) -> Column:
    """The Internet checksum of sums of words (RFC 1071)."""
    total = (total >> 16) + (total & 0xFFFF)
    total = (total >> 16) + (total & 0xFFFF)
    return 0xFFFF - ((total >> 16) + (total & 0xFFFF))


NO_PAYLOADS = Payloads([])


def _blank(proto: int, ts: Column, payload: Column, number: Column, payloads: Payloads) -> npt.NDArray[np.void]:
    """Rows with everything that does not hang on the transport header, but addresses."""
    row = ROWS.get(proto, OTHER_ROW)
    rows = np.zeros(len(ts), row)
    size = row.itemsize - RECORD_HEADER + payloads.sizes[payload]
    rows["seconds"], rows["nanoseconds"] = ts // 10**9, ts % 10**9
    rows["captured"] = rows["length"] = size
    rows["macs"] = np.void(MACS)
    rows["type"] = 0x0800
    rows["version"] = 0x45
    rows["total"] = size - ETHERNET_HEADER
    rows["id"] = number & 0xFFFF
    rows["fragment"] = 0x4000
    rows["ttl"] = 64
    rows["proto"] = proto
    return rows


def _words(rows: npt.NDArray[np.void], begin: int, end: int | None = None) -> Column:
    """The sum of the 16-bit words from one byte of each row to another."""
    matrix = rows.view(">u2").reshape(len(rows), -1)
    total: Column = matrix[:, begin // 2 : end and end // 2].sum(axis=1, dtype=np.int64)
    return total


def _as_bytes(rows: npt.NDArray[np.void]) -> list[bytes]:
    rows["ip_sum"] = folded(_words(rows, IP_AT, TRANSPORT_AT))
    records: list[bytes] = rows.view(f"V{rows.dtype.itemsize}").tolist()
    return records


def tcp_records(ts: Column, number: Column, fields: dict[str, Column], payload: Column, payloads: Payloads) -> bytes:
    """TCP segments, one after the other; `fields` are `src dst sport dport seq ack flags`."""
    rows = _blank(TCP, ts, payload, number, payloads)
    for name, values in fields.items():
        rows[name] = values
    rows["offset"], rows["window"] = 0x50, 64000
    segment = ROWS[TCP].itemsize - TRANSPORT_AT + payloads.sizes[payload]
    rows["sum"] = folded(_words(rows, PSEUDO_AT) + TCP + segment + payloads.sums[payload])
    pieces: list[bytes] = [b""] * (2 * len(rows))
    pieces[::2] = _as_bytes(rows)
    pieces[1::2] = [payloads.bytes[kind] for kind in payload.tolist()]
    return b"".join(pieces)


def header_records(ts: Column, number: Column, headers: npt.NDArray[np.void]) -> bytes:
    """Packets with nothing behind their headers; `headers` are rows of `tests.classbench.HEADER`."""
    records = np.empty(len(headers), object)
    for proto in np.unique(headers["proto"]).tolist():
        chosen = np.flatnonzero(headers["proto"] == proto)
        records[chosen] = _bare(proto, ts[chosen], number[chosen], headers[chosen])
    return b"".join(records.tolist())


def _bare(proto: int, ts: Column, number: Column, headers: npt.NDArray[np.void]) -> list[bytes]:
    """The records of one protocol."""
    rows = _blank(proto, ts, np.zeros(len(ts), np.int64), number, NO_PAYLOADS)
    rows["src"], rows["dst"] = headers["src"], headers["dst"]
    segment = rows.dtype.itemsize - TRANSPORT_AT
    if proto in (TCP, UDP):
        rows["sport"], rows["dport"] = headers["sport"], headers["dport"]
    if proto == TCP:
        rows["seq"], rows["ack"] = number * 2654435761 & 0xFFFFFFFF, (headers["kind"] & 0x10 != 0) * number
        rows["offset"], rows["flags"], rows["window"] = 0x50, headers["kind"], 64000
    elif proto == UDP:
        rows["udp_length"] = segment
    elif proto == ICMP:
        rows["icmp_type"], rows["rest"] = headers["kind"], number
        rows["sum"] = folded(_words(rows, TRANSPORT_AT))
    if proto in (TCP, UDP):
        total = folded(_words(rows, PSEUDO_AT) + proto + segment)
        rows["sum"] = np.where((total == 0) & (proto == UDP), 0xFFFF, total)
    return _as_bytes(rows)
