"""Arrays are used again once nobody holds them, and not before."""

from __future__ import annotations

import numpy as np

from fwsim.capture.pool import KEPT_MAX, Pool


def test_array_that_nobody_holds_is_used_again() -> None:
    pool = Pool(lambda: np.zeros(4, np.int64))
    first = id(pool.take())
    second = id(pool.take())
    assert first == second


def test_array_is_not_used_again_while_it_or_a_view_is_held() -> None:
    pool = Pool(lambda: np.zeros(4, np.int64))
    whole = pool.take()
    view = pool.take()[1:3]
    fresh = pool.take()
    assert not np.shares_memory(whole, view)
    assert not np.shares_memory(fresh, view)
    assert not np.shares_memory(fresh, whole)


def test_array_is_not_used_again_while_its_bytes_are_held() -> None:
    pool = Pool(lambda: np.zeros(4, np.uint8))
    held = pool.take().data[1:]
    words = pool.take().view(np.uint16)
    other = pool.take()
    assert not np.shares_memory(other, np.frombuffer(held, np.uint8))
    assert not np.shares_memory(other, words)


def test_array_given_back_is_used_again() -> None:
    pool = Pool(lambda: np.zeros(4, np.int64))
    first, second = pool.take(), pool.take()
    known = {id(first), id(second)}
    del first
    assert id(pool.take()) in known
    del second


def test_pool_keeps_no_more_than_its_share() -> None:
    made = 0

    def make() -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        nonlocal made
        made += 1
        return np.zeros(4, np.int64)

    pool = Pool(make)
    held = [pool.take() for _ in range(KEPT_MAX + 5)]
    assert len({id(array) for array in held}) == KEPT_MAX + 5
    held.clear()
    again = [pool.take() for _ in range(KEPT_MAX)]
    assert made == KEPT_MAX + 5
    assert len({id(array) for array in again}) == KEPT_MAX
