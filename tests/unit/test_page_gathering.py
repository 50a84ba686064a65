from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP

from fwsim.page.document import document
from tests.paging import reported, told

LARGEST = 2_000_000
"""Bytes of a page with 5,000 packets."""


def test_the_same_capture_gives_the_same_page() -> None:
    assert document(told("blind-reset.pcapng")) == document(told("blind-reset.pcapng"))


def test_a_window_is_told_with_its_limit() -> None:
    window = told("handshake.pcapng", first=1, count=2)["window"]
    assert (window["first"], window["limit"]) == (1, 2)


@pytest.mark.slow
def test_a_page_of_5000_packets_is_below_2_megabytes() -> None:
    data = told("office.pcapng")
    assert data["packets"]["count"] == 5_000
    assert len(document(data)) < LARGEST


def test_all_figures_are_of_all_packets_whatever_the_window() -> None:
    names = ("overview", "flow", "table", "telling", "rules")
    whole, part = told("blind-reset.pcapng"), told("blind-reset.pcapng", first=3, count=2)
    assert {name: whole[name] for name in names} == {name: part[name] for name in names}


def test_numbers_are_such_as_the_page_can_hold() -> None:
    limit = 2**53

    def numbers(value: object) -> list[int]:
        if isinstance(value, dict):
            return [number for one in value.values() for number in numbers(one)]
        if isinstance(value, list | tuple):
            return [number for one in value for number in numbers(one)]
        return [value] if isinstance(value, int) else []

    assert all(-limit < number < limit for number in numbers(json.loads(json.dumps(told("v6-router.pcapng")))))


def test_times_are_counted_from_the_first_packet_also_if_a_later_one_is_earlier(tmp_path: Path) -> None:
    stamps = [10_000_000_999, 3_000_000_000, 20_000_001_000]
    path = tmp_path / "disordered.pcap"
    frames = [bytes(IP(src="10.1.0.5", dst="203.0.113.9") / TCP(flags="S"))] * len(stamps)
    headers = (struct.pack("<IIII", *divmod(stamp, 10**9), len(frames[0]), len(frames[0])) for stamp in stamps)
    magic = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 101)
    path.write_bytes(magic + b"".join(header + frame for header, frame in zip(headers, frames, strict=True)))
    data = told(str(path))
    begin, times = data["overview"]["begin_us"], data["packets"]["columns"]["t"]
    assert [begin + time for time in times] == [stamp // 1_000 for stamp in stamps]
    assert data["overview"]["begin"].endswith("00:00:03 UTC")


def test_packets_without_a_connection_are_gathered_too() -> None:
    done = reported("unsolicited-synack.pcapng")
    assert len(done.gathered.packets) == done.tally.frames > 0
