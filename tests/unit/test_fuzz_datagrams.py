"""Datagrams that a fuzzer sends: answered from the other side, with the faults that conntrack looks for."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from fwsim.capture.crafting import Ip, checksum, pseudo_header
from fwsim.fuzz import datagrams
from fwsim.fuzz.datagrams import Talk, extension

PAIRS = [("10.1.0.11", "198.51.100.21"), ("fd00:1::11", "2001:db8:2::21")]


def spoken(talk: Callable[[Random, tuple[str, str]], Talk], pair: tuple[str, str], seeds: int = 300) -> list[Ip]:
    return [ip for seed in range(seeds) for _, ip in talk(Random(seed), pair)]


@pytest.mark.parametrize("pair", PAIRS, ids=["v4", "v6"])
@pytest.mark.parametrize(
    "talk", [datagrams.udp, datagrams.udplite, datagrams.query, datagrams.other], ids=lambda talk: talk.__name__
)
def test_both_sides_speak(talk: Callable[[Random, tuple[str, str]], Talk], pair: tuple[str, str]) -> None:
    assert {(ip.src, ip.dst) for ip in spoken(talk, pair)} == {pair, pair[::-1]}


@pytest.mark.parametrize("pair", PAIRS, ids=["v4", "v6"])
def test_most_checksums_are_right_and_some_are_not(pair: tuple[str, str]) -> None:
    sums = [
        checksum(pseudo_header(ip.src, ip.dst, 17, len(ip.payload)) + ip.payload) == 0
        for ip in spoken(datagrams.udp, pair)
        if len(ip.payload) >= 8 and ip.payload[6:8] != b"\0\0"
    ]
    assert 0.9 < sum(sums) / len(sums) < 1


def test_answers_have_the_identifier_of_their_question_mostly() -> None:
    same = other = 0
    for seed in range(300):
        talk = [(side, ip.payload[4:6]) for side, ip in datagrams.query(Random(seed), PAIRS[0]) if len(ip.payload) >= 8]
        asked = {identifier for side, identifier in talk if side == 0}
        for side, identifier in talk:
            if side == 1 and asked:
                same, other = same + (identifier in asked), other + (identifier not in asked)
    assert same > 5 * other > 0


@pytest.mark.parametrize("kind", [0, 43, 44, 51, 60])
def test_extension_headers_have_the_length_they_say(kind: int) -> None:
    header = extension(Random(1), kind, 17)
    assert header[0] == 17
    said = {44: 8, 51: (header[1] + 2) * 4}.get(kind, (header[1] + 1) * 8)
    assert len(header) == said


def test_extension_headers_are_for_ipv6_alone() -> None:
    behind = datagrams.extended(datagrams.udp)
    assert {ip.proto for ip in spoken(behind, PAIRS[0])} == {17}
    assert {0, 17, 43, 44, 51, 59, 60} <= {ip.proto for ip in spoken(behind, PAIRS[1])}
