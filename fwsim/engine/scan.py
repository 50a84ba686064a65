"""Find packet records in a buffer of a capture file, and say where each one's bytes lie.

Read first: draft-ietf-opsawg-pcap (classic pcap) and draft-ietf-opsawg-pcapng §4. Nothing here looks into a packet
(`fwsim.engine.decode` does), and nothing reads a file: `fwsim.capture` fills the buffer and handles what the
scanner stops at, such as a pcapng block that holds no packet.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import entry, hot
from fwsim.engine.wire import Buffer, u16, u16_little, u32, u32_little
from fwsim.tables import row_type

Row = Any
Table = Any

SCAN = row_type(
    """
    at end rows number file big_endian
    header nanoseconds_per_tick swap_lengths interface
    interfaces notes last_ts
    """
)
"""Where a scan stands: it goes on at byte `at` of the `end` bytes in the buffer, `rows` frames are found, the last of
them was frame `number` of `file`. The second line is for classic pcap: bytes of a record header, the unit of time,
whether the two lengths may stand in the wrong order (libpcap before 0.4), and the interface's number in the run. The
third is for pcapng: how many interfaces the section has described, how many rows of `NOTE` are filled, and the latest
frame's time, which a block without one inherits."""

INTERFACE = row_type("number prescale units offset_s snap_length")
"""A pcapng interface as timestamps need it: its `number` in the run, and how a timestamp becomes a time: divided by
`prescale`, it counts `units` a second (at most 2**33), and `offset_s` seconds are added (if_tsresol, if_tsoffset).
`snap_length` is 0 where frames are not cut."""

NOTE = row_type("row at end")
"""A frame with comments: its row, and where its pcapng options begin and end."""

MORE = 0
"""Stopped: the next record is not wholly in the buffer."""
FULL = 1
"""Stopped: no row is left."""
OTHER_BLOCK = 2
"""Stopped at a pcapng block that holds no packet."""
TOO_LONG = 3
"""Stopped at damage: a frame longer than `FRAME_MAX`."""
BAD_LENGTH = 4
"""Stopped at damage: the lengths of a pcapng block contradict each other."""
NO_INTERFACE = 5
"""Stopped at damage: a pcapng block names an interface that was not described."""

FRAME_MAX = 262144
"""The longest frame any capture tool writes (libpcap's MAXIMUM_SNAPLEN); a longer one is damage."""

OBSOLETE_PACKET = 2
SIMPLE_PACKET = 3
ENHANCED_PACKET = 6
PACKET_MIN = 32
SIMPLE_PACKET_MIN = 16
BLOCK_MAX = 1 << 24
"""A longer pcapng block is damage (Wireshark refuses the same)."""
OPTION_COMMENT = 1
OPTION_FLAGS = 2
SECONDS_MAX = 9_000_000_000
"""Beyond this a time in nanoseconds would not fit 63 bits (the year 2255); later ones are held there."""


@entry
def scan_pcap(buffer: Buffer, frames: Table, states: Table) -> int:
    """Find the records of a classic pcap from where the one row of `states` says; the answer is why it stopped."""
    state = states[0]
    at = state["at"]
    end = state["end"]
    header = state["header"]
    big = state["big_endian"]
    tick = state["nanoseconds_per_tick"]
    swap = state["swap_lengths"]
    interface = state["interface"]
    row = state["rows"]
    stop = MORE
    while end - at >= header:
        captured = number(buffer, at + 8, big)
        length = number(buffer, at + 12, big)
        if swap and captured > length:
            captured, length = length, captured
        if captured > FRAME_MAX:
            stop = TOO_LONG
            break
        if end - at - header < captured:
            break
        if row >= len(frames):
            stop = FULL
            break
        ts = number(buffer, at, big) * 1_000_000_000 + number(buffer, at + 4, big) * tick
        begin_frame(frames[row], state, ts, interface)
        place_frame(frames[row], at + header, captured, length)
        row += 1
        at += header + captured
    state["at"] = at
    state["rows"] = row
    return stop


@entry
def scan_pcapng(buffer: Buffer, frames: Table, states: Table, interfaces: Table, notes: Table) -> int:
    """Find the packet blocks of a pcapng section from where `states` says; the answer is why it stopped."""
    state = states[0]
    at = state["at"]
    end = state["end"]
    big = state["big_endian"]
    row = state["rows"]
    stop = MORE
    while end - at >= 12:
        kind = number(buffer, at, big)
        total = (number(buffer, at + 4, big) + 3) & ~3
        if kind != ENHANCED_PACKET and kind != SIMPLE_PACKET and kind != OBSOLETE_PACKET:
            stop = OTHER_BLOCK
            break
        stop = packet_fault(buffer, at, end, kind, total, state)
        if stop != MORE or end - at < total:
            break
        if row >= len(frames):
            stop = FULL
            break
        if kind == SIMPLE_PACKET:
            simple_packet(buffer, at, total, frames[row], state, interfaces)
        else:
            packet(buffer, at, kind, frames[row], state, interfaces)
            options = at + 28 + ((number(buffer, at + 20, big) + 3) & ~3)
            if at + total - 4 - options >= 4:
                packet_options(buffer, options, at + total - 4, row, frames[row], state, notes)
        row += 1
        at += total
    state["at"] = at
    state["rows"] = row
    return stop


