"""An entry function as machine code, called with tables as the Python function is.

Read first: `fwsim.native`. The machine code is called with the address of a row of 64-bit words. The first is for the
result; behind it stand the arguments: numbers as they are, arrays by the address of the Python object (where NumPy's C
interface says what is where), groups (NamedTuples) as their members one after the other.
"""

from __future__ import annotations

import ctypes
import threading
import zlib
from collections.abc import Callable, Iterator
from functools import cache, update_wrapper
from types import FunctionType
from typing import Any

import numpy as np

Arguments = tuple[Any, ...]
Obtain = Callable[[FunctionType, str, Arguments], int]
"""Gives the address of a function's machine code for arguments of a shape, which are there as well."""

MISPLACED = 1000
"""The status if an array has gaps."""

_PROTOTYPE = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)
"""Called without the GIL, as ctypes does."""

_all_calls: list[dict[int, Call]] = []
_obtaining = threading.RLock()


def shape_of(argument: Any) -> str:
    """What the machine code depends on: the kinds of rows and dimensions of arrays, but no lengths."""
    if isinstance(argument, tuple):
        return f"({','.join(map(shape_of, argument))})"
    if isinstance(argument, np.ndarray):
        return f"{kind_of(argument.dtype)}:{argument.ndim}"
    if isinstance(argument, int | np.integer) and not isinstance(argument, bool):
        return "i"
    raise TypeError(f"compiled code takes tables and whole numbers, not {type(argument).__name__}")


@cache
def kind_of(row: np.dtype[Any]) -> str:
    """A short name for a kind of rows; to describe one takes as long as to decide about ten packets."""
    return f"{zlib.crc32(f'{row.descr}'.encode()):08x}"


def leaves(argument: Any) -> Iterator[Any]:
    """The arrays and numbers of a group, or what is none itself."""
    if isinstance(argument, tuple):
        for member in argument:
            yield from leaves(member)
    else:
        yield argument


def word_of(leaf: Any) -> int:
    """What stands for an array or a number."""
    return id(leaf) if isinstance(leaf, np.ndarray) else int(leaf)


class Native:
    """Takes the place of an entry function; its machine code is obtained at the first call."""

    def __init__(self, function: FunctionType, obtain: Obtain) -> None:
        """Nothing is loaded yet."""
        update_wrapper(self, function)
        self.function = function
        self._obtain = obtain
        self._by_thread: dict[int, Call] = {}
        _all_calls.append(self._by_thread)

    def __call__(self, *arguments: Any) -> int:
        """Call the machine code; other threads go on meanwhile. The result of a function that has none is 0."""
        call = self._by_thread.get(threading.get_ident())
        if call is None or not call.takes(arguments):
            call = self._by_thread[threading.get_ident()] = self._prepare(arguments)
        return call.run()

    def _prepare(self, arguments: Arguments) -> Call:
        """Obtain the machine code for such arguments."""
        with _obtaining:
            address = self._obtain(self.function, shape_of(arguments), arguments)
        return Call(self.function.__name__, address, arguments)


class Call:
    """The words of one function's arguments in one thread, to be filled and called again and again.

    Groups live long and have up to forty arrays: the last one is kept, and its words are written once.
    """

    def __init__(self, name: str, address: int, arguments: Arguments) -> None:
        """Fill the words with the first arguments."""
        self.name = name
        self.code = _PROTOTYPE(address)
        self.shapes = [shape_of(argument) for argument in arguments]
        self.kinds = [(argument.dtype, argument.ndim) if isinstance(argument, np.ndarray) else None
                      for argument in arguments]  # fmt: skip
        self.groups: list[Any] = [None] * len(arguments)
        self.starts = np.cumsum([1, *(sum(1 for _ in leaves(argument)) for argument in arguments)]).tolist()
        self.words = (ctypes.c_int64 * self.starts.pop())()
        self.address = ctypes.addressof(self.words)
        if not self.takes(arguments):
            raise TypeError(f"the compiled {name} cannot take what it was compiled for")

    def takes(self, arguments: Arguments) -> bool:
        """Write arguments into the words; False if they are of other kinds than the first ones."""
        words, kinds = self.words, self.kinds
        for number, argument in enumerate(arguments):
            kind = kinds[number]
            if kind is not None:
                if not isinstance(argument, np.ndarray) or argument.dtype is not kind[0] or argument.ndim != kind[1]:
                    return False
                words[self.starts[number]] = id(argument)
            elif argument.__class__ is int and self.shapes[number] == "i":
                words[self.starts[number]] = argument
            elif argument is not self.groups[number] and not self._takes_rarely(number, argument):
                return False
        return True

    def _takes_rarely(self, number: int, argument: Any) -> bool:
        """Write another group, or a number that is none of Python's."""
        if shape_of(argument) != self.shapes[number]:
            return False
        if isinstance(argument, tuple):
            self.groups[number] = argument
        for at, leaf in enumerate(leaves(argument), self.starts[number]):
            self.words[at] = word_of(leaf)
        return True

    def run(self) -> int:
        """Call."""
        status = self.code(self.address)
        if status == MISPLACED:
            raise TypeError(f"the compiled {self.name} takes arrays without gaps")
        if status != 0:
            raise RuntimeError(f"the compiled {self.name} failed with status {status}")
        return int(self.words[0])


def release() -> None:
    """Forget the groups of the last calls, so that their memory can be used for something else."""
    for by_thread in _all_calls:
        by_thread.clear()
