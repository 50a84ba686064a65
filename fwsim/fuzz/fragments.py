"""Packets in pieces: in any order, repeated, overlapping, incomplete.

Read first: RFC 791 §3.2, RFC 8200 §4.5, conntrack-spec §12.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

from fwsim.capture.crafting import Ip, fragment_of

LEAST = 16


def in_pieces(chance: Random, ip: Ip) -> list[Ip]:
    """The packet's fragments as they arrive; the packet itself if it is too short to be divided."""
    if len(ip.payload) <= LEAST or ip.fragment or ip.more_fragments:
        return [ip]
    identification = chance.getrandbits(16) if chance.random() < 0.97 else 7
    cuts = sorted({8 * chance.randrange(1, (len(ip.payload) - 1) // 8 + 1) for _ in range(chance.randrange(1, 4))})
    edges = [0, *cuts, len(ip.payload)]
    spans = list(pairwise(edges))
    numbered = replace(ip, ip_id=identification)
    return [fragment_of(numbered, start, end) for start, end in arriving(chance, spans)]


def arriving(chance: Random, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans as they arrive: mostly all of them, in order."""
    fate = chance.random()
    if fate < 0.35:
        chance.shuffle(spans)
    elif fate < 0.45:
        spans.insert(chance.randrange(len(spans) + 1), chance.choice(spans))  # repeated
    elif fate < 0.52:
        spans.pop(chance.randrange(len(spans)))  # lost
    elif fate < 0.6:
        start, end = chance.choice(spans)
        spans.insert(chance.randrange(len(spans) + 1), (max(start - 8, 0), end))  # overlapping
    return spans
