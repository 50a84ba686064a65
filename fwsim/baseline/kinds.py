"""Decisions in words: a run takes few different ones, so each gets a number, and a frame keeps that number alone.

Read first: `Kind`. Two runs number their kinds apart; what is compared are the words.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.baseline.deciders import NOBODY, ONE_OF_SEVERAL, Decider, Deciders
from fwsim.naming import DECISION_WORDS
from fwsim.tables import RULE_POLICY, RULE_SEVERAL

Numbers = npt.NDArray[np.int64]
Table = npt.NDArray[np.void]

STATE = ("ct_state", "ct_direction", "tcp_state_before", "tcp_state")
WORDS = ("verdict", "reason", "reject_with", "hook", *STATE)
PACKED = (*WORDS, "mirror")
"""The fields of a decision that make its kind, apart from who decided."""
KEY = (*PACKED, "rule", "chain")
BITS = 9
"""No number of these is as large, nor below -3."""
LOWEST = 3
BELOW_RULES = RULE_SEVERAL - 1
"""Where the policies of chains are numbered from, downwards, behind all that stands for a rule."""
MIXER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Kind:
    """A decision without its packet: words as in the records of a run, None where there is none, and who decided."""

    verdict: str | None
    reason: str | None
    reject_with: str | None
    hook: str | None
    ct_state: str | None
    ct_direction: str | None
    tcp_state_before: str | None
    tcp_state: str | None
    mirror: bool
    decider: Decider

    @property
    def state(self) -> tuple[str | None, ...]:
        """What tracking said."""
        return tuple(getattr(self, name) for name in STATE)

    def record(self) -> dict[str, Any]:
        """As an object for JSON."""
        words = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "decider"}
        return words | {"decided_by": self.decider.title, "line": self.decider.line}

    def text(self) -> str:
        """In a line: the verdict, who decided, the connection's state."""
        parts = [str(self.verdict).replace("_", " "), f"with {self.reject_with}" if self.reject_with else ""]
        parts += [f"by {self.decider.place}" if self.decider != NOBODY else "", "(mirror)" if self.mirror else ""]
        parts += [self.ct_state if self.ct_state not in (None, "none") else "", self._tcp()]
        return " ".join(part for part in parts if part)

    def _tcp(self) -> str:
        """The TCP state, or its change."""
        before, after = self.tcp_state_before, self.tcp_state
        return f"{before}->{after}" if before and after and before != after else after or ""


class Kinds:
    """The kinds of one run, numbered as they come."""

    def __init__(self, deciders: Deciders) -> None:
        """Nothing was decided yet."""
        self.deciders = deciders
        self.kinds: list[Kind] = []
        self._known: dict[tuple[int, ...], int] = {}

    def numbers(self, decisions: Table) -> Numbers:
        """The kind of each row of DECISION."""
        if not len(decisions):
            return np.zeros(0, np.int64)
        policies = BELOW_RULES - decisions["chain"]
        columns = [np.where(decisions["rule"] == RULE_POLICY, policies, decisions["rule"])]
        for half in (PACKED[:5], PACKED[5:]):
            word = np.zeros(len(decisions), np.int64)
            for name in half:
                word = word << BITS | decisions[name] + LOWEST
            columns.append(word)
        first, places = grouped(columns)
        keys = list(zip(*(decisions[name][first].tolist() for name in KEY), strict=True))
        found = np.zeros(len(first), np.int64)
        for place in np.argsort(first).tolist():  # as they come, however the run was cut into batches
            found[place] = self._number(keys[place])
        return found[places]

    def _number(self, key: tuple[int, ...]) -> int:
        """The number of the kind with these values of `KEY`."""
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self.kinds)
            self.kinds.append(self._kind(dict(zip(KEY, key, strict=True))))
        return number

    def _kind(self, values: dict[str, int]) -> Kind:
        """A kind in words."""
        words = {name: DECISION_WORDS[name].get(values[name]) for name in WORDS}
        return Kind(**words, mirror=bool(values["mirror"]), decider=self._decider(values["rule"], values["chain"]))

    def _decider(self, rule: int, chain: int) -> Decider:
        """Who decided."""
        if rule >= 0:
            return self.deciders.rules[rule]
        if rule == RULE_SEVERAL:
            return ONE_OF_SEVERAL
        return self.deciders.policies[chain] if rule == RULE_POLICY and chain >= 0 else NOBODY


def grouped(columns: list[Numbers]) -> tuple[Numbers, Numbers]:
    """The first of each group of rows that are equal in all columns, and for each row its group.

    Rows are sorted by a mixture of their columns, which is three times as fast as by one after the other; should two
    groups ever have the same mixture, they are sorted the other way.
    """
    mixed = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        mixed = (mixed ^ column.astype(np.uint64)) * MIXER
    _, first, places = np.unique(mixed, return_index=True, return_inverse=True)
    places = places.reshape(-1)
    if any((column != column[first][places]).any() for column in columns):
        return slowly_grouped(columns)
    return first, places


def slowly_grouped(columns: list[Numbers]) -> tuple[Numbers, Numbers]:
    """The same, column after column."""
    joined = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        joined = joined * len(column) + np.unique(column, return_inverse=True)[1].reshape(-1)
        joined = np.unique(joined, return_inverse=True)[1].reshape(-1)
    _, first, places = np.unique(joined, return_index=True, return_inverse=True)
    return first, places.reshape(-1)


def saved_kinds(kinds: list[Kind]) -> dict[str, Any]:
    """Kinds as they are stored: lists of words, and the deciders that they name by number."""
    deciders = list(dict.fromkeys(kind.decider for kind in kinds))
    numbers = {decider: number for number, decider in enumerate(deciders)}
    rows = [[*(getattr(kind, name) for name in WORDS), kind.mirror, numbers[kind.decider]] for kind in kinds]
    return {"deciders": [asdict(decider) for decider in deciders], "kinds": rows}
