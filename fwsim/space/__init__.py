"""The space of packets: whether there is a packet that meets what is asked, and which; over all packets, exactly.

Read first: `intervals` (sets of values), `fields` (what a packet is made of), then `model` (the rules as sets) and
`search`, which walks regions of packets through the hooks as the engine walks one packet. A region is a set of values
for each field. What comes out are regions on which a verdict is reached; none, when the search has come to its end, is
a proof that there is no such packet. What cannot be known of a packet leads both ways, and is noted (`Leaf.doubts`).

A search may say too much, never too little: a region may hold packets that do not exist (a port without a protocol
that has ports). So whoever shows a packet lets the engine decide about it first.
"""

from __future__ import annotations

from .model import Model
from .search import Goal, Leaf, Search
from .ways import way_through

__all__ = ["Goal", "Leaf", "Model", "Search", "way_through"]
