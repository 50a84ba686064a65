"""ICMP errors about packets that were sent, might have been, or never were.

Read first: conntrack-spec §8.1. What is quoted decides; who sends the error does not.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from fwsim.capture.crafting import ICMP, ICMPV6, Ip, icmp_message

ERRORS = {4: (3, 3, 3, 11, 4, 5, 12), 6: (1, 1, 2, 3, 4, 0, 100, 127)}


def error_about(chance: Random, recent: Sequence[tuple[int, Ip]], strangers: Sequence[str]) -> tuple[int, Ip]:
    """An error about a recent packet, or its answer, sent to its sender; sometimes to somebody else.

    Returns the side it comes from. `strangers` are routers that may send it.
    """
    side, about = chance.choice(recent)
    if chance.random() < 0.3:  # about an answer that may never have been sent
        side, about = 1 - side, replace(about, src=about.dst, dst=about.src, payload=swapped(about.payload))
    routers = [address for address in strangers if (":" in address) == (about.family == 6)]
    src = about.dst if chance.random() < 0.5 or not routers else chance.choice(routers)
    dst = about.src if chance.random() < 0.9 or not routers else chance.choice(routers)
    kind = chance.choice(ERRORS[about.family])
    message = icmp_message(
        src,
        dst,
        kind,
        chance.choice((0, 1, 3)),
        struct.pack("!I", chance.choice((0, 0, 1400))),
        quoted(chance, about),
        bad_checksum=chance.random() < 0.02,
    )
    return 1 - side, Ip(src, dst, ICMPV6 if about.family == 6 else ICMP, message)


def swapped(payload: bytes) -> bytes:
    """The first bytes with source and destination port exchanged."""
    return payload[2:4] + payload[:2] + payload[4:] if len(payload) >= 4 else payload


def quoted(chance: Random, about: Ip) -> bytes:
    """What an error quotes: the header and eight bytes or more; sometimes too little, damaged, or a fragment."""
    whole = bytearray(about.encode())
    header = 40 if about.family == 6 else 20
    fate = chance.random()
    if fate < 0.08:
        return bytes(whole[: chance.randrange(header + 8)])
    if about.family == 4 and fate < 0.12:
        whole[6:8] = struct.pack("!H", chance.randrange(1, 100))
    elif about.family == 4 and fate < 0.2:  # what nobody checks: lifetime, checksum, length, version
        whole[8], whole[10], whole[2] = chance.randrange(256), chance.randrange(256), chance.randrange(256)
        whole[0] = chance.choice((0x45, 0x55, 0x05))
    return bytes(whole[: header + chance.choice((4, 8, 8, 12, 64, 600))])
