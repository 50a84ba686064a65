"""Merging: one stream in order of time, from files that may be out of order themselves."""

from __future__ import annotations

import heapq
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fwsim.capture import Input, open_captures
from tests.captures_by_hand import Pcapng, ether, frames_of, ip4, pcap, tcp, udp

TCP = ether(ip4(tcp()))


def capture(times: list[int], label: str) -> bytes:
    made = Pcapng().section().interface(1, 0, (9, b"\x09"))
    for index, time in enumerate(times):
        made.packet(ether(ip4(udp(f"{label}{index}".encode()), 17)), time, (1, f"{label}{index}".encode()))
    return made.content


def expected(files: list[list[int]]) -> list[tuple[int, int]]:
    """The k-way merge by the time of each file's next frame, the earlier file first."""
    heap = [(times[0], number, 0) for number, times in enumerate(files) if times]
    heapq.heapify(heap)
    order = []
    while heap:
        _, number, index = heapq.heappop(heap)
        order.append((number, index + 1))
        if index + 1 < len(files[number]):
            heapq.heappush(heap, (files[number][index + 1], number, index + 1))
    return order


@given(
    files=st.lists(st.lists(st.integers(0, 12), max_size=14), min_size=1, max_size=4),
    rows=st.integers(1, 6),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_frames_come_as_from_a_merge_of_heads(tmp_path: Path, files: list[list[int]], rows: int) -> None:
    inputs = []
    for number, times in enumerate(files):
        path = tmp_path / str(number)
        path.write_bytes(capture(times, "abcd"[number]))
        inputs.append(Input(str(path), f"if{number}"))
    captures = open_captures(inputs, merge=True, chunk_rows=rows)
    frames, order = [], []
    for chunk in captures:
        assert len(chunk) <= rows
        for row in range(len(chunk)):
            frame = chunk.frames[row]
            order.append((int(frame["file"]), int(frame["number"])))
            frames.append((chunk.data(row)[42:].decode(), chunk.comments[row]))
    assert order == expected(files)
    assert frames == [(f"{'abcd'[file]}{number - 1}", [f"{'abcd'[file]}{number - 1}"]) for file, number in order]


def test_merged_frames_keep_their_interfaces(tmp_path: Path) -> None:
    lan, wan = tmp_path / "lan", tmp_path / "wan"
    lan.write_bytes(pcap(TCP, TCP, ts=10**9))
    wan.write_bytes(pcap(TCP, ts=10**9 + 500_000))
    captures = open_captures([Input(str(lan), "lan"), Input(str(wan), "wan")], merge=True)
    frames = frames_of(captures)
    names = [captures.interfaces[f.frame["capture_interface"]].name for f in frames]
    assert names == ["lan", "lan", "wan"]
    assert [f.packet["now"] for f in frames] == sorted(f.packet["now"] for f in frames)


def test_merging_large_captures_alternates_all_the_way(tmp_path: Path) -> None:
    long = TCP.ljust(900, b"\0")
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for number, path in enumerate(paths):
        path.write_bytes(pcap(*[long] * 2000, ts=10**9 + number * 100, nano=True))
    captures = open_captures([Input(str(path)) for path in paths], merge=True)
    order = [f.frame["file"] for f in frames_of(captures)]
    assert order == [0, 1, 2] * 2000
    assert [file.packets for file in captures.files] == [2000] * 3
    assert captures.complete


def test_merge_with_a_damaged_file_goes_on_with_the_others(tmp_path: Path) -> None:
    broken, good = tmp_path / "broken", tmp_path / "good"
    broken.write_bytes(pcap(TCP, TCP, ts=0)[:-1])
    good.write_bytes(pcap(TCP, TCP, ts=10**9))
    captures = open_captures([Input(str(good)), Input(str(broken))], merge=True)
    assert [f.frame["file"] for f in frames_of(captures)] == [1, 0, 0]
    assert [file.complete for file in captures.files] == [True, False]


def test_merge_may_be_limited(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(pcap(*[TCP] * 30))
    captures = open_captures([Input(str(path)), Input(str(path))], merge=True, limit=7)
    assert len(frames_of(captures)) == 7
    assert [file.packets for file in captures.files] == [4, 3]
