"""What stands in the place of an entry function, without machine code: shapes, words, threads."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from types import FunctionType
from typing import Any, NamedTuple, cast

import numpy as np
import pytest

from fwsim.native import calling
from fwsim.native.calling import MISPLACED, Native, leaves, release, shape_of, word_of
from fwsim.tables import DECISION, FRAME, empty


class Pair(NamedTuple):
    """A group."""

    first: Any
    number: int


def _function(*arguments: Any) -> int:
    """What is replaced."""
    raise AssertionError(f"called with {arguments}")


function = cast(FunctionType, _function)


class Obtained:
    """Machine code made of a Python function, which sees the words."""

    def __init__(self, status: int = 0) -> None:
        self.shapes: list[str] = []
        self.seen: list[list[int]] = []
        self.status = status
        self.count = 0
        self.codes: list[Any] = []

    def __call__(self, replaced: Any, shape: str, arguments: tuple[Any, ...]) -> int:
        assert replaced is function
        self.shapes.append(shape)
        count = 1 + sum(1 for _ in leaves(arguments))

        def code(address: int) -> int:
            words = (ctypes.c_int64 * count).from_address(address)
            self.seen.append(words[1:])
            words[0] = len(self.seen)
            return self.status

        self.codes.append(calling._PROTOTYPE(code))
        address = ctypes.cast(self.codes[-1], ctypes.c_void_p).value
        assert address is not None
        return address


@pytest.fixture
def obtained() -> Iterator[Obtained]:
    yield Obtained()
    release()


def test_shapes_tell_rows_and_dimensions_but_no_lengths() -> None:
    one, more = empty(FRAME, 1), empty(FRAME, 5)
    assert shape_of(one) == shape_of(more) == shape_of(more[2:])
    assert len({shape_of(one), shape_of(empty(DECISION, 1)), shape_of(np.zeros((1, 1), np.int64)), shape_of(0)}) == 4
    assert shape_of(Pair(one, 1)) == f"({shape_of(one)},i)"


@pytest.mark.parametrize("argument", [True, 1.5, "text", None, [1]])
def test_what_compiled_code_cannot_take_is_refused(argument: Any) -> None:
    with pytest.raises(TypeError, match="tables and whole numbers"):
        shape_of(argument)


def test_groups_are_their_members_one_after_the_other(obtained: Obtained) -> None:
    native, table = Native(function, obtained), empty(FRAME, 2)
    assert native(Pair(Pair(table, 7), 8), table, np.int64(9)) == 1
    assert obtained.seen == [[id(table), 7, 8, id(table), 9]]
    assert word_of(table) == id(table)


def test_machine_code_is_obtained_once_for_arguments_of_one_shape(obtained: Obtained) -> None:
    native, table, other = Native(function, obtained), empty(FRAME, 2), empty(FRAME, 3)
    group = Pair(table, 1)
    assert [native(group, table, 5), native(group, other, 6), native(Pair(other, 2), table, 7)] == [1, 2, 3]
    assert len(obtained.shapes) == 1
    assert obtained.seen[1:] == [[id(table), 1, id(other), 6], [id(other), 2, id(table), 7]]
    native(group, empty(DECISION, 1), 5)
    assert len(obtained.shapes) == 2


def test_arrays_may_be_of_a_kind_of_their_own(obtained: Obtained) -> None:
    native, table = Native(function, obtained), empty(FRAME, 2)
    shared = table.view(np.recarray).view(FRAME, np.recarray)
    native(shared)
    native(table)
    assert obtained.seen == [[id(shared)], [id(table)]]


def test_every_thread_has_words_of_its_own(obtained: Obtained) -> None:
    native = Native(function, obtained)
    native(Pair(empty(FRAME, 1), 1))
    here = native._by_thread[threading.get_ident()]
    thread = threading.Thread(target=lambda: native(Pair(empty(FRAME, 1), 2)))
    thread.start()
    thread.join()
    assert len(obtained.shapes) == 2
    assert native._by_thread[threading.get_ident()] is here
    assert here.words[2] == 1


def test_released_groups_are_kept_no_longer(obtained: Obtained) -> None:
    native = Native(function, obtained)
    native(Pair(empty(FRAME, 1), 1))
    assert native._by_thread
    release()
    assert not native._by_thread
    assert native(Pair(empty(FRAME, 1), 3)) == 2


@pytest.mark.parametrize(("status", "error"), [(MISPLACED, TypeError), (1, RuntimeError)])
def test_a_status_that_is_not_0_is_an_error(status: int, error: type[Exception]) -> None:
    with pytest.raises(error, match="the compiled _function"):
        Native(function, Obtained(status))(1)
