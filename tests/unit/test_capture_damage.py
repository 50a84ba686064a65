"""Whatever the bytes are: frames, a warning or a CaptureError, and never anything else."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fwsim.errors import CaptureError
from tests.captures_by_hand import (
    CLIENT6,
    SERVER6,
    Pcapng,
    ether,
    icmp,
    ip4,
    ip6,
    pcap,
    read,
    tcp,
    udp,
)  # fmt: skip

FRAMES = [
    ether(ip4(tcp(0x18, options=bytes([2, 4, 5, 0xB4, 4, 2, 1, 1]), payload=b"data"))),
    ether(ip4(udp(), 17)),
    ether(ip6(bytes([17, 0]) + bytes(6) + udp(src=CLIENT6, dst=SERVER6), 60), 0x86DD),
    ether(ip4(icmp(3, 1, body=ip4(tcp()))), 0x0800),
]


def blocks() -> bytes:
    """A pcapng with every kind of block."""
    made = Pcapng().section().interface(1, 0, (2, b"eth0"), (9, b"\x09"))
    made.packet(FRAMES[0], 1, (1, b"comment"), (2, b"\1\0\0\0")).simple(FRAMES[1]).obsolete(FRAMES[2], 2)
    made.block(5, b"\0" * 12).block(0x0BAD, b"custom..")
    return made.section(">").interface(101).packet(ip4(tcp()), 3).content


CAPTURES = {"pcap": pcap(*FRAMES), "pcap, swapped": pcap(*FRAMES, order=">", nano=True), "pcapng": blocks()}
each_capture = pytest.mark.parametrize("content", CAPTURES.values(), ids=CAPTURES)


@each_capture
def test_truncation_anywhere_yields_a_prefix(tmp_path: Path, content: bytes) -> None:
    _, whole = read(tmp_path, content)
    lengths = set()
    for size in range(len(content)):
        try:
            captures, frames = read(tmp_path, content[:size])
        except CaptureError:
            assert size < 28
            continue
        assert frames == whole[: len(frames)]
        assert captures.complete == (not captures.files[0].warnings)
        lengths.add(len(frames))
    assert lengths == set(range(len(whole)))


def test_truncation_of_compressed_data_yields_a_prefix(tmp_path: Path) -> None:
    _, whole = read(tmp_path, CAPTURES["pcap"])
    content = gzip.compress(CAPTURES["pcap"])
    for size in range(len(content)):
        try:
            captures, frames = read(tmp_path, content[:size])
        except CaptureError:
            continue
        assert frames == whole[: len(frames)]
        assert not captures.complete


fuzz = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=150
)


@each_capture
@given(changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4))
@fuzz
def test_changed_bytes_are_data_or_damage(tmp_path: Path, content: bytes, changes: list[tuple[float, int]]) -> None:
    changed = bytearray(content)
    for place, value in changes:
        changed[int(place * len(changed))] = value
    survives(tmp_path, bytes(changed))


@given(st.binary(max_size=300), st.sampled_from([pcap(), pcap(link=101), pcap(link=276), blocks(), b"", b"\x1f\x8b"]))
@fuzz
def test_garbage_is_data_or_damage(tmp_path: Path, garbage: bytes, before: bytes) -> None:
    survives(tmp_path, before + garbage)


@given(st.binary(max_size=120), st.sampled_from([0, 1, 101, 108, 113, 228, 229, 276]), st.integers(0, 200))
@fuzz
def test_garbage_packets_are_decoded_somehow(tmp_path: Path, packet: bytes, link: int, more: int) -> None:
    captures, frames = read(tmp_path, pcap(packet, link=link, lengths=[len(packet) + more]))
    assert (len(frames), captures.complete) == (1, True)


@given(
    st.sampled_from([b"\x45\0\0\x60\0\1\0\0\x40", b"\x60\0\0\0\0\x60"]), st.integers(0, 255), st.binary(max_size=100)
)
@fuzz
def test_garbage_behind_an_ip_header_is_decoded_somehow(tmp_path: Path, start: bytes, proto: int, rest: bytes) -> None:
    packet = start + bytes([proto]) + rest
    for checksum in ("auto", "verify", "ignore"):
        captures, frames = read(tmp_path, pcap(packet.ljust(96, b"\0"), link=101), checksum=checksum)
        assert (len(frames), captures.complete) == (1, True)


def survives(folder: Path, content: bytes) -> None:
    """Read it; a CaptureError is an answer, and incomplete reading has a warning."""
    try:
        captures, frames = read(folder, content)
    except CaptureError as error:
        answer = error.lines()
        assert len(answer) == 1
        return
    (file,) = captures.files
    assert file.packets == len(frames)
    assert file.complete or file.warnings
    for frame in frames:
        assert 0 <= frame.frame["captured"] <= frame.frame["length"]
