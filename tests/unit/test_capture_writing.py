"""Captures written again: what is read back is what was written, by us and by others."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from fwsim.capture import CaptureWriter, Input, open_captures
from fwsim.errors import CaptureError
from tests.captures_by_hand import Frame, Pcapng, ether, frames_of, ip4, pcap, read, tcp, udp

TCP = ether(ip4(tcp()))
UDP = ether(ip4(udp(), 17))
KEPT = ("ts", "captured", "length", "sent_or_received", "source_mac")


def source(folder: Path) -> Path:
    """A capture with everything that is to be kept."""
    made = Pcapng().section().interface(1, 0, (2, b"lan"), (9, b"\x09")).interface(101, 0, (2, b"tun0"), (9, b"\x09"))
    made.packet(TCP, 1_700_000_000_123_456_789, (2, b"\1\0\0\0"), (1, b"hello"), (1, "\u00fc".encode()))
    made.packet(ip4(udp(), 17), 1_700_000_001_000_000_000, interface=1)
    made.packet(UDP[:40], 1_700_000_002_000_000_000, (2, b"\2\0\0\0"), length=len(UDP))
    path = folder / "source"
    path.write_bytes(made.content)
    return path


def kept(frames: list[Frame]) -> list[list[object]]:
    return [[*(f.frame[name] for name in KEPT), f.packet["dport"], f.comments] for f in frames]


def test_frames_written_again_are_the_same(tmp_path: Path) -> None:
    path = source(tmp_path)
    target = tmp_path / "target"
    captures = open_captures([Input(str(path))])
    with CaptureWriter(str(target), captures) as writer:
        for chunk in captures:
            writer.write(chunk, np.arange(len(chunk)))
    assert writer.packets == 3
    again = open_captures([Input(str(target))])
    before, after = frames_of(open_captures([Input(str(path))])), frames_of(again)
    assert kept(after) == kept(before)
    assert [(one.name, one.link_type) for one in again.interfaces] == [("lan", 1), ("tun0", 101)]
    assert again.files[0].format == "pcapng"


def test_selected_rows_only_with_other_comments(tmp_path: Path) -> None:
    captures = open_captures([Input(str(source(tmp_path)))])
    target = io.BytesIO()
    writer = CaptureWriter(target, captures)
    for chunk in captures:
        writer.write(chunk, [0, 2], {0: ["hello", "dropped"], 2: ["a", "b"]})
    writer.close()
    again, frames = read(tmp_path, target.getvalue())
    assert [f.comments for f in frames] == [["hello", "dropped"], ["a", "b"]]
    assert [one.name for one in again.interfaces] == ["lan"]  # only what is used is described


@pytest.mark.parametrize(("link", "place", "size"), [(113, 1, 16), (276, 10, 20)])
def test_a_cooked_frame_gets_no_flags_for_what_its_header_tells(
    tmp_path: Path, link: int, place: int, size: int
) -> None:
    heads = [bytes(place) + bytes([kind]) + bytes(size - place - 1) for kind in (0, 4, 0, 4)]
    made = Pcapng().section().interface(link)
    for head, flags in zip(heads, (0, 0, 2, 1), strict=True):
        made.packet(head, 0, *([(2, bytes([flags, 0, 0, 0]))] if flags else []))
    path, target = tmp_path / "cooked", io.BytesIO()
    path.write_bytes(made.content)
    captures = open_captures([Input(str(path))])
    with CaptureWriter(target, captures) as writer:
        for chunk in captures:
            writer.write(chunk, range(len(chunk)))
    _, frames = read(tmp_path, target.getvalue())
    assert [f.frame["sent_or_received"] for f in frames] == [1, 2, 2, 1]
    assert target.getvalue().count(b"\x02\x00\x04\x00") == 2  # flags where they say otherwise only


def test_unnamed_interfaces_of_different_files_stay_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(pcap(TCP))
    captures = open_captures([Input(str(tmp_path / "a")), Input(str(tmp_path / "b"))])
    target = io.BytesIO()
    writer = CaptureWriter(target, captures)
    for chunk in captures:
        writer.write(chunk, range(len(chunk)))
    again, frames = read(tmp_path, target.getvalue())
    assert [f.frame["capture_interface"] for f in frames] == [0, 1]
    assert [one.name for one in again.interfaces] == [None, None]


def test_frames_may_be_written_one_by_one(tmp_path: Path) -> None:
    target = io.BytesIO()
    writer = CaptureWriter(target)
    lan, wan = writer.interface("lan"), writer.interface("wan")
    writer.packet(TCP, 5, interface=lan, direction=1, comments=["opening"])
    writer.packet(UDP, 1_700_000_000_000_000_001, interface=wan, length=900)
    writer.packet(b"", -5, interface=lan)
    assert writer.interface("lan") == lan
    captures, frames = read(tmp_path, target.getvalue())
    assert [f.frame["ts"] for f in frames] == [5, 1_700_000_000_000_000_001, 0]
    assert [f.frame["length"] for f in frames] == [len(TCP), 900, 0]
    assert [captures.interfaces[f.frame["capture_interface"]].name for f in frames] == ["lan", "wan", "lan"]
    assert frames[0].comments == ["opening"]
    assert captures.complete


def test_equal_calls_give_equal_bytes() -> None:
    def made() -> bytes:
        target = io.BytesIO()
        writer = CaptureWriter(target)
        writer.packet(TCP, 5, interface=writer.interface("lan"))
        return target.getvalue()

    assert made() == made()


@pytest.mark.parametrize("comment", ["x" * 70_000, "\u00e9" * 40_000, "\udc80 lone surrogate", ""])
def test_comments_of_any_kind_leave_a_sound_file(tmp_path: Path, comment: str) -> None:
    target = io.BytesIO()
    writer = CaptureWriter(target)
    writer.packet(TCP, 5, interface=writer.interface("n" * 70_000), comments=[comment, "last"])
    captures, (frame,) = read(tmp_path, target.getvalue())
    assert (captures.complete, frame.comments[1]) == (True, "last")


@pytest.mark.parametrize(("comment", "letters"), [("x" * 65_535, 65_535), ("\u00e9" * 40_000, 32_767)])
def test_as_much_of_a_comment_is_kept_as_an_option_holds(tmp_path: Path, comment: str, letters: int) -> None:
    target = io.BytesIO()
    writer = CaptureWriter(target)
    writer.packet(TCP, 5, interface=writer.interface("lan"), comments=[comment, "last"])
    _, (frame,) = read(tmp_path, target.getvalue())
    assert frame.comments == [comment[:letters], "last"]


def test_empty_capture_is_a_sound_file(tmp_path: Path) -> None:
    target = io.BytesIO()
    CaptureWriter(target).close()
    captures, frames = read(tmp_path, target.getvalue())
    assert (frames, captures.complete) == ([], True)


def test_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="cannot be written"):
        CaptureWriter(str(tmp_path / "no" / "folder"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_disk_is_an_error() -> None:
    writer = None
    with pytest.raises(CaptureError, match="/dev/full: cannot be written: No space left on device"):  # noqa: PT012
        writer = CaptureWriter("/dev/full")
        writer.close()
    assert writer is not None


def test_stdout_is_written_to_but_not_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdout:
        buffer = io.BytesIO()

    monkeypatch.setattr("sys.stdout", Stdout)
    with CaptureWriter("-") as writer:
        writer.packet(TCP, 5, interface=writer.interface(None))
    assert Stdout.buffer.getvalue()[:4] == b"\x0a\x0d\x0d\x0a"


@pytest.mark.skipif(shutil.which("capinfos") is None, reason="capinfos (Wireshark) is not installed")
def test_wireshark_reads_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "written.pcapng"
    with CaptureWriter(str(path)) as writer:
        for number in range(7):
            interface = writer.interface(f"if{number % 2}")
            writer.packet(TCP, number, interface=interface, direction=number % 3, comments=["a comment"] * (number % 3))
    answer = subprocess.run(["capinfos", "-Mc", str(path)], capture_output=True, text=True, check=True)
    assert answer.stdout.split()[-1] == "7"
