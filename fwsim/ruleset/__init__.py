"""Rulesets: what a user writes, read, checked, and written again.

Read first: `model` (what a ruleset is), then `values` (what its values are). `load` reads files and tells every
mistake with its place. pydantic and PyYAML are imported here and nowhere else; nothing here looks at a packet.

| module | holds |
|---|---|
| `model`, `conntrack` | the models |
| `keys`, `fields` | how each key is read, written and described |
| `values`, `words` | what values are; the words for numbers |
| `elements`, `addresses`, `numbers`, `masks`, `statements`, `limits`, `settings`, `sets` | text to values |
| `source`, `text`, `json_text`, `scalars`, `located` | bytes to a tree with places |
| `load`, `options`, `problems`, `mistakes` | a file to a ruleset, or to all its mistakes |
| `checks`, `scope`, `rule_checks`, `set_checks`, `chain_checks`, `resolve` | what must fit together |
| `write`, `guess`, `schema` | ruleset to YAML and JSON; the policy that is used without one; JSON Schema |
"""

from __future__ import annotations

from .conntrack import Conntrack
from .guess import guess_policy
from .load import load_ruleset
from .model import Chain, Interface, Rule, Ruleset, Stateless
from .schema import ruleset_schema
from .write import to_json, to_yaml

__all__ = [
    "Chain",
    "Conntrack",
    "Interface",
    "Rule",
    "Ruleset",
    "Stateless",
    "guess_policy",
    "load_ruleset",
    "ruleset_schema",
    "to_json",
    "to_yaml",
]
