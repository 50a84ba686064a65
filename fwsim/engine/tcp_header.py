"""The TCP header: fields, options, and which combinations of flags are wrong.

Read first: RFC 9293 §3.1, RFC 7323 §2 (window scale), RFC 2018 (SACK), and the kernel's `tcp_error`, `tcp_options` and
`tcp_sack`, whose tolerance of garbage is kept. States and windows are not here (`fwsim.engine.tcp`).
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.checksum import Words
from fwsim.engine.ftp_line import line
from fwsim.engine.network import BAD_LENGTH, WHOLE
from fwsim.engine.serial import after
from fwsim.engine.transport import TCP, fault, field8, field16, field32, judge, ports, tiny
from fwsim.engine.wire import Buffer, u8, u32
from fwsim.tables import TCP_OPTION_AREA, TCP_OPTION_SACK_PERMITTED, TCP_OPTION_WSCALE
from fwsim.terms import UNKNOWN_VALUE, Evidence, Reason

Row = Any
Table = Any

TCP_SHORT = int(Reason.TCP_SHORT)
TCP_BAD_CHECKSUM = int(Reason.TCP_BAD_CHECKSUM)
FLAGS_NONE = int(Evidence.FLAGS_NONE)
FLAGS_XMAS = int(Evidence.FLAGS_XMAS)
FLAGS_FIN_ONLY = int(Evidence.FLAGS_FIN_ONLY)
FLAGS_SYN_FIN = int(Evidence.FLAGS_SYN_FIN)
FLAGS_INVALID = int(Evidence.FLAGS_INVALID)

FIN = 0x01
SYN = 0x02
RST = 0x04
PSH = 0x08
ACK = 0x10
URG = 0x20

END_OF_OPTIONS = 0
NO_OPERATION = 1
WINDOW_SCALE = 3
SACK_PERMITTED = 4
SACK = 5
ALIGNED_TIMESTAMP = 0x0101080A
"""NOP, NOP, timestamp (kind 8, length 10): by far the most frequent options (RFC 7323 appendix A)."""
WINDOW_SCALE_MAX = 14
FIRST_FRAGMENT_MIN = 16
"""A first fragment shorter than this may hide the flags (RFC 1858 §3.1)."""


@hot
def tcp(
    buffer: Buffer, even: Words, odd: Words, frame: Row, packet: Row, quotes: Table, layer: Row, decoder: Row
) -> None:
    """Read a TCP header and judge it as conntrack does before it looks for a connection (`tcp_error`)."""
    ports(buffer, frame, packet, layer)
    size = layer["size"]
    packet["seq"] = field32(buffer, layer, 4)
    packet["ack"] = field32(buffer, layer, 8)
    packet["sack_right"] = packet["ack"]
    packet["flags"] = field8(buffer, layer, 13)
    packet["win"] = field16(buffer, layer, 14)
    packet["wscale"] = 0
    packet["tcp_options"] = 0
    offset = field8(buffer, layer, 12)
    header = (offset >> 4) * 4
    if offset < 0:
        packet["payload"] = offset
    else:
        packet["payload"] = max(size - header, 0)
    if packet["flags"] >= 0:
        frame["evidence"] |= flags_evidence(packet["flags"])
    if packet["fragment"] != WHOLE:
        tiny(frame, packet, layer, FIRST_FRAGMENT_MIN)
    elif size < 20 or (offset >= 0 and (header < 20 or header > size)):
        fault(frame, TCP_SHORT, BAD_LENGTH)
        return
    else:
        judge(buffer, even, odd, frame, packet, layer, decoder, TCP, 16, TCP_BAD_CHECKSUM)
        if packet["payload"] > 0:
            at = layer["at"]
            line(buffer, packet, quotes, at + header, at + size, at + layer["have"], decoder)
    if header > 20 and layer["have"] >= header:
        options(buffer, packet, layer["at"] + 20, layer["at"] + header)
    elif header > 20 or offset == UNKNOWN_VALUE:
        packet["tcp_options"] = UNKNOWN_VALUE


@hot
def options(buffer: Buffer, packet: Row, at: int, end: int) -> None:
    """Read window scale, SACK-permitted and the highest SACK edge from the options area."""
    found = TCP_OPTION_AREA
    sacked = False
    if end - at == 12 and u32(buffer, at) == ALIGNED_TIMESTAMP:
        at = end
    while at < end:
        kind = u8(buffer, at)
        if kind == END_OF_OPTIONS:
            break
        if kind == NO_OPERATION:
            at += 1
            continue
        if end - at < 2:
            break
        size = u8(buffer, at + 1)
        if size < 2 or size > end - at:
            break
        if kind == WINDOW_SCALE and size == 3:
            packet["wscale"] = min(u8(buffer, at + 2), WINDOW_SCALE_MAX)
            found |= TCP_OPTION_WSCALE
        elif kind == SACK_PERMITTED and size == 2:
            found |= TCP_OPTION_SACK_PERMITTED
        elif kind == SACK and size >= 10 and (size - 2) & 7 == 0 and not sacked:
            sacked = True
            sack_edges(buffer, packet, at + 2, at + size)
        at += size
    packet["tcp_options"] = found


@hot
def sack_edges(buffer: Buffer, packet: Row, at: int, end: int) -> None:
    """Raise `sack_right` to the highest right edge of the SACK blocks, if that is beyond `ack`."""
    for block in range(at, end, 8):
        edge = u32(buffer, block + 4)
        if after(edge, packet["sack_right"]):
            packet["sack_right"] = edge


@hot
def flags_evidence(flags: int) -> int:
    """Which word names what is wrong with the flags: 0 for the combinations conntrack accepts (`tcp_valid_flags`)."""
    judged = flags & (FIN | SYN | RST | ACK | URG)
    if (
        judged == ACK
        or judged == SYN
        or judged == SYN | ACK
        or judged == FIN | ACK
        or judged == RST
        or judged == RST | ACK
    ):
        return 0
    if judged == SYN | URG or judged == FIN | ACK | URG or judged == ACK | URG:
        return 0
    if judged & (SYN | FIN) == SYN | FIN:
        return FLAGS_SYN_FIN
    if judged == FIN:
        return FLAGS_FIN_ONLY
    if judged == FIN | URG and flags & PSH:
        return FLAGS_XMAS
    if judged | (flags & PSH) == 0:
        return FLAGS_NONE
    return FLAGS_INVALID
