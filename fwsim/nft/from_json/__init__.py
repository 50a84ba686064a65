"""nft JSON, as `nft -j list ruleset` prints it and `nft -j -f` takes it (libnftables-json(5)), as the tree of nft text.

Read first: `fwsim.nft.tree` and its sisters, then `script` (the way in). It stands here and not with the importers
since it makes the syntax tree of this package and knows no more of its meaning than the reader of text does. Every
node lies where its JSON value lies, so a rule quotes its own JSON.

| module | holds |
|---|---|
| `located`, `members` | JSON with places; what an object must and may hold |
| `selectors`, `values` | expressions |
| `stateful`, `elsewhere`, `statements` | statements |
| `objects`, `commands`, `script` | tables, chains, sets, rules; commands; whole scripts |

A listing is a row of commands to add, one for each object, as `add table ...; add chain ...; add rule ...` is in text.

Unlike libnftables, which passes over keys that it does not know and values of the wrong type where it can do without:
they are refused, since they mean something to who wrote them.

What `nft -j list ruleset` (1.0.6) does not tell, and text does: comments of tables and chains, the interfaces of chains
(of ingress and egress hooks), `auto-merge`, `dynamic`, `typeof` (the bare type is told), `interval` of the values of a
map, parts of seconds. What it tells in text inside its JSON (adding to a map, chains without a name) is read as text.
An integer above 2^63 is printed as a negative one and read as what it was.
"""

from __future__ import annotations

from .script import looks_like_nft_json, parse_json

__all__ = ["looks_like_nft_json", "parse_json"]
