"""Frames taken out of captures and written again are the same frames."""

from __future__ import annotations

from pathlib import Path

from fwsim.capture import Input, open_captures
from fwsim.fuzz.captured import write_traffic
from fwsim.parity.records import records, write


def frames(path: str) -> list[tuple[object, ...]]:
    captures = open_captures([Input(path)], digest=False)
    return [(one.data, one.ts, one.length, one.interface, one.link_type, one.direction) for one in records(captures)]


def test_written_again_they_read_the_same(tmp_path: Path) -> None:
    first, second = str(tmp_path / "first.pcapng"), str(tmp_path / "second.pcapng")
    write_traffic(first, 1, 300)
    write(second, records(open_captures([Input(first)], digest=False)))
    assert frames(second) == frames(first)


def test_they_are_taken_up_to_the_wanted_one(tmp_path: Path) -> None:
    path = str(tmp_path / "first.pcapng")
    write_traffic(path, 1, 300)
    found = records(open_captures([Input(path)], digest=False), behind=(0, 17))
    assert [one.number for one in found] == list(range(1, 18))
