"""GRE tunnels of versions 0 and 1 (PPTP), with the few keys and call ids met again and again.

Read first: RFC 2784, RFC 2637 §4.1, conntrack-spec §2.1 and §10.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from fwsim.capture.crafting import GRE, Ip, gre_packet
from fwsim.fuzz.hosts import Pair

VERSIONS = (0, 0, 0, 1, 1, 1, 1, 2, 7)
PPP, IPV4 = 0x880B, 0x0800
FLAGS = (0, 0x2000, 0x2000, 0x3000, 0x3080, 0xB000)
CALLS = (0, 5, 6, 65_535)


def conversation(chance: Random, pair: Pair) -> Iterator[tuple[int, Ip]]:
    """A tunnel's packets to and fro, each with the side that sends it; some are cut short."""
    version = chance.choice(VERSIONS)
    calls = (chance.choice(CALLS), chance.choice(CALLS))
    for _ in range(chance.randrange(1, 8)):
        side = int(chance.random() < 0.4)
        usual = PPP if version == 1 else IPV4
        inner = chance.choice((PPP, IPV4, 0)) if chance.random() < 0.06 else usual
        key = chance.choice((0, 8, 65_535)) << 16 | calls[1 - side if chance.random() < 0.8 else side]
        data = bytes(chance.choice((0, 1, 30, 100)))
        whole = gre_packet(version, inner, key, data, flags=chance.choice(FLAGS))
        if chance.random() < 0.04:
            whole = whole[: chance.choice((0, 1, 2, 3, 4, 6, 7, 8))]
        yield side, Ip(pair[side], pair[1 - side], GRE, whole)
