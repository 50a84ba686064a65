"""Sets of elements of several parts, read back from the index that the engine asks: for each element what it holds.

Read first: CHAIN and COLUMN in `fwsim.tables`, `fwsim.engine.index`, `fwsim.lower.bitsets`. Such a set is a chain
without instructions.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.engine.program import BLOCKS_A_SUMMARY, BY_ADDRESS, BY_TABLE, RULES_A_WORD, WORDS_A_BLOCK, Program
from fwsim.lower.boundaries import WHOLE
from fwsim.tables import Row
from fwsim.terms import ABSENT

from .asking import boundaries_of_addresses
from .fields import domain
from .index import bits_of
from .intervals import Interval, Set, meet, of_intervals

Element = dict[int, Set]
"""By field."""


def elements_of(program: Program, chain: Row, columns: list[Row]) -> list[Element] | None:
    """The elements of a set; None if its index does not tell them exactly."""
    if chain["policy"]:
        return None
    found: list[Element] = [{} for _ in range(chain["last"] - chain["first"])]
    for column in columns[chain["column"] : chain["column"] + chain["columns"]]:
        if column["mask"] != WHOLE:
            return None
        parts: dict[int, list[Interval]] = {}
        for interval, place in _classes(program, column):
            for number in bits_of(_bitset(program, chain, place)):
                parts.setdefault(number, []).append(interval)
        for number, element in enumerate(found):
            element[column["field"]] = meet(domain(column["field"]), of_intervals(parts.get(number, ())))
    return found


def _classes(program: Program, column: Row) -> Iterator[tuple[Interval, int]]:
    """The classes of a field's values, each with the place of its bitset."""
    numbers, first, count = program.numbers, column["first"], column["count"]
    places = column["rows"]
    if column["kind"] == BY_TABLE:
        starts = list(range(count + 1))
    elif column["kind"] == BY_ADDRESS:
        starts = [0, *boundaries_of_addresses(numbers, first, count, column["wide"])]
    else:
        starts = [0, *numbers[first : first + count].tolist()]
    for number, (low, end) in enumerate(zip(starts, [*starts[1:], 1 << 130], strict=True)):
        if low < end:
            yield (low, end - 1), int(numbers[places + number])
    yield (ABSENT, ABSENT), column["absent"]


def _bitset(program: Program, chain: Row, place: int) -> int:
    """A bitset as one number, a bit for each element."""
    numbers, words = program.numbers, chain["words"]
    if not chain["summaries"]:
        found = numbers[place : place + words].tolist()
    else:
        found = []
        for block in range(-(-words // WORDS_A_BLOCK)):
            if int(numbers[place + block // BLOCKS_A_SUMMARY]) >> block % BLOCKS_A_SUMMARY & 1:
                at = int(numbers[place + chain["summaries"] + block])
                found += numbers[at : at + WORDS_A_BLOCK].tolist()
            else:
                found += [0] * WORDS_A_BLOCK
    return sum(word << RULES_A_WORD * number for number, word in enumerate(found))
