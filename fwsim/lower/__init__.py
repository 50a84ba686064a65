"""A ruleset to the rows of the engine: the only place that knows both.

Read first: `fwsim.ruleset.model`, `fwsim.engine.program`. `lower` does it; `Lowered` is what comes out. `tables` puts
the program together, from `rules` (one rule), `bitsets` (the index of a chain) and `bases` (which chain runs when).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fwsim.engine.program import MAX_DEPTH, Memory, Program
from fwsim.errors import RulesetError
from fwsim.garbage import uncollected
from fwsim.ruleset.model import Rule, Ruleset
from fwsim.ruleset.values import Location
from fwsim.tables import BUCKET, WALK, empty
from fwsim.terms import Hook, Verdict

from .rules import CT_KEYS, Ask, limit_problems
from .settings import settings_row
from .tables import Tables

__all__ = ["ChainInfo", "Lowered", "RuleInfo", "lower"]

POLICY = re.compile(r'^[ \t]*"?policy"?[ \t]*:', re.MULTILINE)
"""The key in the text of a chain, at the beginning of a line."""


@dataclass(frozen=True)
class RuleInfo:
    """A rule by its number: what it is called and where it stands. `line` is None if it was made in Python."""

    number: int
    name: str | None
    position: int
    """Its place in its chain, from 1."""
    chain: int
    path: str
    line: int | None
    text: str

    @property
    def label(self) -> str:
        """The name, or the position of a rule without one."""
        return self.name or str(self.position)


@dataclass(frozen=True)
class ChainInfo:
    """A chain by its number; without `hooks` it is one that rules jump to."""

    name: str
    hooks: tuple[Hook, ...]
    priority: int
    policy: Verdict
    line: int | None
    """Of its policy, or of the chain if that is not written; None if it was made in Python."""
    first: int
    last: int
    """Its rules are those numbered `first` .. `last`-1."""


@dataclass(frozen=True)
class Lowered:
    """A ruleset that can run, with the names of its parts.

    `tracking` tells whether packets are tracked (`auto` decided); `uses_ct` whether a rule asks for anything of
    conntrack; `uses_fields` are the PACKET fields that rules ask for. `asks` tells of each instruction what it asks
    (None if it sets something).
    """

    program: Program
    rules: list[RuleInfo]
    chains: list[ChainInfo]
    settings: npt.NDArray[np.void]
    tracking: bool
    uses_ct: bool
    uses_fields: frozenset[str]
    asks: list[Ask | None]
    interfaces: tuple[str, ...]

    def memory(self) -> Memory:
        """What a fresh run remembers: nothing counted, all buckets full."""
        return Memory(
            hits=np.zeros(len(self.rules) + len(self.chains), dtype=np.int64),
            buckets=empty(BUCKET, len(self.program.limits)),
            stack=np.zeros(MAX_DEPTH, dtype=np.int64),
            places=np.zeros(len(self.program.columns), dtype=np.int64),
            state=empty(WALK, 1),
        )


@uncollected()
def lower(ruleset: Ruleset, *, interfaces: Sequence[str]) -> Lowered:
    """Lower a ruleset. `interfaces` are the declared names in the order of their numbers.

    Raises RulesetError for limits that cannot be counted; all else that is wrong, the model has refused.
    """
    chains = ruleset.all_chains
    problems = [problem for chain in chains.values() for problem in limit_problems(chain.rules)]
    if problems:
        raise RulesetError(problems)
    tables = Tables(ruleset, interfaces)
    for chain in chains.values():
        tables.add_chain(chain)
    every_rule = [rule for chain in chains.values() for rule in chain.rules]
    tracking = ruleset.tracking == "on" or (ruleset.tracking == "auto" and any(map(needs_tracking, every_rule)))
    return Lowered(
        program=tables.program(chains),
        rules=_rules(ruleset),
        chains=_chains(ruleset),
        settings=settings_row(ruleset.conntrack, tracking),
        tracking=tracking,
        uses_ct=any(map(asks_for_ct, every_rule)),
        uses_fields=frozenset(ask.field for ask in tables.asks if ask is not None and ask.field is not None),
        asks=tables.asks,
        interfaces=tuple(interfaces),
    )


def asks_for_ct(rule: Rule) -> bool:
    """Whether a rule matches on anything of conntrack."""
    return any(getattr(rule, key) is not None for key in CT_KEYS)


def needs_tracking(rule: Rule) -> bool:
    """Whether a rule has an expression that makes Linux track at all (nf_ct_netns_get in nft_ct.c; not `notrack`)."""
    return asks_for_ct(rule) or rule.set_ct_mark is not None or rule.helper is not None


def policy_line(chain: Location) -> int | None:
    """The line on which the policy of a chain stands, or on which the chain begins."""
    if not chain.line:
        return None
    policy = POLICY.search(chain.text)
    return chain.line + (chain.text.count("\n", 0, policy.start()) if policy else 0)


def _rules(ruleset: Ruleset) -> list[RuleInfo]:
    """The names of all rules, by number."""
    result: list[RuleInfo] = []
    for number, chain in enumerate(ruleset.all_chains.values()):
        for position, rule in enumerate(chain.rules, 1):
            at = rule.location
            result.append(RuleInfo(len(result), rule.name, position, number, at.path, at.line or None, at.text))
    return result


def _chains(ruleset: Ruleset) -> list[ChainInfo]:
    """The names of all chains, by number."""
    result: list[ChainInfo] = []
    first = 0
    for name, chain in ruleset.all_chains.items():
        last = first + len(chain.rules)
        line = policy_line(chain.location)
        result.append(ChainInfo(name, chain.hook, chain.priority, chain.policy, line, first, last))
        first = last
    return result
