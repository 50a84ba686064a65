"""Frames made by a program, as a capture."""

from __future__ import annotations

from fwsim.capture.crafting import Ip, ethernet
from fwsim.capture.made import INBOUND, Frame, from_frames

DATA = ethernet(b"\2" * 6, b"\4" * 6, Ip("10.1.0.5", "192.0.2.2", 17, bytes(8)).encode())


def test_frames_become_rows_with_their_numbers_times_interfaces_and_labels() -> None:
    frames = [Frame(5, "lan", DATA, 1000, "first", INBOUND), Frame(7, "", DATA[:30], 60), Frame(9, "lan", DATA, 60)]
    captures = from_frames(frames, first=41)
    (chunk,) = captures
    rows = chunk.frames
    assert [int(row["number"]) for row in rows] == [41, 42, 43]
    assert [int(row["ts"]) for row in rows] == [5, 7, 9]
    assert [int(row["length"]) for row in rows] == [1000, 60, 60]
    assert [captures.interfaces[row["capture_interface"]].name for row in rows] == ["lan", None, "lan"]
    assert [int(row["sent_or_received"]) for row in rows] == [INBOUND, 0, 0]
    assert chunk.comments == {0: ["first"]}
    assert chunk.data(0) == DATA
    assert chunk.data(1) == DATA[:30]


def test_no_frames_are_an_empty_capture() -> None:
    assert list(from_frames([])) == []
