"""A ruleset in the terms of netfilter: what every format is read into, lowered from, and written from.

Read first: `model` (tables, chains, rules), `steps` (what a rule is made of), `fields` (what a step can look at).
Formats meet here and nowhere else: an importer knows its text and this package, an exporter this package and its text,
and `fwsim.lower` this package and the rows of the engine.
"""

from __future__ import annotations

from .model import Chain, Netfilter, NetfilterRule, Object, Set, Table

__all__ = ["Chain", "Netfilter", "NetfilterRule", "Object", "Set", "Table"]
