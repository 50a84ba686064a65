"""Delta debugging finds what matters, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from fwsim.parity.shrinking import shrunk


@given(st.sets(st.integers(0, 59), min_size=1, max_size=4))
def test_what_is_needed_together_is_all_that_is_left(needed: set[int]) -> None:
    assert shrunk(range(60), lambda part: needed <= set(part)) == sorted(needed)


def test_the_order_is_kept() -> None:
    def fails(part: Sequence[str]) -> bool:
        return "".join(part).find("ba") >= 0

    assert shrunk("xxaxbxaxx", lambda part: "b" in part and fails([c for c in part if c != "x"])) == ["b", "a"]


def test_a_single_item_is_left_alone() -> None:
    assert shrunk([7], lambda part: True) == [7]


def test_no_item_of_the_answer_can_be_left_out() -> None:
    def fails(part: Sequence[int]) -> bool:
        return sum(part) >= 100

    left = shrunk(range(40), fails)
    assert fails(left)
    assert not any(fails(left[:place] + left[place + 1 :]) for place in range(len(left)))
