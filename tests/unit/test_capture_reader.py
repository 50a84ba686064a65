"""What both formats share: batches, estimates, and how damage is told."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fwsim.capture import CaptureFile, Input
from fwsim.capture.opening import open_capture
from fwsim.capture.reader import Reader, Run
from tests.captures_by_hand import ether, ip4, pcap, tcp

TCP = ether(ip4(tcp()))


def reader_of(folder: Path, content: bytes, rows: int = 10, digest: bool = True) -> Reader:
    path = folder / "capture"
    path.write_bytes(content)
    return open_capture(Run(rows, digest), Input(str(path)), CaptureFile(str(path)), 3)


def test_batches_have_at_most_the_rows_asked_for_and_then_end(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, pcap(*[TCP] * 7))
    sizes = []
    while (batch := reader.next(3)) is not None:
        sizes.append(len(batch.frames))
        assert set(batch.frames["file"].tolist()) == {3}
    assert sizes == [3, 3, 1]
    assert reader.next(3) is None
    reader.close()


def test_reader_estimates_what_is_to_come(tmp_path: Path) -> None:
    reader = reader_of(tmp_path, pcap(*[TCP] * 100))
    assert reader.next(10) is not None
    assert 85 <= reader.estimate_remaining() <= 95
    while reader.next(10) is not None:
        pass
    assert reader.estimate_remaining() == 0
    reader.close()


def test_damage_is_told_after_the_frames_before_it(tmp_path: Path) -> None:
    content = pcap(TCP, TCP) + b"\xff" * 100
    reader = reader_of(tmp_path, content)
    batch = reader.next(10)
    assert batch is not None
    assert len(batch.frames) == 2
    assert reader.next(10) is None
    assert not reader.file.complete
    assert reader.file.warnings == [
        f"frame 3 claims to be longer than 262,144 bytes, at byte {len(content) - 100}; reading stops after frame 2"
    ]
    assert reader.file.sha256 == hashlib.sha256(content).hexdigest()
    reader.close()


def test_sound_end_is_told_by_the_digest(tmp_path: Path) -> None:
    content = pcap(TCP)
    reader = reader_of(tmp_path, content)
    assert reader.next(10) is not None
    assert reader.file.sha256 is None
    assert reader.next(10) is None
    assert reader.file.sha256 == hashlib.sha256(content).hexdigest()
    reader.close()
