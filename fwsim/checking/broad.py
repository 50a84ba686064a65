"""Rules and policies that accept new connections from anywhere, to anywhere, on all ports.

Read first: `ground`. Judged is what gets through because of them, less what other rules take before: not what they ask.
So of each rule that asks for little, and of each policy, the packets that get there are looked at, and of these what
gets through.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.space import Goal, Leaf, Search
from fwsim.space.fields import DPORT, DST, IIF, OIF, PROTO, SRC
from fwsim.space.intervals import Set, holds, size
from fwsim.space.model import FINAL, SpaceRule
from fwsim.space.search import GETS_THROUGH
from fwsim.terms import Hook, Verdict

from .bringing import Bringing
from .confirming import Region, fitting
from .found import NO_RULE, Found
from .ground import Budget, Ground, Sample
from .kinds import Kind
from .traffic import FAMILIES, FLAGS, FRAGMENT, NOT_THERE, Shape, arriving, opening

ACCEPT = int(Verdict.ACCEPT)
GUARDED = (int(Hook.FORWARD), int(Hook.INPUT))
HALF = 1 << 15
"""Ports; of addresses, half of all of a family."""
TCP, UDP, SYN = 6, 17, 2
IN_ALL = 20_000
"""Regions that are looked at altogether."""
BY_RULE = "accepts new connections from anywhere to anywhere, on all ports"
BY_POLICY = "the policy accepts new connections from anywhere to anywhere, on all ports"


class Broad:
    """A program whose accepted packets are measured."""

    def __init__(self, ground: Ground) -> None:
        """Nothing is looked at yet."""
        self.ground = ground
        self.open: list[int] = []
        """Rules of which it was not found out; NO_RULE for a policy."""
        self._budget = Budget(IN_ALL)
        self._bringing = Bringing(ground.lowered)
        self._loose = bool(ground.lowered.settings[0]["loose"])

    def found(self) -> Iterator[Found]:
        """What accepts too much, each rule or policy once."""
        told: set[tuple[int, int]] = set()
        self.open.clear()
        for hook in GUARDED:
            for family in FAMILIES:
                for by in self._asked(hook, family):
                    sample = None if by in told else self._through(hook, family, *by)
                    if sample is not None:
                        told.add(by)
                        yield Found(Kind.BROAD_ACCEPT, *by, BY_POLICY if by[0] == NO_RULE else BY_RULE, sample=sample)
        self.open = [rule for rule in self.open if rule not in {one for one, _ in told}]

    def _asked(self, hook: int, family: int) -> Iterator[tuple[int, int]]:
        """The rules that may accept too much, and the policy (NO_RULE) that may, each with its chain."""
        guarding = self.ground.guarding(hook, family)
        chains = dict.fromkeys(chain for base in guarding for chain in self.ground.model.calls(base))
        for chain in chains:
            rules = self.ground.model.chains[chain].rules
            wide = (line.source for line in rules if line.verdict == ACCEPT and self._asks_little(line, family))
            yield from ((rule, chain) for rule in dict.fromkeys(wide))
        filtering = [base for base in guarding if self._filters(base)]
        if filtering and self.ground.model.chains[filtering[-1]].policy == ACCEPT:
            yield NO_RULE, filtering[-1]

    def _filters(self, chain: int) -> bool:
        """Whether a base chain, or one that it calls, has rules with verdicts."""
        return any(self.ground.model.chains[one].verdicts & set(FINAL) for one in self.ground.model.calls(chain))

    def _asks_little(self, line: SpaceRule, family: int) -> bool:
        """Whether a line may take as much as is too much."""
        return self._is_broad({**FAMILIES[family], **line.box}, family)

    def _through(self, hook: int, family: int, rule: int, chain: int) -> Sample | None:
        """A packet of a broad region that a rule accepts, or a policy, and that gets through; None if there is none."""
        new = opening(family, loose=self._loose)
        packets = {**FAMILIES[family], **new.seen, IIF: self.ground.outside, OIF: arriving(hook, family)[OIF]}
        goal = Goal(ends=frozenset((chain,))) if rule == NO_RULE else Goal(rules=frozenset((rule,)))
        for leaf in self._leaves(hook, packets, goal, rule):
            if not self._is_broad(leaf.packets, family):
                continue
            for through in self._leaves(hook, leaf.packets, GETS_THROUGH, rule):
                if not through.doubts and self._is_broad(through.packets, family):
                    sample = self._sample(hook, family, through.packets, new.shapes, rule)
                    if sample is not None:
                        return sample
        return None

    def _leaves(self, hook: int, packets: Region, goal: Goal, rule: int) -> Iterator[Leaf]:
        """The regions of some packets that reach a goal; it is noted if not all were looked at."""
        steps = self._budget.steps
        search = Search(self.ground.model, self.ground.ways[hook], goal, steps)
        before = search.left
        for leaf in search.leaves(packets):
            self._budget.left -= before - search.left
            yield leaf
            before = search.left = min(search.left, self._budget.steps)
        self._budget.left -= before - search.left
        if not search.complete and rule not in self.open:
            self.open.append(rule)

    def _is_broad(self, packets: Region, family: int) -> bool:
        """Whether a region is that wide."""
        half = 1 << (31 if family == 4 else 127)
        if any((found := packets.get(side)) is None or size(found) < half for side in (SRC, DST)):
            return False
        if not all(self._is_any(packets.get(field)) for field in (IIF, OIF)):
            return False
        protos, ports = packets.get(PROTO), packets.get(DPORT)
        if ports is not None and size(ports) < HALF:
            return False
        opens = _holds(protos, UDP) or (_holds(protos, TCP) and _holds(packets.get(FLAGS), SYN))
        return opens and _holds(packets.get(FRAGMENT), 0)

    def _is_any(self, interfaces: Set | None) -> bool:
        """Whether interfaces are not named one by one."""
        return interfaces is None or interfaces == NOT_THERE or size(interfaces) > len(self.ground.lowered.interfaces)

    def _sample(self, hook: int, family: int, packets: Region, shapes: list[Shape], rule: int) -> Sample | None:
        """An ordinary packet of a region that gets through because of a rule, or of no rule (NO_RULE)."""
        coming = [{**shape, **arriving(hook, family)} for shape in shapes]
        for part in fitting(packets, coming):
            sample = self.ground.sample(hook, self.ground.ordinary.usual(part))
            if sample is None or sample.trip.verdict != ACCEPT:
                continue
            by = self.ground.accepting(sample)
            if (NO_RULE if by is None else by) == rule and self._bringing.shown(sample):
                return sample
        return None


def _holds(values: Set | None, value: int) -> bool:
    """Whether a value is among others; None stands for any."""
    return values is None or holds(values, value)
