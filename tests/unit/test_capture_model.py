"""What is known of a file grows as it is read; a chunk gives its frames' bytes."""

from __future__ import annotations

import numpy as np

from fwsim.capture import CaptureFile, Chunk
from fwsim.tables import FRAME, PACKET, QUOTE, empty


def test_counts_and_times_add_up() -> None:
    file = CaptureFile("a")
    file.count(3, 50, 70)
    file.count(2, 40, 60)
    assert (file.packets, file.first_ts, file.last_ts) == (5, 40, 70)


def test_warnings_are_kept_once_and_not_without_end() -> None:
    file = CaptureFile("a")
    for number in range(500):
        file.warn("the same")
        file.warn(f"another {number}")
    assert (len(file.warnings), file.warnings[0]) == (100, "the same")


def test_chunk_gives_the_bytes_of_a_frame() -> None:
    frames = empty(FRAME, 2)
    frames["offset"], frames["captured"] = [1, 4], [3, 0]
    buffer = np.frombuffer(b"xabcde", np.uint8)
    chunk = Chunk(frames, empty(PACKET, 2), empty(QUOTE, 2), buffer, {})
    assert (len(chunk), chunk.data(0), chunk.data(1)) == (2, b"abc", b"")
