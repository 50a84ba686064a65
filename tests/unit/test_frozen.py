"""Values that are promised not to change: what they are at run time."""

from __future__ import annotations

import copy
import dataclasses
import pickle

from fwsim.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Pair:
    one: int
    other: tuple[int, ...] = dataclasses.field(default=(), compare=False)


def test_equal_values_have_one_hash_and_fields_that_do_not_count_do_not() -> None:
    assert Pair(1, (2,)) == Pair(1, (3,)) != Pair(2)
    assert len({Pair(1, (2,)), Pair(1, (3,)), Pair(2)}) == 2


def test_they_are_dataclasses_with_slots_that_can_be_copied_replaced_and_pickled() -> None:
    pair = Pair(1, (2,))
    assert not hasattr(pair, "__dict__")
    assert [each.name for each in dataclasses.fields(pair)] == ["one", "other"]
    assert dataclasses.replace(pair, one=3).one == 3
    assert copy.deepcopy(pair) == pickle.loads(pickle.dumps(pair)) == pair


def test_no_field_is_set_by_a_function() -> None:
    assert Pair.__setattr__ is object.__setattr__


def test_mypy_refuses_to_change_them() -> None:
    pair = Pair(1)
    pair.one = 2  # type: ignore[misc]  # which mypy would find unused
    assert pair.one == 2
