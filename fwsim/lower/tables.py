"""The rows of a program, put together chain by chain.

Read first: `fwsim.engine.program`, then `rules` (one rule) and `bitsets` (the index of a chain).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from fwsim.engine.program import V_CONTINUE, V_GOTO, V_JUMP, V_RETURN, Program
from fwsim.ruleset.model import Chain, Rule, Ruleset
from fwsim.ruleset.values import source_text
from fwsim.tables import BASE, CHAIN, COLUMN, INSTRUCTION, LIMIT, RULE
from fwsim.terms import ABSENT, RejectWith, Verdict

from .bases import bases_of
from .bitsets import Bitsets, asked_of
from .rules import Ask, LimitRow, Match, Meanings, Operands, instruction_of, matches_of, statements_of
from .stretches import Stretches

VERDICTS = {
    "accept": int(Verdict.ACCEPT), "drop": int(Verdict.DROP), "reject": int(Verdict.REJECT),
    "continue": V_CONTINUE, "jump": V_JUMP, "goto": V_GOTO, "return": V_RETURN,
}  # fmt: skip
"""`Action.kind` as the number in RULE["verdict"]."""


class Tables:
    """A program under construction."""

    def __init__(self, ruleset: Ruleset, interfaces: Sequence[str]) -> None:
        """`interfaces` are the declared names, by number."""
        self.ruleset = ruleset
        self.interfaces = interfaces
        self.chain_numbers = {name: number for number, name in enumerate(ruleset.all_chains)}
        self.stretches = Stretches()
        self.bitsets = Bitsets(self.stretches, sum(len(chain.rules) for chain in ruleset.all_chains.values()))
        self.meanings: Meanings = {}
        self.instructions: list[Operands] = []
        self.asks: list[Ask | None] = []
        """For each instruction what it asks; None if it sets something."""
        self.rules: list[tuple[int, ...]] = []
        self.chains: list[tuple[int, ...]] = []
        self.limits: list[LimitRow] = []

    def add_chain(self, chain: Chain) -> None:
        """Add a chain with its rules and its index."""
        start = len(self.rules)
        matches = [matches_of(rule, self.ruleset, self.interfaces, self.meanings) for rule in chain.rules]
        index, rough = self.bitsets.add_chain(matches)
        for rule, asked in zip(chain.rules, matches, strict=True):
            answered = [match.boundaries is not None and asked_of(match) not in rough for match in asked]
            first = [match for match, indexed in zip(asked, answered, strict=True) if indexed]
            last = [match for match, indexed in zip(asked, answered, strict=True) if not indexed]
            self._add_rule(rule, [*first, *last], len(first))
        self.chains.append((start, len(self.rules), int(chain.policy), *index))

    def _add_rule(self, rule: Rule, matches: Sequence[Match], indexed: int) -> None:
        """Add a rule: its matches, of which the index answers the first ones, its statements, its verdict."""
        first = len(self.instructions)
        self.asks += [Ask(match.key, match.field, match.wanted) for match in matches]
        self.instructions += [instruction_of(match, self.stretches) for match in matches]
        self.instructions += statements_of(rule, self.limits)
        if rule.limit is not None:
            self.asks.append(Ask("limit", None, source_text(rule.limit.source)))
        self.asks += [None] * (len(self.instructions) - len(self.asks))
        target = ABSENT if rule.verdict.target is None else self.chain_numbers[rule.verdict.target]
        verdict = VERDICTS[rule.verdict.kind]
        last = len(self.instructions)
        self.rules.append((len(self.chains), first, first + indexed, last, verdict, target, reject_with(rule)))

    def program(self, chains: Mapping[str, Chain]) -> Program:
        """The finished program."""
        return Program(
            instructions=_table(INSTRUCTION, self.instructions),
            rules=_table(RULE, self.rules),
            chains=_table(CHAIN, self.chains),
            bases=_table(BASE, bases_of(chains)),
            columns=_table(COLUMN, self.bitsets.columns),
            limits=_table(LIMIT, self.limits),
            numbers=self.stretches.array(),
        )


def reject_with(rule: Rule) -> int:
    """What a reject answers; port unreachable if the rule does not say (`nft(8)`, REJECT STATEMENT)."""
    if rule.verdict.kind != "reject":
        return int(RejectWith.NONE)
    return int(rule.reject_with if rule.reject_with is not None else RejectWith.ICMPX_PORT_UNREACHABLE)


def _table(row: np.dtype[np.void], rows: Sequence[tuple[int, ...]]) -> npt.NDArray[np.void]:
    """A table of these rows."""
    return np.array([tuple(values) for values in rows], dtype=row)
