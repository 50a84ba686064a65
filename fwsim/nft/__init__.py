"""nft text: what people write by hand and `nft list ruleset` prints, as a syntax tree with places.

Read first: `tree`, `rule_tree`, `block_tree` (what the tree is), then `script` (the way in). Nothing here knows what a
rule means to a packet: that is for who walks the tree. Text that nft refuses for its syntax is refused here too, with
file, line and column.

| module | holds |
|---|---|
| `source`, `library` | texts, places in them, included files |
| `tree`, `rule_tree`, `block_tree` | the nodes: expressions, statements, blocks and commands |
| `words`, `tokens` | keywords and fields; the reader, token by token |
| `operands`, `selectors`, `elements`, `expressions` | expressions |
| `durations`, `stateful`, `answers`, `nat`, `statements` | statements and rules |
| `directives`, `blocks`, `chains`, `sets`, `objects`, `table_blocks` | blocks in braces |
| `commands`, `inquiries`, `script` | commands, and whole scripts |
| `priorities` | the number of a priority |
"""

from __future__ import annotations

from .priorities import priority_number
from .script import parse_text, read_script
from .tree import walk

__all__ = ["parse_text", "priority_number", "read_script", "walk"]
