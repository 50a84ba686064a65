"""Parts of a chunk: their rows, their comments, and what lies beside their packets."""

from __future__ import annotations

import numpy as np

from fwsim.capture import Chunk
from fwsim.resources.cutting import part
from fwsim.tables import FRAME, PACKET, QUOTE, empty


def chunk(quoting: list[int]) -> Chunk:
    """Frames numbered from 1, with these rows of quotes (below 0: none), whose protocol is that row."""
    frames, packets, quotes = empty(FRAME, len(quoting)), empty(PACKET, len(quoting)), empty(QUOTE, 10)
    frames["number"] = np.arange(1, len(quoting) + 1)
    packets["quote"] = quoting
    quotes["proto"] = np.arange(10)
    return Chunk(frames, packets, quotes, np.zeros(9, np.uint8), {1: ["one"], 3: ["three"]}, False, 2)


def test_a_part_has_its_rows_comments_and_quotes() -> None:
    found = part(chunk([0, -2, -1, 1, 2]), 2, 5)
    assert found.frames["number"].tolist() == [3, 4, 5]
    assert found.comments == {1: ["three"]}
    assert found.packets["quote"].tolist() == [-1, 0, 1]
    assert found.quotes["proto"].tolist() == [1, 2]
    assert (found.fragments, found.checksum, len(found.buffer)) == (False, 2, 9)


def test_without_quotes_none_are_kept() -> None:
    assert len(part(chunk([0, -2, -1]), 1, 3).quotes) == 0


def test_the_whole_is_itself() -> None:
    whole = chunk([0, 1])
    assert part(whole, 0, 2) is whole
