"""Sets of intervals, against Python's own sets."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fwsim.space.intervals import (
    Set,
    holds,
    meet,
    minus,
    moved,
    narrowed,
    of_intervals,
    only,
    point,
    size,
    touches,
    union,
    values,
    within,
)

SETS = st.sets(st.integers(-1, 20)).map(lambda numbers: of_intervals((n, n) for n in numbers))


def plain(one: Set) -> set[int]:
    return set(values(one))


@given(SETS, SETS)
def test_sets_of_intervals_are_sets(one: Set, other: Set) -> None:
    a, b = plain(one), plain(other)
    assert plain(meet(one, other)) == a & b
    assert plain(minus(one, other)) == a - b
    assert plain(union((one, other))) == a | b
    assert touches(one, other) == bool(a & b)
    assert within(one, other) == (a <= b)
    assert size(one) == len(a)
    assert [holds(one, n) for n in range(-2, 22)] == [n in a for n in range(-2, 22)]
    assert plain(moved(one, 3)) == {n + 3 for n in a}


@given(SETS, SETS)
def test_what_comes_out_is_in_order_and_does_not_adjoin(one: Set, other: Set) -> None:
    for result in (meet(one, other), minus(one, other), union((one, other))):
        assert all(before[1] + 1 < after[0] for before, after in pairwise(result))


def test_only_a_point_has_one_value() -> None:
    assert only(point(7)) == 7
    assert only(((1, 2),)) is None
    assert only(((1, 1), (3, 3))) is None


def test_none_stands_for_any_value() -> None:
    assert narrowed(None, point(1)) == narrowed(point(1), None) == point(1)
    assert narrowed(None, None) is None
    assert narrowed(((1, 5),), ((4, 9),)) == ((4, 5),)
