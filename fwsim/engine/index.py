"""The index of a chain: which rules can match a packet at all, found for 63 rules at once.

Read first: CHAIN and COLUMN in `rule_rows`. Each field that rules ask for divides its values into classes, and each
class has a bitset of the rules that are content with it. The intersection over the fields is the rules whose indexed
matches are all true. Fields are looked up one after another, only until the lowest rule left asks for no further one:
a packet of an established connection that the first rule accepts costs one look-up.

In a long chain most words of a bitset are zero or the same as in the bitsets of other classes. So a bitset is made of
blocks there, which are shared, behind a summary that tells which of its blocks are not zero (after Baboescu and
Varghese, "Scalable packet classification", 2001): an index of ten thousand rules stays in the processor's cache.

A field whose value is not known leaves all rules in, and the walk is told (`vague`) to ask them itself.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot, shared
from fwsim.engine.intervals import place_of, place_of_address
from fwsim.engine.program import (
    ALL_RULES,
    BLOCKS_A_SUMMARY,
    BY_TABLE,
    BY_VALUE,
    RULES_A_WORD,
    WORDS_A_BLOCK,
    Numbers,
    Table,
)
from fwsim.terms import ABSENT, UNKNOWN_VALUE

Row = Any


@hot
def forget(state: Row) -> None:
    """The packet has changed or left the chain: what was looked up no longer holds."""
    state["known"] = 0
    state["vague"] = 0


@hot
def candidate(
    chain: Row, columns: Table, numbers: Numbers, places: Numbers, state: Row, rule: int, words: Numbers
) -> int:
    """The first rule of a chain, from `rule` on, whose indexed matches are all true, or may be; or the chain's `last`.

    The bitsets of the first `state["known"]` columns have been looked up before and stand in `places`.
    """
    if chain["summaries"]:
        return candidate_of_long(chain, columns, numbers, places, state, rule, words)
    size = chain["words"]
    position = rule - chain["first"]
    word = position // RULES_A_WORD if position >= RULES_A_WORD else 0  # mostly: a division takes longer than to ask
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
                    look_up(chain, columns, numbers, places, state, column, words)
                left &= numbers[places[column] + word]
                column += 1
                decided += size
        word += 1
        skip = 0
    return int(chain["last"])


@shared
def candidate_of_long(
    chain: Row, columns: Table, numbers: Numbers, places: Numbers, state: Row, rule: int, words: Numbers
) -> int:
    """The same of a long chain: field after field for the first word, then all fields, by their summaries."""
    position = rule - chain["first"]
    word = position // RULES_A_WORD
    if word >= chain["words"]:
        return int(chain["last"])
    skip = position - RULES_A_WORD * word
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
                look_up(chain, columns, numbers, places, state, column, words)
            left &= word_of(numbers, places[column] + chain["summaries"], word)
            column += 1
            decided += chain["words"]
    for column in range(state["known"], chain["columns"]):
        look_up(chain, columns, numbers, places, state, column, words)
    return candidate_beyond(chain, numbers, places, word + 1)


@hot
def candidate_beyond(chain: Row, numbers: Numbers, places: Numbers, word: int) -> int:
    """The first candidate of a long chain from a word on, looking only at the blocks that all summaries name."""
    block = word // WORDS_A_BLOCK
    summary = block // BLOCKS_A_SUMMARY
    skip = block - BLOCKS_A_SUMMARY * summary
    while summary < chain["summaries"]:
        some = (ALL_RULES >> skip) << skip
        for column in range(chain["columns"]):
            some &= numbers[places[column] + summary]
        while some:
            block = BLOCKS_A_SUMMARY * summary + numbers[(some & -some) % 67]
            found = candidate_in_block(chain, numbers, places, block, word)
            if found >= 0:
                return found
            some &= some - 1
        summary += 1
        skip = 0
    return int(chain["last"])


@hot
def candidate_in_block(chain: Row, numbers: Numbers, places: Numbers, block: int, word: int) -> int:
    """The first candidate of a block, not before the word; or -1.

    The two fields that leave the fewest rules nearly always leave none in common: all words of the block are asked
    about these at once.
    """
    at = chain["summaries"] + block
    one = numbers[places[chain["sparsest"]] + at]
    other = numbers[places[chain["sparser"]] + at]
    some = 0
    for n in range(WORDS_A_BLOCK):
        some |= numbers[one + n] & numbers[other + n]
    if some == 0:
        return -1
    start = word - WORDS_A_BLOCK * block
    for n in range(start if start > 0 else 0, WORDS_A_BLOCK):
        left = numbers[one + n] & numbers[other + n]
        if left:
            for column in range(chain["columns"]):
                left &= numbers[numbers[places[column] + at] + n]
        if left:
            word = WORDS_A_BLOCK * block + n
            return int(chain["first"] + RULES_A_WORD * word + numbers[(left & -left) % 67])
    return -1


@hot
def word_of(numbers: Numbers, blocks: int, word: int) -> int:
    """A word of a bitset of a long chain, the places of whose blocks begin at `blocks`."""
    block = word // WORDS_A_BLOCK
    return int(numbers[numbers[blocks + block] + word - WORDS_A_BLOCK * block])


@hot
def look_up(
    chain: Row, columns: Table, numbers: Numbers, places: Numbers, state: Row, column: int, words: Numbers
) -> None:
    """Note the bitset of the packet's value of the next column."""
    found = bitset_of(columns[chain["column"] + column], numbers, words)
    if found < 0:
        found = int(chain["everyone"])
        state["vague"] = 1
    places[column] = found
    state["known"] = column + 1


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
        value &= column["mask"]
        place = value if value < count else count
    elif kind == BY_VALUE:
        place = place_of(numbers, column["first"], count, value & column["mask"])
    else:
        place = place_of_address(numbers, column["first"], count, column["wide"], words, field)
    return int(numbers[column["rows"] + place])
