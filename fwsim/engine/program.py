"""A lowered ruleset as the engine sees it: flat tables, and what is remembered while it runs.

Read first: RULE, CHAIN, BASE, INSTRUCTION and COLUMN in `fwsim.tables`. `fwsim.lower` fills these tables; here are only
their grouping and the numbers they use. What is not a row lies in one array, `numbers`, and is named by its place there
(few arrays, because a compiled call hands over seven words for each):

* the first 67: the number of the bit of `1 << n`, at `(1 << n) % 67`;
* boundaries of sets, ascending b0 < b1 < ... A number is in the set if an odd number of them are at most as large:
  b0 .. b1-1 are in, b1 .. b2-1 are not. A boundary of addresses is four numbers;
* choices of masked comparisons: mask, lowest and highest;
* for each class of values of an indexed field, the place of its bitset;
* bitsets over the rules of a chain, 63 rules a word, so that no word is negative; of a long chain their summaries, the
  places of their blocks, and the blocks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.void]
Numbers = npt.NDArray[np.int64]

# What an instruction does. Those up to OP_LAST_MATCH only ask; they change nothing.
OP_VALUE = 0
"""The field is in a set of numbers."""
OP_ADDRESS = 1
"""The address is in a set of addresses."""
OP_CHOICE = 2
"""The field, masked, is in the range of one of several choices; with `negate`, of none."""
OP_LAST_MATCH = 2
OP_LIMIT = 3
"""The token bucket has enough for this packet."""
OP_SET_MARK = 4
OP_SET_CT_MARK = 5
OP_NOTRACK = 6
OP_SET_HELPER = 7

# How a rule ends when all its matches are true.
# The first three are those of `Verdict`.
V_ACCEPT = 0
V_DROP = 1
V_REJECT = 2
V_CONTINUE = 3
V_JUMP = 4
V_GOTO = 5
V_RETURN = 6

# How the index finds the class of a value.
BY_TABLE = 0
BY_VALUE = 1
BY_ADDRESS = 2

TRUE = 1
FALSE = 0
MAYBE = 2
"""Kleene's third value: the match hangs on something unknown."""

RULES_A_WORD = 63
ALL_RULES = (1 << 63) - 1
WORDS_A_BLOCK = 8
"""Words of the bitset of a long chain that are stored, and shared, together."""
BLOCKS_A_SUMMARY = 63
MAX_DEPTH = 16
"""Chains within chains, the base chain counted (NFT_JUMP_STACK_SIZE): so at most 15 jumps and gotos deep."""


class Program(NamedTuple):
    """The rules; nothing in it changes while it runs."""

    instructions: Table
    rules: Table
    chains: Table
    bases: Table
    columns: Table
    limits: Table
    numbers: Numbers


class Memory(NamedTuple):
    """What one run of a program remembers.

    `hits` counts for each rule, then for each chain's policy, the packets that matched; `buckets` are those of the
    limits. The rest is scratch: `stack` of the calling rules (times two, plus one if the packet may be waiting there),
    `places` the bitsets of the fields looked up, `state` one row of WALK.
    """

    hits: Numbers
    buckets: Table
    stack: Numbers
    places: Numbers
    state: Table
