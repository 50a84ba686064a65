"""Slots of EXTRA: filled from a matrix, row by row, view by view."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fwsim.engine.asked import AS_IT_CAME, FIRST, FORWARDED, MIRRORED, TRANSLATED, is_cut, lose_translated, show_headers
from fwsim.tables import EXTRA, PACKET
from fwsim.terms import ABSENT, UNKNOWN_VALUE

ASKED = np.array([[0] * 10, [1, 2, ABSENT, 11, 2, ABSENT, UNKNOWN_VALUE, 2, UNKNOWN_VALUE, 0b100]])
"""Three slots: two packets, each as it came, forwarded, mirrored."""


def rows() -> tuple[npt.NDArray[np.void], npt.NDArray[np.int64]]:
    """A row of EXTRA, of the second packet, and the matrix that it is in."""
    fields = len(PACKET.names or ())
    matrix = np.zeros((1, fields + len(EXTRA.names or ())), np.int64)
    extra = matrix[0, fields:].view(EXTRA)
    extra[0]["row"] = 1
    return extra, matrix


def slots(matrix: npt.NDArray[np.int64]) -> list[int]:
    return [int(value) for value in matrix[0, FIRST : FIRST + 3]]


def test_a_packet_is_shown_as_it_came_and_then_as_it_is_forwarded() -> None:
    extra, matrix = rows()
    show_headers(extra[0], matrix, ASKED, AS_IT_CAME)
    assert slots(matrix) == [1, 2, ABSENT]
    show_headers(extra[0], matrix, ASKED, FORWARDED)
    assert slots(matrix) == [11, 2, ABSENT]


def test_forwarding_leaves_what_a_rule_has_changed() -> None:
    extra, matrix = rows()
    show_headers(extra[0], matrix, ASKED, AS_IT_CAME)
    matrix[0, FIRST] = UNKNOWN_VALUE
    show_headers(extra[0], matrix, ASKED, FORWARDED)
    assert slots(matrix) == [UNKNOWN_VALUE, 2, ABSENT]


def test_the_mirror_image_is_shown_whatever_was_there() -> None:
    extra, matrix = rows()
    show_headers(extra[0], matrix, ASKED, AS_IT_CAME)
    show_headers(extra[0], matrix, ASKED, MIRRORED)
    assert slots(matrix) == [UNKNOWN_VALUE, 2, UNKNOWN_VALUE]


def test_translation_loses_what_is_there() -> None:
    extra, matrix = rows()
    show_headers(extra[0], matrix, ASKED, AS_IT_CAME)
    matrix[0, TRANSLATED] = 0b101
    lose_translated(matrix)
    assert slots(matrix) == [UNKNOWN_VALUE, 2, ABSENT]


def test_what_was_cut_is_told_by_its_bit() -> None:
    extra, matrix = rows()
    show_headers(extra[0], matrix, ASKED, AS_IT_CAME)
    assert [is_cut(matrix, FIRST + slot) for slot in range(3)] == [False, False, True]


def test_where_nothing_is_asked_nothing_is_shown() -> None:
    extra, matrix = rows()
    before = matrix.copy()
    show_headers(extra[0], matrix, np.zeros((1, 1), np.int64), AS_IT_CAME)
    assert (matrix == before).all()
