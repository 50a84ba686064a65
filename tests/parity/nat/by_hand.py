"""Segments and messages for which there is no socket here: strays, SCTP, GRE.

Read first: `fwsim.capture.crafting`, which writes them; RFC 9260 for the four messages of an SCTP handshake.
"""

from __future__ import annotations

import struct
import time

from fwsim.capture.crafting import flag_bits, gre_packet, sctp_chunk, sctp_packet, tcp_segment
from tests.parity.nat.talk import SHORT, Talk

SYN, ACK, SYN_ACK = flag_bits("S"), flag_bits("A"), flag_bits("SA")
SCTP = 132
OURS, THEIRS = 0x11111111, 0x22222222
"""Verification tags."""


def segment(src: str, dst: str, ports: tuple[int, int], flags: int) -> bytes:
    """A TCP segment out of nowhere."""
    return tcp_segment(src, dst, ports, (12345, 0 if flags == SYN else 54321), flags, 1024)


def gre(version: int) -> bytes:
    """A GRE packet without anything optional."""
    return gre_packet(version, 0x0800, 0, bytes(20), flags=0)


def sctp_talk(
    t: Talk, who: str, source: str, whom: str, to: str, seen_as: str, ports: tuple[int, int]
) -> None:  # fmt: skip
    """An association from its opening to its end; `seen_as` is the address that the other end answers to."""
    steps = [
        (True, 0, sctp_chunk("init", tag=OURS)), (False, OURS, sctp_chunk("init-ack", tag=THEIRS)),
        (True, THEIRS, sctp_chunk("cookie-echo", body=b"cook")), (False, OURS, sctp_chunk("cookie-ack")),
        (True, THEIRS, sctp_chunk("data", flags=3, body=struct.pack("!IHHI", 1, 0, 0, 0) + b"data")),
        (False, OURS, sctp_chunk("sack", body=struct.pack("!IIHH", 1, 65535, 0, 0))),
        (True, THEIRS, sctp_chunk("shutdown", body=struct.pack("!I", 1))),
        (False, OURS, sctp_chunk("shutdown-ack")), (True, THEIRS, sctp_chunk("shutdown-complete")),
    ]  # fmt: skip
    with t.raw(who, source, SCTP) as client, t.raw(whom, to, SCTP) as server:
        for ours, tag, chunk in steps:
            packet = sctp_packet(ports if ours else ports[::-1], tag, chunk)
            client.sendto(packet, (to, 0)) if ours else server.sendto(packet, (seen_as, 0))
            time.sleep(SHORT)
