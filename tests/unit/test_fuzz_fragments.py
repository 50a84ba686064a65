"""Packets in pieces: what the pieces are, and that nothing else becomes of them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from fwsim.capture.crafting import Ip
from fwsim.fuzz.fragments import in_pieces

V4 = Ip("10.1.0.11", "198.51.100.21", 17, bytes(range(100)))
V6 = Ip("fd00:1::11", "2001:db8:2::21", 17, bytes(range(100)))


@pytest.mark.parametrize("ip", [V4, V6], ids=["v4", "v6"])
def test_all_but_the_last_piece_are_whole_words(ip: Ip) -> None:
    header = 8 if ip.family == 6 else 0
    for seed in range(200):
        for one in in_pieces(Random(seed), ip):
            size = len(one.payload) - header
            more = one.more_fragments if ip.family == 4 else one.payload[3] & 1
            assert size % 8 == 0 or not more


def test_they_come_disordered_repeated_incomplete_and_overlapping() -> None:
    seen = set()
    for seed in range(400):
        spans = [(one.fragment, len(one.payload)) for one in in_pieces(Random(seed), V4)]
        seen.add("in order" if spans == sorted(spans) else "disordered")
        if len(set(spans)) < len(spans):
            seen.add("repeated")
        covered = {byte for start, size in spans for byte in range(start, start + size)}
        if len(covered) < 100:
            seen.add("incomplete")
        if sum(size for _, size in set(spans)) > len(covered):
            seen.add("overlapping")
    assert seen == {"in order", "disordered", "repeated", "incomplete", "overlapping"}


def test_short_packets_and_fragments_stay_as_they_are() -> None:
    for ip in (replace(V4, payload=b"short"), replace(V4, fragment=8), replace(V4, more_fragments=True)):
        assert in_pieces(Random(1), ip) == [ip]
