"""SCTP packets: the common header, the CRC, and the list of chunks as conntrack walks it.

Read first: RFC 9260 §3, `fwsim.tables.QUOTE`; the kernel's `sctp_error` and `do_basic_checks`. A packet is as long a
list of chunks as its sender likes, while a row has so many fields: only what tracking looks at is kept, five bits a
chunk. What the chunks do to an association is in `fwsim.engine.sctp`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.engine import hot, shared
from fwsim.engine.checksum import AUTO, IGNORE
from fwsim.engine.network import BAD_CHECKSUM, BAD_LENGTH, WHOLE
from fwsim.engine.sctp_table import COOKIE_ACK, COOKIE_ECHO, DATA, INIT, INIT_ACK, OTHER, SHUTDOWN_COMPLETE
from fwsim.engine.transport import clear_quote, fault, field32, ports, tiny
from fwsim.engine.wire import Buffer, u8, u16, u32
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Proto, Reason

Row = Any
Table = Any

SCTP = int(Proto.SCTP)
L4_TRUNCATED = int(Reason.L4_TRUNCATED)
SCTP_BAD_CHECKSUM = int(Reason.SCTP_BAD_CHECKSUM)

HEADER = 12
CRC_AT = 8
"""Where in it the CRC stands."""
T_BIT = 1
"""The flag of ABORT and SHUTDOWN-COMPLETE: the tag is the peer's (RFC 9260 §8.5.1)."""
ENTRY_T = 16
"""The same in an entry of the list, above the kind."""
ENTRIES_A_WORD = 12
ENTRY_BITS = 5
MOST_CHUNKS = 48
"""Entries that the four words of a row hold."""

# Kinds by chunk type (RFC 9260 §3.2): DATA, INIT, INIT ACK, SACK, HEARTBEAT, HEARTBEAT ACK, ABORT, SHUTDOWN,
# SHUTDOWN ACK, ERROR, COOKIE ECHO, COOKIE ACK, ECNE, CWR, SHUTDOWN COMPLETE.
KINDS = (11, 0, 1, 12, 9, 10, 2, 3, 4, 5, 6, 7, 12, 12, 8)


def _crc_table() -> npt.NDArray[np.int64]:
    """The CRC of each byte (RFC 9260 appendix A, reflected polynomial 0x82F63B78)."""
    table = np.zeros(256, np.int64)
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        table[byte] = value
    return table


CRC_TABLE = _crc_table()


@hot
def sctp(buffer: Buffer, frame: Row, packet: Row, quotes: Table, layer: Row, decoder: Row) -> None:
    """Read an SCTP header and the list of chunks behind it; `quote` becomes its row."""
    ports(buffer, frame, packet, layer)
    size = layer["size"]
    packet["payload"] = max(size - HEADER, 0)
    if packet["fragment"] != WHOLE:
        tiny(frame, packet, layer, HEADER)
        return
    if size < HEADER:
        fault(frame, L4_TRUNCATED, BAD_LENGTH)
        return
    if decoder["checksum"] != IGNORE and layer["have"] >= size:
        judge_crc(buffer, frame, layer, decoder)
    packet["quote"] = decoder["quotes"]
    decoder["quotes"] += 1
    chunks(buffer, quotes[packet["quote"]], layer)


@hot
def judge_crc(buffer: Buffer, frame: Row, layer: Row, decoder: Row) -> None:
    """Verify the CRC. One left to the network card is 0 in the capture."""
    stored = u32(buffer, layer["at"] + CRC_AT)
    if crc32c(buffer, layer["at"], layer["size"]) == stored:
        return
    if decoder["checksum"] == AUTO and stored == 0:
        decoder["offloaded"] += 1
    else:
        fault(frame, SCTP_BAD_CHECKSUM, BAD_CHECKSUM)


