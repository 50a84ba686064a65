"""Several captures one after the other, limits, chunks, estimates and notes."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.errors import UsageError
from tests.captures_by_hand import Pcapng, ether, frames_of, ip4, pcap, tcp, udp

TCP = ether(ip4(tcp()))
UDP = ether(ip4(udp(), 17))


def test_unknown_checksum_policy_is_refused() -> None:
    with pytest.raises(UsageError, match="--checksum maybe: expected auto, verify or ignore"):
        open_captures([], checksum="maybe")


def test_captures_follow_one_another(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(pcap(TCP, UDP, ts=5 * 10**9))
    second.write_bytes(Pcapng().section().interface(1, 0, (2, b"eth1")).packet(UDP, 1_000_000).content)
    captures = open_captures([Input(str(first), "lan"), Input(str(second)), Input(str(first))])
    frames = frames_of(captures)
    assert [(f.frame["file"], f.frame["number"]) for f in frames] == [(0, 1), (0, 2), (1, 1), (2, 1), (2, 2)]
    assert [f.frame["capture_interface"] for f in frames] == [0, 0, 1, 2, 2]
    assert [(one.name, one.file) for one in captures.interfaces] == [("lan", 0), ("eth1", 1), (None, 2)]
    assert [f.packet["now"] for f in frames][2] == 5 * 10**9 + 1000
    assert [file.packets for file in captures.files] == [2, 1, 2]


def test_limit_counts_over_all_captures(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap(TCP, UDP))
    captures = open_captures([Input(str(path))] * 3, limit=3)
    assert len(frames_of(captures)) == 3
    assert [file.packets for file in captures.files] == [2, 1, 0]


def test_damage_in_one_capture_does_not_stop_the_next(tmp_path: Path) -> None:
    broken, good = tmp_path / "broken", tmp_path / "good"
    broken.write_bytes(pcap(TCP, UDP)[:-1])
    good.write_bytes(pcap(UDP))
    captures = open_captures([Input(str(broken)), Input(str(good))])
    assert len(frames_of(captures)) == 2
    assert [file.complete for file in captures.files] == [False, True]
    assert not captures.complete


def test_chunks_have_at_most_the_rows_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap(*[TCP] * 25))
    chunks = list(open_captures([Input(str(path))], chunk_rows=10))
    assert [len(chunk) for chunk in chunks] == [10, 10, 5]
    numbers = [int(number) for chunk in chunks for number in chunk.frames["number"]]
    assert numbers == list(range(1, 26))  # chunks that are kept are not overwritten
    assert all(chunk.data(row) == TCP for chunk in chunks for row in range(len(chunk)))


@pytest.mark.uncompiled  # compiled code reads ahead
def test_remaining_frames_are_estimated(tmp_path: Path) -> None:
    path, other = tmp_path / "capture", tmp_path / "other"
    path.write_bytes(pcap(*[TCP.ljust(1000, b"\0")] * 4000))
    other.write_bytes(path.read_bytes())
    captures = open_captures([Input(str(path)), Input(str(other))])
    assert captures.estimate_remaining() == 0
    chunks = iter(captures)
    next(chunks)
    assert 6000 < captures.estimate_remaining() < 8000
    for _ in chunks:
        last = captures.estimate_remaining()
    assert last == 0
    captures = open_captures([Input(str(path))], limit=1500, chunk_rows=1000)
    next(iter(captures))
    assert captures.estimate_remaining() == 500


def test_offloads_and_cuts_are_counted_for_notes(tmp_path: Path) -> None:
    segment = tcp()
    data = ip4(segment)
    header_left = ether(data[:10] + b"\0\0" + data[12:])
    long = ether(ip4(tcp(0x18, payload=b"x" * 2000), total=0))
    whole = ether(ip4(tcp(0x18, payload=b"x" * 500)))
    path = tmp_path / "capture"
    lengths = [len(header_left), len(long), len(whole)]
    path.write_bytes(pcap(header_left, long, whole[:80], lengths=lengths))
    captures = open_captures([Input(str(path))])
    assert len(frames_of(captures)) == 3
    assert captures.notes == {"offloaded": 0, "offloaded_header": 1, "segmented": 1, "cut": 1}
