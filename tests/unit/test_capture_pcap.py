"""Classic pcap: byte orders, resolutions, versions, and what is refused."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from fwsim.errors import CaptureError
from tests.captures_by_hand import ether, ip4, pcap, read, tcp, udp

FRAMES = (ether(ip4(tcp())), ether(ip4(udp(), 17)), ether(b"", 0x0806))
TS = 1_700_000_000_123_456_789


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_both_byte_orders_and_resolutions_are_read(tmp_path: Path, order: str, nano: bool) -> None:
    captures, frames = read(tmp_path, pcap(*FRAMES, order=order, nano=nano, ts=TS))
    start = TS if nano else TS // 1000 * 1000
    assert [f.frame["ts"] for f in frames] == [start, start + 1000, start + 2000]
    assert [f.frame["number"] for f in frames] == [1, 2, 3]
    assert [f.frame["captured"] for f in frames] == [len(f) for f in FRAMES]
    assert [f.packet["dport"] for f in frames] == [80, 53, -1]
    (file,) = captures.files
    assert (file.format, file.packets, file.complete, file.warnings) == ("pcap", 3, True, [])
    assert (file.first_ts, file.last_ts, file.link_types) == (start, start + 2000, [1])


def test_times_of_the_last_century_and_the_next_are_read(tmp_path: Path) -> None:
    for seconds in (0, 0xFFFFFFFF):
        _, (frame,) = read(tmp_path, pcap(FRAMES[0], ts=seconds * 10**9))
        assert frame.frame["ts"] == seconds * 10**9


def test_running_maximum_of_the_times_is_now(tmp_path: Path) -> None:
    content = pcap(ts=0)
    for seconds in (5, 3, 7, 6):
        content += struct.pack("<IIII", seconds, 0, len(FRAMES[0]), len(FRAMES[0])) + FRAMES[0]
    _, frames = read(tmp_path, content)
    assert [f.frame["ts"] // 10**9 for f in frames] == [5, 3, 7, 6]
    assert [f.packet["now"] // 10**9 for f in frames] == [5, 5, 7, 7]


def test_cut_frame_keeps_its_length_on_the_wire(tmp_path: Path) -> None:
    _, (frame,) = read(tmp_path, pcap(FRAMES[0][:40], lengths=[len(FRAMES[0])]))
    assert (frame.frame["captured"], frame.frame["length"]) == (40, len(FRAMES[0]))


def test_length_on_the_wire_below_the_captured_one_is_raised(tmp_path: Path) -> None:
    _, (frame,) = read(tmp_path, pcap(FRAMES[0], lengths=[4]))
    assert frame.frame["length"] == len(FRAMES[0])


def test_lengths_in_the_order_of_old_libpcap_are_turned_round(tmp_path: Path) -> None:
    short = FRAMES[0][:40]
    head = pcap(version=(2, 3)) + struct.pack("<IIII", 1, 0, len(FRAMES[0]), len(short))
    _, (frame,) = read(tmp_path, head + short)
    assert (frame.frame["captured"], frame.frame["length"]) == (40, len(FRAMES[0]))


@pytest.mark.parametrize("order", ["<", ">"])
def test_modified_pcap_with_longer_record_headers_is_read(tmp_path: Path, order: str) -> None:
    content = pcap(magic=0xA1B2CD34, order=order)
    for frame in FRAMES:
        content += struct.pack(order + "IIIIIHBB", 9, 0, len(frame), len(frame), 3, 0x0800, 0, 0) + frame
    captures, frames = read(tmp_path, content)
    assert [f.packet["dport"] for f in frames] == [80, 53, -1]
    assert captures.complete


def test_upper_bits_of_the_link_type_are_not_the_link_type(tmp_path: Path) -> None:
    captures, frames = read(tmp_path, pcap(FRAMES[0], link=0x14000001))
    assert (captures.files[0].link_types, frames[0].packet["dport"]) == ([1], 80)


def test_capture_without_frames_is_complete(tmp_path: Path) -> None:
    captures, frames = read(tmp_path, pcap())
    assert (frames, captures.complete, captures.files[0].first_ts) == ([], True, None)


def test_link_type_that_is_not_read_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"link type 127 \(IEEE 802.11 with radiotap header\) is not read"):
        read(tmp_path, pcap(FRAMES[0], link=127))
    with pytest.raises(CaptureError, match="link type 999 is not read, expected one of Ethernet"):
        read(tmp_path, pcap(FRAMES[0], link=999))


def test_other_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match=r"pcap version 3\.0 is not read"):
        read(tmp_path, pcap(version=(3, 0)))


def test_header_cut_short_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="ends within its header"):
        read(tmp_path, pcap()[:23])


def test_tail_cut_short_yields_the_frames_before_it(tmp_path: Path) -> None:
    captures, frames = read(tmp_path, pcap(*FRAMES)[:-1])
    assert [f.packet["dport"] for f in frames] == [80, 53]
    (file,) = captures.files
    at = 24 + 2 * 16 + len(FRAMES[0]) + len(FRAMES[1])
    assert (file.complete, file.warnings) == (
        False, [f"the file ends within frame 3, at byte {at}; reading stops after frame 2"],
    )  # fmt: skip


@pytest.mark.parametrize("claimed", [262145, 0xFFFFFFFF, 0x7FFFFFFF])
def test_frame_of_absurd_length_is_damage(tmp_path: Path, claimed: int) -> None:
    content = pcap(FRAMES[0]) + struct.pack("<IIII", 1, 0, claimed, claimed) + b"x" * 100
    captures, frames = read(tmp_path, content)
    assert (len(frames), captures.complete) == (1, False)
    assert "frame 2 claims to be longer than 262,144 bytes" in captures.files[0].warnings[0]


def test_longest_frame_is_read(tmp_path: Path) -> None:
    longest = FRAMES[0].ljust(262144, b"\0")
    captures, frames = read(tmp_path, pcap(FRAMES[0], longest, longest, FRAMES[1]))
    assert [f.frame["captured"] for f in frames] == [len(FRAMES[0]), 262144, 262144, len(FRAMES[1])]
    assert captures.complete


def test_stretch_of_zeros_is_not_packets(tmp_path: Path) -> None:
    captures, frames = read(tmp_path, pcap(FRAMES[0]) + bytes(1 << 20))
    assert len(frames) <= 12_000
    assert not captures.complete
    assert "nothing but empty frames" in captures.files[0].warnings[0]


def test_few_empty_frames_are_frames(tmp_path: Path) -> None:
    captures, frames = read(tmp_path, pcap(b"", FRAMES[0], b""))
    assert ([f.frame["captured"] for f in frames], captures.complete) == ([0, len(FRAMES[0]), 0], True)


def test_frames_across_many_buffers_are_all_there(tmp_path: Path) -> None:
    frame = FRAMES[0].ljust(1500, b"\0")
    captures, frames = read(tmp_path, pcap(*[frame] * 2500))
    assert [f.frame["number"] for f in frames] == list(range(1, 2501))
    assert {f.packet["dport"] for f in frames} == {80}
    assert captures.complete


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 9])
def test_limit_ends_the_run(tmp_path: Path, limit: int) -> None:
    captures, frames = read(tmp_path, pcap(*FRAMES), limit=limit)
    assert (len(frames), captures.files[0].packets) == (min(limit, 3), min(limit, 3))
    assert captures.complete
