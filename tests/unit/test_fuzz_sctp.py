"""SCTP associations of the fuzzer: well-formed mostly, with the tags that they have named."""

from __future__ import annotations

import struct
from collections import Counter
from random import Random

import pytest

from fwsim.capture.crafting import CHUNK_TYPES, SCTP, Ip, crc32c
from fwsim.fuzz import sctp

PAIRS = [("10.1.0.11", "198.51.100.21"), ("fd00:1::11", "2001:db8:2::21")]


def spoken(pair: tuple[str, str], seeds: int = 300) -> list[tuple[int, Ip]]:
    return [sent for seed in range(seeds) for sent in sctp.conversation(Random(seed), pair)]


@pytest.mark.parametrize("pair", PAIRS, ids=["v4", "v6"])
def test_both_sides_speak_from_their_own_addresses_and_ports(pair: tuple[str, str]) -> None:
    for side, ip in spoken(pair):
        assert (ip.src, ip.dst, ip.proto) == (pair[side], pair[1 - side], SCTP)
        if len(ip.payload) >= 4:
            assert (int.from_bytes(ip.payload[:2], "big") in sctp.PORTS[1]) == (side == 1)


def test_most_crcs_are_right_and_some_are_not() -> None:
    right = [
        crc32c(ip.payload[:8] + bytes(4) + ip.payload[12:]) == int.from_bytes(ip.payload[8:12], "little")
        for _, ip in spoken(PAIRS[0])
        if len(ip.payload) >= 12
    ]
    assert 0.95 < sum(right) / len(right) < 1


def test_every_chunk_comes_alone_and_bundled() -> None:
    first: Counter[int] = Counter()
    second: Counter[int] = Counter()
    for _, ip in spoken(PAIRS[0]):
        if len(ip.payload) >= 20:
            first[ip.payload[12]] += 1
            behind = 12 + (struct.unpack("!H", ip.payload[14:16])[0] + 3 & ~3)
            if behind < len(ip.payload):
                second[ip.payload[behind]] += 1
    assert set(CHUNK_TYPES.values()) | {15, 130, 255} <= set(first) & set(second) | {12, 13, 15, 130, 255} & set(first)


def test_a_handshake_carries_the_tags_that_were_named() -> None:
    orderly = 0
    for seed in range(200):
        talk = [ip.payload for _, ip in sctp.conversation(Random(seed), PAIRS[0])][:4]
        if [payload[12:13] for payload in talk] == [b"\1", b"\2", b"\x0a", b"\x0b"]:
            init, init_ack, echo, ack = talk
            orderly += (
                init[4:8] == bytes(4) and init[16:20] == init_ack[4:8] == ack[4:8] and init_ack[16:20] == echo[4:8]
            )
    assert orderly > 20
