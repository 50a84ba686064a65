"""What is looked for, and which rules may lead there: the search aims at these, and lets the others go.

Read first: `model`, `ways`, `node`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from fwsim.engine.program import V_UNKNOWN
from fwsim.terms import Verdict

from .index import bits_of
from .intervals import Set, touches
from .model import Model
from .node import Node, Region
from .ways import Base, Stop

ACCEPT = int(Verdict.ACCEPT)
FEW = 16
"""Rules that are looked at one by one."""


class Goal(NamedTuple):
    """What is looked for: one of these verdicts at the end, or that one of these rules (by `source`) applies.

    Or that one of these `lines` of rules does (by their numbers), or that the policy of one of these chains decides
    (`ends`, by their numbers).
    """

    verdicts: frozenset[int] = frozenset()
    rules: frozenset[int] = frozenset()
    lines: frozenset[int] = frozenset()
    ends: frozenset[int] = frozenset()

    def is_rule(self, source: int, line: int) -> bool:
        """Whether a line of a rule is looked for."""
        return source in self.rules or line in self.lines


GETS_THROUGH = Goal(frozenset((ACCEPT,)))


class Aim:
    """A goal on a way."""

    def __init__(self, model: Model, way: Sequence[Stop], goal: Goal) -> None:
        """What leads to it is found out when it is asked for."""
        self.model = model
        self.way = way
        self.goal = goal
        self._targets: dict[tuple[int, int, bool], int] = {}
        self._leading: dict[int, int] = {}
        self._wanted: dict[int, int] = {}

    def targets_of(self, node: Node) -> int:
        """The rules of a node's chain that may lead to the goal."""
        key = node.chain, node.stop, bool(node.stack)
        found = self._targets.get(key)
        if found is None:
            chain = self.model.chains[node.chain]
            others = chain.everyone & ~chain.idle
            for verdict, rules in chain.finals.items():
                if verdict not in self.goal.verdicts and not (verdict == ACCEPT and self.goes_on(node.stop)):
                    others &= ~rules
            if not self.end_matters(node):
                others &= ~chain.returning
            found = self._targets[key] = others | self.wanted(node.chain)
        return found

    def end_matters(self, node: Node) -> bool:
        """Whether packets that meet no rule may reach the goal."""
        if node.stack:
            return True  # whether the goal is still ahead there is seen there
        stop = self.way[node.stop]
        assert isinstance(stop, Base)
        policy = self.model.chains[stop.chain].policy
        if stop.chain in self.goal.ends:
            return True
        return policy in self.goal.verdicts or (policy == ACCEPT and self.goes_on(node.stop))

    def wanted(self, number: int) -> int:
        """The rules of a chain that are looked for themselves."""
        found = self._wanted.get(number)
        if found is None:
            chain = self.model.chains[number]
            here = chain.sources(self.goal.rules)
            for line in self.goal.lines:
                if 0 <= line - chain.first < len(chain.rules):
                    here |= 1 << line - chain.first
            found = self._wanted[number] = here
        return found

    def goes_on(self, stop: int) -> bool:
        """Whether packets that a base chain accepts may reach the goal."""
        return ACCEPT in self.goal.verdicts or stop < self._last_of_interest

    def is_past(self, node: Node) -> bool:
        """Whether all rules that are looked for, and all that lead to them, lie behind the packets."""
        if self.goal.verdicts or self.goal.ends or node.stop < self._last_of_interest:
            return False
        return not any(self._leads(chain, at, node.region) for chain, at in ((node.chain, node.at), *node.stack))

    def _leads(self, number: int, at: int, region: Region) -> bool:
        """Whether packets of a region that are in a chain may get to a rule that is looked for."""
        lines = self._towards(number) >> at << at
        if lines.bit_count() > FEW:
            return True
        boxes = self.model.chains[number].boxes
        return any(self._may_meet(boxes[line], region) for line in bits_of(lines))

    def _may_meet(self, box: Mapping[int, Set], region: Region) -> bool:
        """Whether packets of a region may meet a box, now or after other rules have changed them."""
        for place, wanted in box.items():
            found = region[place]
            if found is not None and place not in self._altered and not touches(found, wanted):
                return False
        return True

    @cached_property
    def _altered(self) -> frozenset[int]:
        """The places of what rules change."""
        return frozenset(self.model.places[field] for field in self.model.altered)

    def _towards(self, number: int) -> int:
        """The rules of a chain that are looked for, or lead to one that is."""
        found = self._leading.get(number)
        if found is None:
            chain = self.model.chains[number]
            found = self.wanted(number)
            for target, rules in chain.calls.items():
                if self._towards(target):
                    found |= rules
            self._leading[number] = found
        return found

    @cached_property
    def _last_of_interest(self) -> int:
        """The last stop at which the goal may be reached."""
        return max((n for n, stop in enumerate(self.way) if isinstance(stop, Base) and self._is_near(stop)), default=-1)

    def _is_near(self, stop: Base) -> bool:
        """Whether the goal may be reached in a base chain or in one that it calls."""
        if self.model.chains[stop.chain].policy in self.goal.verdicts or stop.chain in self.goal.ends:
            return True
        wanted = self.goal.verdicts | {V_UNKNOWN}
        return any(
            self.model.chains[number].verdicts & wanted or self.wanted(number)
            for number in self.model.calls(stop.chain)
        )
