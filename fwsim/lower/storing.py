"""The bitsets of a chain as the engine's words: of a short chain one after the other, of a long one in shared blocks.

Read first: CHAIN in `fwsim.tables`, `classes` (bitsets as integers).
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
        size = 8 * WORDS_A_BLOCK
        result: list[int] = []
        before = b""
        head = [0] * (self.summaries + self.blocks)
        for bitset in bitsets:
            written = bitset.to_bytes(size * self.blocks, "little")
            for number in range(self.blocks):
                block = written[size * number : size * number + size]
                if block == before[size * number : size * number + size]:
                    continue
                head[self.summaries + number] = self.stretches.place_bytes(block)
                bit = 1 << number % BLOCKS_A_SUMMARY
                summary = head[number // BLOCKS_A_SUMMARY]
                head[number // BLOCKS_A_SUMMARY] = summary | bit if any(block) else summary & ~bit
            result.append(self.stretches.place(head))
            before = written
        return result
