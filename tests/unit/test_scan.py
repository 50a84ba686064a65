"""The scanners themselves: where they stop, and that they go on from there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fwsim.engine import scan
from fwsim.tables import FRAME, Rows, empty, plain
from tests.captures_by_hand import Pcapng, pcap

RECORDS = pcap(b"abc", b"", b"defgh", lengths=[3, 0, 900])[24:]
INTERFACES = np.array([(5, 1, 1_000_000, 0, 0)], scan.INTERFACE)


def pcap_state(content: bytes) -> Any:
    state = empty(scan.SCAN, 1)
    state["end"], state["interface"] = len(content), 4
    state["header"], state["nanoseconds_per_tick"] = 16, 1000
    return state


def section_state(content: bytes) -> Any:
    state = empty(scan.SCAN, 1)
    state["end"], state["interfaces"] = len(content), 1
    return state


def pcapng_scan(content: bytes, rows: int = 10) -> tuple[int, dict[str, int], Any, Any]:
    """The answer, the state afterwards, the frames, and the notes."""
    state, frames, notes = section_state(content), empty(FRAME, rows), empty(scan.NOTE, rows)
    stop = scan.scan_pcapng(np.frombuffer(content, np.uint8), frames, state, INTERFACES, notes)
    return int(stop), plain(state[0]), frames, notes


def test_records_of_a_pcap_are_found_where_they_lie() -> None:
    state, frames = pcap_state(RECORDS), empty(FRAME, 5)
    assert scan.scan_pcap(np.frombuffer(RECORDS, np.uint8), frames, state) == scan.MORE
    assert (int(state["rows"][0]), int(state["at"][0]), int(state["number"][0])) == (3, len(RECORDS), 3)
    assert frames["offset"][:3].tolist() == [16, 35, 51]
    assert frames["captured"][:3].tolist() == [3, 0, 5]
    assert frames["length"][:3].tolist() == [3, 0, 900]
    assert set(frames["capture_interface"][:3].tolist()) == {4}


@given(st.integers(0, len(RECORDS)))
@settings(deadline=None)
def test_pcap_scan_waits_for_whole_records(end: int) -> None:
    state, frames = pcap_state(RECORDS[:end]), empty(FRAME, 5)
    assert scan.scan_pcap(np.frombuffer(RECORDS, np.uint8), frames, state) == scan.MORE
    whole = sum(end >= bound for bound in (19, 35, 56))
    assert (int(state["rows"][0]), int(state["at"][0])) == (whole, (0, 19, 35, 56)[whole])


def test_scan_stops_when_the_rows_are_full_and_goes_on() -> None:
    state, frames = pcap_state(RECORDS), empty(FRAME, 2)
    assert scan.scan_pcap(np.frombuffer(RECORDS, np.uint8), frames, state) == scan.FULL
    state["rows"] = 0
    assert scan.scan_pcap(np.frombuffer(RECORDS, np.uint8), frames, state) == scan.MORE
    assert frames["number"].tolist() == [3, 2]


@pytest.mark.uncompiled
def test_scan_of_uncompiled_rows_is_that_of_arrays() -> None:
    states, frames = (Rows(pcap_state(RECORDS)), Rows(empty(FRAME, 5)))
    assert scan.scan_pcap(memoryview(RECORDS), frames, states) == scan.MORE
    states.flush()
    frames.flush()
    direct, directly = pcap_state(RECORDS), empty(FRAME, 5)
    scan.scan_pcap(np.frombuffer(RECORDS, np.uint8), directly, direct)
    assert np.array_equal(frames.table[:3], directly[:3])
    assert np.array_equal(states.table, direct)


def test_pcapng_scan_stops_at_a_block_without_packet() -> None:
    content = Pcapng().packet(b"abc", 7).interface().packet(b"d", 8).content
    stop, state, frames, _ = pcapng_scan(content)
    assert (stop, state["rows"], state["at"]) == (scan.OTHER_BLOCK, 1, 36)
    assert (int(frames["ts"][0]), int(frames["capture_interface"][0]), state["last_ts"]) == (7000, 5, 7000)


def test_pcapng_scan_waits_for_whole_blocks() -> None:
    content = Pcapng().packet(b"abc", 7).packet(b"defg", 8).content
    for end in range(len(content)):
        stop, state, _, _ = pcapng_scan(content[:end])
        assert (stop, state["rows"]) == (scan.MORE, int(end >= 36))


def test_comments_are_noted_where_the_options_lie() -> None:
    content = Pcapng().packet(b"abcd").packet(b"ef", 0, (2, b"\2\0\0\0"), (1, b"hi")).content
    _, state, frames, notes = pcapng_scan(content)
    assert (state["rows"], state["notes"]) == (2, 1)
    row, at, end = notes[0].item()
    assert (row, content[at : at + 4], end) == (1, b"\2\0\4\0", len(content) - 4)
    assert frames["sent_or_received"][:2].tolist() == [0, 2]


def test_damage_is_told_apart() -> None:
    good = Pcapng().packet(b"abcd", 1).content
    for at, value, stop in ((20, 0x40001, scan.TOO_LONG), (8, 1, scan.NO_INTERFACE), (4, 28, scan.BAD_LENGTH)):
        content = good[:at] + value.to_bytes(4, "little") + good[at + 4 :]
        assert pcapng_scan(content)[0] == stop
    assert pcapng_scan(good[:-4] + b"\0\0\0\0")[0] == scan.BAD_LENGTH
