"""A chunk of packets cut into smaller ones, over the same bytes.

Read first: `fwsim.capture.model.Chunk`. Cutting a run elsewhere changes nothing of what is decided.
"""

from __future__ import annotations

import numpy as np

from fwsim.capture import Chunk


def part(chunk: Chunk, start: int, end: int) -> Chunk:
    """The rows from `start` to `end` as a chunk of its own; the whole must not be used any more, if it is not that."""
    if start == 0 and end == len(chunk):
        return chunk
    packets = chunk.packets[start:end]
    quoting = np.flatnonzero(packets["quote"] >= 0)
    quotes = chunk.quotes[:0]
    if len(quoting):
        numbers = packets["quote"][quoting]
        first = int(numbers.min())
        quotes = chunk.quotes[first : int(numbers.max()) + 1]
        packets["quote"][quoting] = numbers - first
    comments = {row - start: text for row, text in chunk.comments.items() if start <= row < end}
    return Chunk(
        chunk.frames[start:end], packets, quotes, chunk.buffer, comments, chunk.fragments, chunk.checksum
    )  # fmt: skip
