"""What the cross checks share: the ruleset they look at, and what of it could not be read.

Read first: `mistakes`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .mistakes import Path

if TYPE_CHECKING:
    from .model import Chain, Rule, Ruleset

Finding = tuple[Path, str]


@dataclass
class Scope:
    """What a check can see: the ruleset, and which of its nodes could not be read and were left out.

    Nothing is concluded from the absence of a node in `broken`. `open_interfaces` says that the ruleset itself
    declares no interfaces (the command line may), so that rules may name any.
    """

    ruleset: Ruleset
    broken: frozenset[Path] = frozenset()
    open_interfaces: bool = False
    used_sets: set[tuple[str, str]] = field(default_factory=set)

    def names(self, what: str) -> list[str]:
        """The declared names of `sets`, `chains` or `interfaces`, those that could not be read included."""
        unread = (str(path[1]) for path in self.broken if path[0] == what and len(path) > 1)
        return list(dict.fromkeys([*getattr(self.ruleset, what), *unread]))

    def is_broken(self, *path: str | int) -> bool:
        """Whether the node, or one that it lies in, was left out."""
        return bool(self.broken) and any(path[:length] in self.broken for length in range(1, len(path) + 1))


def chains_of(ruleset: Ruleset) -> Iterator[tuple[Path, str, Chain]]:
    """Every chain with its path in the file and its name; that of `rules:` at the top level has the path ()."""
    for name, chain in ruleset.all_chains.items():
        yield () if name not in ruleset.chains else ("chains", name), name, chain


def rules_of(ruleset: Ruleset) -> Iterator[tuple[Path, Rule]]:
    """Every rule with its path in the file."""
    for path, _, chain in chains_of(ruleset):
        for position, rule in enumerate(chain.rules):
            yield (*path, "rules", position), rule
