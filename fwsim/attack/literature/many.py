"""Hundreds of thousands of bare TCP segments over IPv4, made all at once, as a capture.

Read first: `segments`. Each field is one number for all or an array with one for each; checksums are right.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.capture import Input, open_captures
from fwsim.capture.crafting import flag_bits
from fwsim.result import compare
from fwsim.ruleset import Ruleset
from fwsim.simulator import Batch

LENGTH = 40
RECORD = np.dtype(
    [("seconds", "<u4"), ("nanoseconds", "<u4"), ("captured", "<u4"), ("length", "<u4"), ("data", "u1", (LENGTH,))]
)
"""A packet in a pcap file of raw IP packets: two header words of time and two of length, and the packet's bytes."""
FLAGS_AT = 33
"""The byte that holds the flags."""
HEADER = np.array([0xA1B23C4D, 2 | 4 << 16, 0, 0, 65535, 101], "<u4").tobytes()
SECOND = 1_000_000_000
BEGIN = 1_772_438_403 * SECOND
"""2026-03-02 08:00:03 UTC."""
SRC, DST, SPORT, DPORT, SEQ, ACK, FLAGS, WIN = 6, 8, 10, 11, 12, 14, 16, 17
"""Where the fields stand, in words of 16 bits; addresses and numbers take two."""


def address(text: str) -> int:
    """An IPv4 address as a number."""
    return int(ip_address(text))


def segments(
    ts: npt.NDArray[np.int64],
    flags: str,
    src: Any,
    dst: Any,
    ports: tuple[Any, Any],
    *,
    seq: Any = 0,
    ack: Any = 0,
    win: Any = 65535,
) -> npt.NDArray[np.void]:
    """Segments with these flags at these times (ns from the beginning)."""
    found = np.zeros(len(ts), RECORD)
    when = ts + BEGIN
    found["seconds"], found["nanoseconds"] = when // SECOND, when % SECOND
    found["captured"] = found["length"] = LENGTH
    words = np.zeros((len(ts), LENGTH // 2), np.int64)
    words[:, 0], words[:, 1], words[:, 3], words[:, 4] = 0x4500, LENGTH, 0x4000, 64 << 8 | 6
    for at, value in ((SRC, src), (DST, dst), (SEQ, seq), (ACK, ack)):
        words[:, at], words[:, at + 1] = np.asarray(value) >> 16 & 0xFFFF, np.asarray(value) & 0xFFFF
    words[:, SPORT], words[:, DPORT] = ports
    words[:, FLAGS], words[:, WIN] = 5 << 12 | flag_bits(flags), win
    words[:, 5] = complement(words[:, :10].sum(axis=1))
    words[:, 18] = complement(words[:, 6:].sum(axis=1) + 6 + 20)
    found["data"] = words.astype(">u2").view(np.uint8).reshape(len(ts), LENGTH)
    return found


def complement(total: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The Internet checksum from a sum of words (RFC 1071)."""
    folded = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - ((folded & 0xFFFF) + (folded >> 16))


def in_order(parts: Sequence[npt.NDArray[np.void]]) -> npt.NDArray[np.void]:
    """Segments by time; those of one time in the order in which they are given."""
    whole = np.concatenate(parts)
    when = whole["seconds"].astype(np.int64) * SECOND + whole["nanoseconds"]
    return whole[np.argsort(when, kind="stable")]


@contextmanager
def stored(packets: npt.NDArray[np.void]) -> Iterator[str]:
    """A capture of segments, as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="fwsim-literature-") as folder:
        path = os.path.join(folder, "many.pcap")
        with open(path, "wb") as file:
            file.write(HEADER)
            packets.tofile(file)
        yield path


def judged(path: str, ruleset: Ruleset, look: Callable[[Batch], None]) -> dict[str, int]:
    """A capture in both modes, chunk by chunk; the table's counts at the end."""
    result = compare(open_captures([Input(path)], digest=False), ruleset, key=0)
    for batch in result:
        look(batch)
    return result.statistics
