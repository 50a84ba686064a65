"""Rules that no packet reaches, because earlier ones, alone or together, take all packets before; over all packets.

Read first: `fwsim.space`, `ground`. What is told is proved. A rule may be unreachable and not be told: where that hangs
on what is not simulated, on which packets belong to which connections, or on what lies behind which interface.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fwsim.lower import Lowered
from fwsim.space import Goal, Leaf, Search
from fwsim.space.fields import domain
from fwsim.space.intervals import Set, within
from fwsim.space.model import SpaceRule

from .confirming import fitting
from .ground import IN_ALL, Budget, Ground, Sample
from .traffic import FAMILIES


@dataclass(frozen=True)
class Unreachable:
    """A rule that no packet reaches, and the rules that take its packets; none if no packet is as it asks.

    `sample` is such a packet, with what becomes of it.
    """

    rule: int
    covered_by: tuple[int, ...]
    sample: Sample | None = None


class Reaching:
    """A program whose rules are looked at one by one."""

    def __init__(self, ground: Ground | Lowered) -> None:
        """Nothing is looked at yet."""
        self.ground = Ground(ground) if isinstance(ground, Lowered) else ground
        self.lowered = self.ground.lowered
        self.budget = Budget(IN_ALL)
        self.open: list[int] = []
        """Rules of which it was not found out."""
        self.reached: dict[int, Sample] = {}
        """A packet for each rule that one of a few packets reaches."""
        self._missed: dict[int, Sample] = {}

    def unreachable(self) -> Iterator[Unreachable]:
        """The rules that no packet reaches; not those of chains that no rule leads to."""
        for number, chain in enumerate(self.lowered.chains):
            hooks = self.ground.hooks_of_chains.get(number, [])
            for rule in range(chain.first, chain.last) if hooks else ():
                found = self._looked_at(rule, hooks)
                if found is not None:
                    yield found

    def _looked_at(self, rule: int, hooks: list[int]) -> Unreachable | None:
        """One rule: what covers it if nothing reaches it."""
        if self._is_reached(rule, hooks):
            return None
        missed = self._missed.get(rule)
        whole = self._whole(rule, () if missed is None else [visit.line for visit in missed.trip.visits])
        if whole is not None:
            return Unreachable(rule, (whole,), missed)
        refusing: dict[int, None] = {}
        for line in self.ground.lines.get(rule, ()):
            for hook in hooks:
                for family in FAMILIES:
                    if not self._is_refused(rule, hook, family, line.box, refusing):
                        return None
        return Unreachable(rule, self._covering(rule, sorted(refusing)), missed)

    def _is_refused(self, rule: int, hook: int, family: int, box: Mapping[int, Set], refusing: dict[int, None]) -> bool:
        """Whether no packet of a box gets to a rule on a way; who refuses some is noted."""
        ground = self.ground
        packets = ground.packets(family, box, hook)
        if not ground.is_called_for(self.lowered.rules[rule].chain, packets):
            return True
        steps = self.budget.steps
        search = Search(ground.model, ground.ways[hook], Goal(rules=frozenset((rule,))), steps)
        reached = any(self._is_packet(hook, family, rule, leaf) for leaf in search.leaves(packets))
        self.budget.left -= steps - search.left
        if reached:
            return False
        if not search.complete:
            self.open.append(rule)
            return False
        refusing |= search.refusing
        return True

    def _is_packet(self, hook: int, family: int, rule: int, leaf: Leaf) -> bool:
        """Whether there are packets in a region that reaches a rule; one is kept if its way is known."""
        part = next(fitting(leaf.packets, self.ground.ordinary.shapes[family]), None)
        if part is None:
            return False
        packet = self.ground.ordinary.usual(part)
        self._keep(rule, self.ground.sample(hook, packet))
        return True

    def _is_reached(self, rule: int, hooks: list[int]) -> bool:
        """Whether one of a few packets reaches a rule. That is quick to find out, and most rules are reached by one."""
        chain = self.lowered.rules[rule].chain
        for line in self.ground.lines.get(rule, ())[:1]:
            for family in FAMILIES:
                if not self.ground.is_called_for(chain, self.ground.packets(family, line.box)):
                    continue
                for packet in self.ground.ordinary.samples(family, line.box):
                    if any(self._keep(rule, self.ground.sample(hook, packet)) for hook in hooks):
                        return True
        return False

    def _keep(self, rule: int, sample: Sample | None) -> bool:
        """Whether a packet reaches a rule; it is kept either way."""
        if sample is None:
            return False
        rules = self.ground.sources
        if any(rules[visit.line] == rule for visit in sample.trip.visits):
            self.reached.setdefault(rule, sample)
            return True
        self._missed.setdefault(rule, sample)
        return False

    def _covering(self, rule: int, lines: list[int]) -> tuple[int, ...]:
        """The rules that take a rule's packets: one that takes all if there is any, else all that had a part."""
        if all(not all(line.box.values()) for line in self.ground.lines.get(rule, ())):
            return ()
        whole = self._whole(rule, lines)
        sources = self.ground.sources
        return tuple(sorted({sources[line] for line in lines} - {rule})) if whole is None else (whole,)

    def _whole(self, rule: int, lines: Iterable[int]) -> int | None:
        """The first of some lines, if any, that alone takes all packets of a rule: it stands before it in its chain."""
        ground = self.ground
        chain = ground.model.chains[self.lowered.rules[rule].chain]
        own = [line for line in ground.lines.get(rule, ()) if all(line.box.values())]
        for place in (line - chain.first for line in lines):
            if 0 <= place < len(chain.rules) and chain.leaving >> place & 1:
                taker = chain.rules[place]
                if taker.box.keys() & ground.model.altered:
                    continue
                if own and all(taker.number < line.number and holds(taker, line) for line in own):
                    return taker.source
        return None


def holds(taker: SpaceRule, line: SpaceRule) -> bool:
    """Whether a line takes all packets of another."""
    return all(within(line.box.get(field) or domain(field), wanted) for field, wanted in taker.box.items())
