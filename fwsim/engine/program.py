"""A lowered ruleset as the engine sees it: flat tables, and what is remembered while it runs.

Read first: RULE, CHAIN, BASE, INSTRUCTION and COLUMN in `rule_rows`. `fwsim.lower` fills these tables; here are only
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

from fwsim.engine.entries import Keyed, KeyedRules

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
OP_UNKNOWN = 3
"""Not simulated at the hooks of `mask` (bits); of the others, true at those of `value`."""
OP_ELEMENT = 4
"""The packet is in one of the elements that the hidden chain `first` stands for; with `negate`, in none."""
OP_RECALL = 5
"""What OP_KEEP has kept under the number `first` is true."""
OP_LIMIT = 6
"""The token bucket has enough for this packet."""
OP_XT_LIMIT = 7
"""The bucket has enough credits, by row `first` of XT_LIMIT."""
OP_QUOTA = 8
"""The packet's bytes are within the quota, row `first` of COUNT."""
OP_TURN = 9
"""It is the packet's turn by row `first` of COUNT."""
OP_LUCK = 10
"""The packet has luck by row `first` of COUNT."""
OP_DRAW = 11
"""Draw the next number by row `first` of COUNT: with `value` 1 by chance, else in turn. True."""
OP_DRAWN = 12
"""The number drawn last by row `value` of COUNT, and `mask` more, is in a set of numbers."""
OP_DRAWN_TERM = 13
"""Take the number drawn last by row `first` of COUNT, and `value` more, into the new value as OP_TERM does. True."""
OP_BY_KEY = 14
"""What row `first` of USE asks is true."""
OP_LAST_QUESTION = 14
OP_KEEP = 15
"""Keep under the number `first` whether the line was true so far, if `value` is TRUE; else begin with FALSE."""
OP_TERM = 16
"""Take a field (-1: unknown), moved `count` bits to the left, under `mask`, into the new value of OP_ASSIGN."""
OP_ASSIGN = 17
"""The field becomes the exclusive or of the terms before and `value`."""
OP_ALTER = 18
"""The header field becomes `value`, which may be UNKNOWN_VALUE; with `absent` 1 also where it is not there."""
OP_NOTRACK = 19
"""What is not tracked yet will not be; with `value` 1 it will be in a way that is not known."""
OP_SET_HELPER = 20
OP_NAT = 21
"""The connection that the packet opens is translated as row `first` of TRANSLATION says; with `value` 1 (masquerade)
not one from 0.0.0.0. Packets of another family than `mask` (0: of any) do not meet the rule."""

# What a TRANSLATION translates to.
TO_SAME = 0
"""The address that it has; perhaps another port."""
TO_ADDRESSES = 1
TO_NETWORK = 2
"""The same host in another network (NETMAP)."""
TO_INTERFACE = 3
"""The address of the interface by which the packet leaves (masquerade) or came in (redirect)."""
TO_UNKNOWN = 4

# How a rule ends when all its matches are true.
# The first three are those of `Verdict`.
V_ACCEPT = 0
V_DROP = 1
V_REJECT = 2
V_CONTINUE = 3
V_JUMP = 4
V_GOTO = 5
V_RETURN = 6
V_UNKNOWN = 7
"""What becomes of the packet is decided elsewhere: in userspace."""

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
"""Chains within chains, the base chain counted (NFT_JUMP_STACK_SIZE): so at most 15 jumps and gotos deep.
Rules of xtables may be deeper; `fwsim.lower` makes the stack as deep as they are."""


class Program(NamedTuple):
    """The rules; nothing in it changes while it runs."""

    instructions: Table
    rules: Table
    chains: Table
    bases: Table
    columns: Table
    limits: Table
    xt_limits: Table
    counts: Table
    keyed: KeyedRules
    translations: Table
    numbers: Numbers


class Memory(NamedTuple):
    """What one run of a program remembers.

    `hits` counts for each rule, then for each chain's policy, the packets that matched; `buckets` are those of the
    limits, `xt_buckets` of xt's, `counted` belongs to the program's `counts`, `keyed` is kept by key. The rest is
    scratch: `stack` of the calling rules (times two, plus one if the packet may be waiting there), `places` the bitsets
    of the fields looked up, `element_places` those of a set of elements, `state` two rows of WALK.
    """

    hits: Numbers
    buckets: Table
    xt_buckets: Table
    counted: Table
    keyed: Keyed
    stack: Numbers
    places: Numbers
    element_places: Numbers
    state: Table
