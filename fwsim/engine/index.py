"""The index of a chain: which rules can match a packet at all, found for 63 rules at once.

Read first: CHAIN and COLUMN in `fwsim.tables`. Each field that rules ask for divides its values into classes, and each
class has a bitset of the rules that are content with it. The intersection over the fields is the rules whose indexed
matches are all true. Fields are looked up one after another, only until the lowest rule left asks for no further one:
a packet of an established connection that the first rule accepts costs one look-up.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.intervals import place_of, place_of_address
from fwsim.engine.program import ALL_RULES, BY_TABLE, BY_VALUE, RULES_A_WORD, Numbers, Table
from fwsim.terms import ABSENT, UNKNOWN_VALUE

Row = Any


@hot
def candidate(
    chain: Row, columns: Table, numbers: Numbers, places: Numbers, state: Row, rule: int, words: Numbers
) -> int:
    """The first rule of a chain, from `rule` on, whose indexed matches are all true; or the chain's `last`.

    UNKNOWN_VALUE if that hangs on a field whose value is not known. The bitsets of the first `state["known"]` columns
    have been looked up before and stand in `places`; who leaves the chain or changes the packet sets it to 0.
    """
    size = chain["words"]
    position = rule - chain["first"]
    word = position // RULES_A_WORD
    skip = position - RULES_A_WORD * word
    while word < size:
        left = (ALL_RULES >> skip) << skip
        column = 0
        decided = chain["decided"] + word
        while left:
            lowest = left & -left
            if lowest & numbers[decided]:
                return int(chain["first"] + RULES_A_WORD * word + numbers[lowest % 67])
            if column >= chain["columns"]:
                left = 0  # bits above the last rule
            else:
                if column >= state["known"]:
                    found = bitset_of(columns[chain["column"] + column], numbers, words)
                    if found < 0:
                        return UNKNOWN_VALUE
                    places[column] = found
                    state["known"] = column + 1
                left &= numbers[places[column] + word]
                column += 1
                decided += size
        word += 1
        skip = 0
    return int(chain["last"])


@hot
def bitset_of(column: Row, numbers: Numbers, words: Numbers) -> int:
    """Where the bitset of the packet's value of an indexed field begins; UNKNOWN_VALUE if the value is not known."""
    field = column["field"]
    value = words[0, field]
    if value < 0:
        return int(column["absent"]) if value == ABSENT else UNKNOWN_VALUE
    kind = column["kind"]
    count = column["count"]
    if kind == BY_TABLE:
        place = value if value < count else count
    elif kind == BY_VALUE:
        place = place_of(numbers, column["first"], count, value)
    else:
        place = place_of_address(numbers, column["first"], count, words, field)
    return int(numbers[column["rows"] + place])