@hot
def packet_fault(buffer: Buffer, at: int, end: int, kind: int, total: int, state: Row) -> int:
    """What is wrong with the lengths and the interface of a packet block, as far as it is in the buffer."""
    big = state["big_endian"]
    if total < (SIMPLE_PACKET_MIN if kind == SIMPLE_PACKET else PACKET_MIN) or total > BLOCK_MAX:
        return BAD_LENGTH
    if end - at >= total and number(buffer, at + total - 4, big) != number(buffer, at + 4, big):
        return BAD_LENGTH
    if kind == SIMPLE_PACKET:
        return MORE if state["interfaces"] > 0 else NO_INTERFACE
    if end - at < 28:
        return MORE
    captured = number(buffer, at + 20, big)
    if captured > FRAME_MAX:
        return TOO_LONG
    if ((captured + 3) & ~3) + PACKET_MIN > total:
        return BAD_LENGTH
    return MORE if interface_of(buffer, at, kind, big) < state["interfaces"] else NO_INTERFACE


@hot
def interface_of(buffer: Buffer, at: int, kind: int, big_endian: int) -> int:
    """The interface a packet block names: 32 bits, or 16 in the obsolete kind (the rest counts drops)."""
    if kind == OBSOLETE_PACKET:
        return half(buffer, at + 8, big_endian)
    return number(buffer, at + 8, big_endian)


@hot
def packet(buffer: Buffer, at: int, kind: int, frame: Row, state: Row, interfaces: Table) -> None:
    """Write the row of an enhanced or obsolete packet block that is sound (draft-ietf-opsawg-pcapng §4.3, A)."""
    big = state["big_endian"]
    interface = interfaces[interface_of(buffer, at, kind, big)]
    ts = nanoseconds(number(buffer, at + 12, big), number(buffer, at + 16, big), interface)
    begin_frame(frame, state, ts, interface["number"])
    place_frame(frame, at + 28, number(buffer, at + 20, big), number(buffer, at + 24, big))


@hot
def simple_packet(buffer: Buffer, at: int, total: int, frame: Row, state: Row, interfaces: Table) -> None:
    """Write the row of a simple packet block (§4.4): the first interface, and no time, so that of the frame before."""
    length = number(buffer, at + 8, state["big_endian"])
    begin_frame(frame, state, state["last_ts"], interfaces[0]["number"])
    snap_length = interfaces[0]["snap_length"]
    captured = min(length, total - SIMPLE_PACKET_MIN)
    if snap_length > 0:
        captured = min(captured, snap_length)
    place_frame(frame, at + 12, min(captured, FRAME_MAX), length)


@hot
def packet_options(buffer: Buffer, at: int, end: int, row: int, frame: Row, state: Row, notes: Table) -> None:
    """Read the direction from a packet block's options, and note where comments stand."""
    big = state["big_endian"]
    start = at
    commented = False
    while end - at >= 4:
        code = half(buffer, at, big)
        size = half(buffer, at + 2, big)
        if code == 0 or end - at - 4 < size:
            break
        if code == OPTION_FLAGS and size == 4:
            direction = number(buffer, at + 4, big) & 3
            if direction != 3:
                frame["sent_or_received"] = direction
        if code == OPTION_COMMENT:
            commented = True
        at += 4 + ((size + 3) & ~3)
    if commented and state["notes"] < len(notes):
        note = notes[state["notes"]]
        note["row"] = row
        note["at"] = start
        note["end"] = end
        state["notes"] += 1


@hot
def begin_frame(frame: Row, state: Row, ts: int, interface: int) -> None:
    """Start the row of the next frame: everything that is not known before it is decoded is reset."""
    state["number"] += 1
    state["last_ts"] = ts
    frame["number"] = state["number"]
    frame["file"] = state["file"]
    frame["ts"] = ts
    frame["capture_interface"] = interface
    frame["ifindex"] = 0
    frame["interface"] = -2
    frame["sent_or_received"] = 0
    frame["source_mac"] = -1
    frame["reason"] = 0
    frame["transport_fault"] = 0
    frame["option_fault"] = 0
    frame["nat_fault"] = 0
    frame["route_fault"] = 0
    frame["evidence"] = 0
    frame["connection"] = 0
    frame["further"] = 0
    frame["pkttype"] = -2


@hot
def place_frame(frame: Row, offset: int, captured: int, length: int) -> None:
    """Say where a frame's bytes are; fewer on the wire than captured is impossible, so `length` is then raised."""
    frame["offset"] = offset
    frame["captured"] = captured
    frame["length"] = max(captured, length)


@hot
def nanoseconds(high: int, low: int, interface: Row) -> int:
    """A pcapng timestamp as nanoseconds since the epoch; its topmost bit (292 years in ns) is not read."""
    ticks = ((high & 0x7FFFFFFF) << 32) | low
    units: int = interface["units"]
    if units == 1_000_000:
        seconds = ticks // 1_000_000
        fraction = (ticks - seconds * 1_000_000) * 1000
    elif units == 1_000_000_000 and interface["prescale"] == 1:
        seconds = ticks // 1_000_000_000
        fraction = ticks - seconds * 1_000_000_000
    else:
        ticks = ticks // max(interface["prescale"], 1)
        units = max(units, 1)
        seconds = ticks // units
        fraction = (ticks - seconds * units) * 1_000_000_000 // units
    offset: int = interface["offset_s"]
    seconds = min(seconds, SECONDS_MAX) + offset
    seconds = max(min(seconds, SECONDS_MAX), -SECONDS_MAX)
    return seconds * 1_000_000_000 + fraction


@hot
def number(buffer: Buffer, at: int, big_endian: int) -> int:
    """Four bytes in the file's byte order."""
    if big_endian:
        return u32(buffer, at)
    return u32_little(buffer, at)


@hot
def half(buffer: Buffer, at: int, big_endian: int) -> int:
    """Two bytes in the file's byte order."""
    if big_endian:
        return u16(buffer, at)
    return u16_little(buffer, at)