@shared
def crc32c(buffer: Buffer, at: int, size: int) -> int:
    """The CRC of a packet with zeros in the place of the field, as the field holds it (low byte first).

    Uncompiled, going through slices costs a third of what reading byte after byte would.
    """
    crc = 0xFFFFFFFF
    for byte in buffer[at : at + CRC_AT]:
        crc = int(CRC_TABLE[(crc ^ byte) & 0xFF]) ^ (crc >> 8)
    for _ in range(CRC_AT, HEADER):
        crc = int(CRC_TABLE[crc & 0xFF]) ^ (crc >> 8)
    for byte in buffer[at + HEADER : at + size]:
        crc = int(CRC_TABLE[(crc ^ byte) & 0xFF]) ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (crc & 0xFF) << 24 | (crc & 0xFF00) << 8 | (crc >> 8) & 0xFF00 | crc >> 24


@shared
def chunks(buffer: Buffer, row: Row, layer: Row) -> None:
    """List the chunks, as far as the packet goes or its first that breaks a rule (`for_each_sctp_chunk`)."""
    clear_chunks(buffer, row, layer)
    end = layer["size"]
    offset = HEADER
    alone = False
    count = 0
    last = ABSENT
    while offset + 4 <= end:
        if layer["have"] < offset + 4:
            row["usable"] = UNKNOWN_VALUE
            return
        at = layer["at"] + offset
        kind = kind_of(u8(buffer, at))
        length = u16(buffer, at + 2)
        alone = alone or kind == INIT or kind == INIT_ACK or kind == SHUTDOWN_COMPLETE
        if length == 0 or (count > 0 and (alone or kind == COOKIE_ACK or kind == COOKIE_ECHO)):
            row["usable"] = 0
            return
        if kind == INIT or kind == INIT_ACK:
            row["init_tag"] = ABSENT if end < offset + 20 else field32(buffer, layer, offset + 4)
            if row["init_tag"] == UNKNOWN_VALUE:
                row["usable"] = UNKNOWN_VALUE
                return
        entry = kind | (ENTRY_T if u8(buffer, at + 1) & T_BIT else 0)
        last = add_chunk(row, kind, entry, last)
        count += 1
        offset += (length + 3) & ~3
    row["usable"] = 1 if count > 0 else 0


@hot
def clear_chunks(buffer: Buffer, row: Row, layer: Row) -> None:
    """Begin a row: no chunk yet."""
    clear_quote(row)
    row["proto"] = SCTP
    row["vtag"] = field32(buffer, layer, 4)
    row["init_tag"] = ABSENT


@hot
def kind_of(number: int) -> int:
    """The kind of a chunk type."""
    return KINDS[number] if number < len(KINDS) else OTHER


@hot
def add_chunk(row: Row, kind: int, entry: int, last: int) -> int:
    """Add a chunk to the list; returns what `last` is for the next.

    Of several like ones in a row the list keeps two, of DATA and OTHER one: the rest would change nothing more. `last`
    is the entry before, plus 32 if it stands there twice. A list that is full counts on, and is of no use.
    """
    row["kinds"] |= 1 << kind
    again = 0
    if last >= 0 and last & 31 == entry:
        if last >= 32 or kind >= DATA:
            return last
        again = 32
    count = row["chunks"]
    row["chunks"] = count + 1
    shift = count % ENTRIES_A_WORD * ENTRY_BITS
    if count < ENTRIES_A_WORD:
        row["list0"] |= entry << shift
    elif count < 2 * ENTRIES_A_WORD:
        row["list1"] |= entry << shift
    elif count < 3 * ENTRIES_A_WORD:
        row["list2"] |= entry << shift
    elif count < MOST_CHUNKS:
        row["list3"] |= entry << shift
    return entry | again


@hot
def entry_of(row: Row, number: int) -> int:
    """An entry of the list: a kind, plus ENTRY_T."""
    word = row["list0"]
    if number >= 3 * ENTRIES_A_WORD:
        word = row["list3"]
    elif number >= 2 * ENTRIES_A_WORD:
        word = row["list2"]
    elif number >= ENTRIES_A_WORD:
        word = row["list1"]
    return int(word >> (number % ENTRIES_A_WORD * ENTRY_BITS) & 31)
