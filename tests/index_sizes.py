"""An index of tiny words: what a ruleset of thousands of rules crosses, one of a dozen does as well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

from fwsim.engine import index
from fwsim.lower import bitsets, classes, storing


class Sizes(NamedTuple):
    """How many rules a word holds, words a block, blocks a summary (at most as many as rules a word, both being bits);
    and how many words the bitsets of a field get.
    """

    word: int
    block: int
    summary: int
    most_words: int = 1 << 22


WORDS = Sizes(3, 8, 3)
"""Short chains, of many words."""
BLOCKS = Sizes(2, 1, 2)
"""Long chains, of many summaries."""
ROUGH = Sizes(2, 2, 2, most_words=15)
"""Long chains whose classes have to share bitsets."""


@contextmanager
def index_of(sizes: Sizes) -> Iterator[None]:
    """Lower rulesets, and walk through them uncompiled, with these sizes."""
    here = {
        "RULES_A_WORD": sizes.word, "WORDS_A_BLOCK": sizes.block, "BLOCKS_A_SUMMARY": sizes.summary,
        "ALL_RULES": (1 << sizes.word) - 1, "LONG": sizes.block, "MOST_WORDS": sizes.most_words,
    }  # fmt: skip
    with ExitStack() as stack:
        for module in (index, classes, storing, bitsets):
            own: dict[str, Any] = {name: size for name, size in here.items() if hasattr(module, name)}
            stack.enter_context(patch.multiple(module, **own))
        yield
