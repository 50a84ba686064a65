"""The bitsets of a chain as the engine's words: of a short chain one after the other, of a long one in shared blocks.

Read first: CHAIN in `fwsim.engine.rule_rows`, `classes` (bitsets as integers).
"""

from __future__ import annotations

from collections.abc import Sequence

from fwsim.engine.program import BLOCKS_A_SUMMARY, RULES_A_WORD, WORDS_A_BLOCK

from .stretches import Stretches

LONG = WORDS_A_BLOCK
"""The most words of a short chain."""


class Layout:
    """How the bitsets of a chain are laid out."""

    def __init__(self, stretches: Stretches, rules: int, indexed: bool) -> None:
        """For a chain of so many rules, of which some are `indexed`; `stretches` takes the words."""
        self.stretches = stretches
        self.bits = 64 * WORDS_A_BLOCK
        """Of a block."""
        self.words = -(-rules // RULES_A_WORD)
        self.blocks = -(-self.words // WORDS_A_BLOCK)
        self.summaries = -(-self.blocks // BLOCKS_A_SUMMARY) if indexed and self.words > LONG else 0

    def plain(self, bitsets: Sequence[int]) -> int:
        """Where the words of some bitsets stand, one after the other."""
        return self.stretches.place_bytes(b"".join(bitset.to_bytes(8 * self.words, "little") for bitset in bitsets))

    def place(self, bitsets: Sequence[int]) -> list[int]:
        """Where each of these bitsets stands."""
        if not self.summaries:
            return [self.plain([bitset]) for bitset in bitsets]
        return self._in_blocks(bitsets)

    def _in_blocks(self, bitsets: Sequence[int]) -> list[int]:
        """Where bitsets stand, made of blocks. From one to the next few blocks change, and only these are looked at."""
        result: list[int] = []
        before: int | None = None
        head = [0] * (self.summaries + self.blocks)
        for bitset in bitsets:
            changed = bitset ^ before if before is not None else (1 << self.bits * self.blocks) - 1
            while changed:
                number = ((changed & -changed).bit_length() - 1) // self.bits
                self._set_block(head, number, bitset)
                changed &= -1 << self.bits * (number + 1)  # the blocks behind it
            result.append(self.stretches.place(head))
            before = bitset
        return result

    def _set_block(self, head: list[int], number: int, bitset: int) -> None:
        """Note where a block of a bitset stands, and in the summary whether it holds anything."""
        block = bitset >> self.bits * number & (1 << self.bits) - 1
        head[self.summaries + number] = self.stretches.place_bytes(block.to_bytes(8 * WORDS_A_BLOCK, "little"))
        bit = 1 << number % BLOCKS_A_SUMMARY
        summary = head[number // BLOCKS_A_SUMMARY]
        head[number // BLOCKS_A_SUMMARY] = summary | bit if block else summary & ~bit
