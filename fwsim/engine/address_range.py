"""Ranges of addresses that are translated to: whether one is in it, and which one is chosen.

Read first: `find_best_ips_proto` and `nf_nat_inet_in_range` (net/netfilter/nf_nat_core.c), and TRANSLATION.
"""

from __future__ import annotations

from fwsim.engine import hot
from fwsim.engine.jhash import hash_of_address, swapped
from fwsim.engine.program import TO_SAME
from fwsim.tables import V6, Row

WORD = 0xFFFFFFFF


@hot
def is_between(proposed: Row, rule: Row) -> bool:
    """Whether the source address is in the range."""
    return is_at_most(
        rule["low0"], rule["low1"], rule["low2"], rule["low3"],
        proposed["src0"], proposed["src1"], proposed["src2"], proposed["src3"],
    ) and is_at_most(
        proposed["src0"], proposed["src1"], proposed["src2"], proposed["src3"],
        rule["high0"], rule["high1"], rule["high2"], rule["high3"],
    )  # fmt: skip


@hot
def is_at_most(a0: int, a1: int, a2: int, a3: int, b0: int, b1: int, b2: int, b3: int) -> bool:
    """Whether one address is at most another."""
    if a0 != b0:
        return bool(a0 < b0)
    if a1 != b1:
        return bool(a1 < b1)
    if a2 != b2:
        return bool(a2 < b2)
    return bool(a3 <= b3)


@hot
def is_one_address(rule: Row) -> bool:
    """Whether a range holds one address, or that is kept which is there."""
    if rule["to"] == TO_SAME:
        return True
    return bool(
        rule["low0"] == rule["high0"]
        and rule["low1"] == rule["high1"]
        and rule["low2"] == rule["high2"]
        and rule["low3"] == rule["high3"]
    )


@hot
def choose_address(proposed: Row, rule: Row, source: int) -> None:
    """Translate to one of the addresses of a range, which hangs on both ends (`find_best_ips_proto`)."""
    if is_one_address(rule):
        set_address(proposed, source, rule["low0"], rule["low1"], rule["low2"], rule["low3"])
        return
    is_v4 = rule["low0"] < V6
    persistent = rule["persistent"]
    last = proposed["dst0"] if is_v4 else proposed["dst3"]
    draw = hash_of_address(
        swapped(proposed["src0"]),
        swapped(proposed["src1"]),
        swapped(proposed["src2"]),
        swapped(proposed["src3"]),
        0 if persistent else swapped(last),
    )
    word0 = chosen_word(draw, rule["low0"] & WORD, rule["high0"] & WORD, 0)
    if is_v4:
        set_address(proposed, source, word0, 0, 0, 0)
        return
    free = 1 if word0 != rule["high0"] & WORD else 0
    if not persistent:
        draw ^= swapped(proposed["dst0"] if source else word0)
    word1 = chosen_word(draw, rule["low1"], rule["high1"], free)
    free |= 1 if word1 != rule["high1"] else 0
    if not persistent:
        draw ^= swapped(proposed["dst1"] if source else word1)
    word2 = chosen_word(draw, rule["low2"], rule["high2"], free)
    free |= 1 if word2 != rule["high2"] else 0
    if not persistent:
        draw ^= swapped(proposed["dst2"] if source else word2)
    word3 = chosen_word(draw, rule["low3"], rule["high3"], free)
    set_address(proposed, source, V6 + word0, word1, word2, word3)


@hot
def chosen_word(draw: int, low: int, high: int, free: int) -> int:
    """A word of the chosen address: between two, or if a word before is below its highest, any."""
    many = WORD if free else high - low + 1 & WORD
    share = (draw >> 16) * many + ((draw & 0xFFFF) * many >> 16) >> 16  # draw * many >> 32
    return int(share if free else low + share & WORD)


@hot
def set_address(proposed: Row, source: int, word0: int, word1: int, word2: int, word3: int) -> None:
    """Write the address of one end."""
    if source:
        proposed["src0"], proposed["src1"] = word0, word1
        proposed["src2"], proposed["src3"] = word2, word3
    else:
        proposed["dst0"], proposed["dst1"] = word0, word1
        proposed["dst2"], proposed["dst3"] = word2, word3
