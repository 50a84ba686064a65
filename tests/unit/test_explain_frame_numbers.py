"""Frames as a user names them."""

from __future__ import annotations

import pytest

from fwsim.errors import UsageError
from fwsim.explain.frame_numbers import frame_range, single_frame
from fwsim.explain.reaching import FrameRange

PATHS = ["dir/a.pcap", "b:c.pcap", "other/b.pcap"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.pcap:7", FrameRange(0, 7, 7)),
        ("dir/a.pcap:7-9", FrameRange(0, 7, 9)),
        ("b:c.pcap:1", FrameRange(1, 1, 1)),
        ("b.pcap:2", FrameRange(2, 2, 2)),
    ],
)
def test_file_and_number(text: str, expected: FrameRange) -> None:
    assert frame_range(text, PATHS, "-n") == expected


def test_number_alone_is_enough_for_a_single_capture() -> None:
    assert frame_range("4117-4120", ["x"], "-n") == FrameRange(0, 4117, 4120)
    assert single_frame("3", ["x"], "-n") == FrameRange(0, 3, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("7", "-n 7: there are 3 captures, so write FILE:NUMBER"),
        ("c.pcap:7", "-n c.pcap:7: expected one of the captures dir/a.pcap, b:c.pcap, other/b.pcap"),
        ("a.pcap:0", "-n a.pcap:0: packets are numbered from 1"),
        ("a.pcap:5-3", "-n a.pcap:5-3: packets are numbered from 1, and a range goes upwards"),
        ("a.pcap:x", "-n a.pcap:x: expected a packet's number, or FILE:NUMBER"),
        ("", "-n : expected a packet's number, or FILE:NUMBER"),
    ],
)
def test_what_names_no_frame_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        frame_range(text, PATHS, "-n")
    assert str(caught.value).startswith(message)


def test_a_range_is_no_single_frame() -> None:
    with pytest.raises(UsageError, match="expected one packet, not a range"):
        single_frame("3-4", ["x"], "--after")
