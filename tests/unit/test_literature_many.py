"""Segments made all at once are read as they were meant, with right checksums."""

from __future__ import annotations

import subprocess

import numpy as np

from fwsim.attack.literature.many import address, in_order, judged, segments, stored
from fwsim.attack.literature.stage import KNOWN, OPEN, Firewall
from fwsim.attack.segment import taken_apart
from fwsim.simulator import Batch
from tests.attacking import TSHARK, needs_tshark

TIMES = np.arange(3) * 1_500_000_000


def made() -> np.ndarray:
    ports = (np.array([1000, 65535, 1]), 443)
    numbers = np.array([0, 0xFFFFFFFF, 0x80000000])
    return segments(TIMES, "SA", address("192.0.2.1") + np.arange(3), address("198.51.100.7"), ports, seq=numbers,
                    ack=numbers[::-1], win=5840)  # fmt: skip


def test_each_field_is_one_for_all_or_one_for_each() -> None:
    found = [taken_apart(row["data"].tobytes()) for row in made()]
    assert [one.src for one in found] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert {one.dst for one in found} == {"198.51.100.7"}
    assert [(one.sport, one.dport) for one in found] == [(1000, 443), (65535, 443), (1, 443)]
    assert [one.seq for one in found] == [0, 0xFFFFFFFF, 0x80000000]
    assert [one.ack for one in found] == [0x80000000, 0xFFFFFFFF, 0]
    assert {(one.flags, one.win, one.sound) for one in found} == {(0x12, 5840, True)}


@needs_tshark
def test_tshark_finds_no_fault() -> None:
    assert TSHARK is not None
    with stored(made()) as path:
        command = [TSHARK, "-r", path, "-n", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
        fields = ["-e", "ip.checksum.status", "-e", "tcp.checksum.status", "-e", "frame.time_relative"]
        command += ["-T", "fields", *fields]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["1", "1", "0.000000000"],
        ["1", "1", "1.500000000"],
        ["1", "1", "3.000000000"],
    ]


def test_what_is_put_in_order_goes_by_time_and_keeps_its_bytes() -> None:
    late, early = made(), segments(TIMES + 7, "R", 1, 2, (3, 4))
    mixed = in_order([late, early])
    assert [row["data"][33] for row in mixed] == [0x12, 4, 0x12, 4, 0x12, 4]
    assert mixed[0]["data"].tobytes() == late[0]["data"].tobytes()


def test_a_capture_is_judged_in_both_modes() -> None:
    seen: list[Batch] = []
    ruleset = Firewall("office", (KNOWN, OPEN)).ruleset()
    opening = segments(TIMES, "S", address("192.0.2.1"), address("198.51.100.7"), (np.arange(1, 4), 443))
    with stored(opening) as path:
        counts = judged(path, ruleset, seen.append)
    assert sum(map(len, seen)) == 3
    assert (counts["peak"], counts["dropped"]) == (3, 0)
