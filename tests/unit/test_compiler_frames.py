"""Frames of Python calls that lie in one piece of memory."""

from __future__ import annotations

import pytest

from fwsim.compiler.frames import in_one_piece

resource = pytest.importorskip("resource")

CALLS = 400


def leaf() -> None:
    pass


def faults_at(depth: int) -> int:
    """How often memory was mapped anew while a function so deep down calls another."""
    if depth:
        return faults_at(depth - 1)
    before: int = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(CALLS):
        leaf()
    after: int = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    return after - before


def test_no_call_has_memory_mapped_anew_however_deep_it_is() -> None:
    found: list[int] = []
    in_one_piece(lambda: found.extend(faults_at(depth) for depth in range(400)))()
    assert len(found) == 400
    assert max(found) < CALLS / 2


def fails() -> None:
    raise ZeroDivisionError


def test_an_error_is_that_of_the_function() -> None:
    with pytest.raises(ZeroDivisionError):
        in_one_piece(fails)()
