"""Counters that go round, and chance: xt_statistic and nft's numgen.

Read first: `net/netfilter/xt_statistic.c`, `nft_numgen.c`; COUNT and COUNTED in `counted_rows`. Unlike Linux: chance is
a function of the run's seed, of which generator it is, and of how many numbers it has given; the same run gives the
same.
"""

from __future__ import annotations

from typing import Any

from fwsim.engine import hot
from fwsim.engine.program import FALSE, TRUE

Row = Any

BITS32 = 0xFFFFFFFF
BITS31 = 0x7FFFFFFF
FIRST_FACTOR = 0x21F0AAAD
SECOND_FACTOR = 0x735A2D97
"""Odd, below 2**31, so that no product of one with 32 bits passes 63; each with the shifts makes a bijection."""
MOST = 1 << 62


@hot
def next_in_turn(counter: Row, counted: Row, quiet: int) -> int:
    """The next of 0 .. modulus-1 (`nft_ng_inc_gen`), `start` being the first; unless `quiet`, go on."""
    value = counter["start"]
    if counted["used"]:
        value = counted["count"] + 1
        if value >= counter["modulus"]:
            value = 0
    if not quiet:
        counted["used"] = 1
        counted["count"] = value
    return int(value)


@hot
def is_its_turn(counter: Row, counted: Row, quiet: int) -> int:
    """Whether this is one of every so many packets (`--mode nth`): those that find the counter at 0."""
    turn = next_in_turn(counter, counted, quiet) == 0
    if counter["over"]:
        turn = not turn
    return TRUE if turn else FALSE


@hot
def has_luck(chance: Row, counted: Row, quiet: int) -> int:
    """Whether chance, of a probability, favours this packet (`--mode random`)."""
    lucky = (next_random(chance, counted, quiet) & BITS31) < chance["probability"]
    if chance["over"]:
        lucky = not lucky
    return TRUE if lucky else FALSE


@hot
def random_below(chance: Row, counted: Row, quiet: int) -> int:
    """A number of 0 .. modulus-1 by chance (`reciprocal_scale`, as `nft_ng_random_gen`)."""
    bits = next_random(chance, counted, quiet)
    modulus = chance["modulus"]
    # bits * modulus >> 32, in two steps, since that may have 64 bits
    return int((bits >> 16) * modulus + ((bits & 0xFFFF) * modulus >> 16) >> 16)


@hot
def next_random(chance: Row, counted: Row, quiet: int) -> int:
    """32 bits by chance; unless `quiet`, the next time others."""
    count = counted["count"]
    if not quiet and count < MOST:
        counted["used"] = 1
        counted["count"] = count + 1
    seed = counted["seed"]
    bits = mixed(seed & BITS32)
    bits = mixed(bits ^ (seed >> 32 & BITS32))
    bits = mixed((bits + chance["number"]) & BITS32)
    bits = mixed((bits + count) & BITS32)
    return mixed(bits ^ count >> 32)


@hot
def mixed(bits: int) -> int:
    """32 bits, every one of which has changed every other (a multiplicative hash; 0 stays 0)."""
    bits ^= bits >> 16
    bits = bits * FIRST_FACTOR & BITS32
    bits ^= bits >> 15
    bits = bits * SECOND_FACTOR & BITS32
    return int(bits ^ bits >> 15)
