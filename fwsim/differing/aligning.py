"""Which lines of two rulesets are the same line: those that both have in the same order, in chains that correspond.

Read first: `keys`, `fwsim.space.ways`. Why this is of use: as long as a packet meets only lines that both rulesets
have, both treat it alike, step by step. So packets that are treated differently meet a line that only one of them has
(it is changed), or get to a policy that is another one there.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from fwsim.engine.program import V_GOTO, V_JUMP
from fwsim.space.intervals import Set
from fwsim.space.ways import Base, Stop, Track
from fwsim.terms import Verdict

from .keys import Keys

Universe = Mapping[int, "Set | None"]
Lined = list[tuple[Hashable, int]]
"""The key of each line of a chain, and its number."""


@dataclass
class Alignment:
    """What corresponds for the packets of one universe on one way, by the numbers of both programs.

    `same` are the lines of the new ruleset by those of the old one. `changed` lines, for each ruleset, have no other
    one; `ends` are chains whose policy has none that is alike.
    """

    same: dict[int, int] = field(default_factory=dict)
    changed: tuple[set[int], set[int]] = field(default_factory=lambda: (set(), set()))
    ends: tuple[set[int], set[int]] = field(default_factory=lambda: (set(), set()))
    chains: dict[int, int] = field(default_factory=dict)
    """The chains of the new ruleset by those of the old one."""
    identities: tuple[dict[int, int], dict[int, int]] = field(default_factory=lambda: ({}, {}))
    """For each ruleset a number of its lines that is the same for lines that are the same."""

    @property
    def any(self) -> bool:
        """Whether anything is changed."""
        return bool(self.changed[0] or self.changed[1] or self.ends[0] or self.ends[1])

    def number(self) -> None:
        """Work out the identities."""
        for number, (old, new) in enumerate(self.same.items()):
            self.identities[0][old] = self.identities[1][new] = number

    def identity(self, side: int, line: int) -> int:
        """A number of a line that its counterpart has too, and no other; of a changed line one below 0."""
        return self.identities[side].get(line, -2 * line - side - 1)


class Aligning:
    """Two rulesets being aligned for the packets of a universe."""

    def __init__(self, keys: tuple[Keys, Keys], universe: Universe) -> None:
        """`universe` by the common numbers of fields."""
        self.keys = keys
        self.universe = universe
        self.result = Alignment()
        self._lined: tuple[dict[int, Lined], dict[int, Lined]] = ({}, {})
        self._contents: tuple[dict[int, Hashable], dict[int, Hashable]] = ({}, {})
        self._names = [self._names_of(side) for side in (0, 1)]

    def along(self, ways: tuple[Sequence[Stop], Sequence[Stop]], family: int) -> Alignment:
        """The alignment of what packets of a family meet on their way."""
        bases = [self._bases(side, ways[side], family) for side in (0, 1)]
        waiting: list[tuple[int, int]] = []
        for old, new in _paired(*bases):
            if old is None or new is None or not self._is_free(old, new):
                self._set_apart(old, new)
                continue
            self.result.chains[old] = new
            waiting.append((old, new))
            if self._policy(0, old) != self._policy(1, new):
                self.result.ends[0].add(old)
                self.result.ends[1].add(new)
        while waiting:
            waiting += self._align(*waiting.pop())
        self.result.number()
        return self.result

    def _set_apart(self, *chains: int | None) -> None:
        """Base chains that only one ruleset has: all that they decide is changed."""
        for side, chain in enumerate(chains):
            if chain is not None:
                self.result.changed[side].update(number for _, number in self._lines(side, chain))
                if self._policy(side, chain) != Verdict.ACCEPT:
                    self.result.ends[side].add(chain)

    def _policy(self, side: int, chain: int) -> int:
        """The policy of a base chain."""
        return self.keys[side].side.model.chains[chain].policy

    def _bases(self, side: int, way: Sequence[Stop], family: int) -> list[tuple[tuple[int, ...], int]]:
        """The base chains on a way that make a difference, each with what must be the same in both."""
        found: list[tuple[tuple[int, ...], int]] = []
        raw = 1
        if not any(isinstance(stop, Track) for stop in way):
            raw = 0
        for stop in way:
            if isinstance(stop, Track):
                raw = 0
            if isinstance(stop, Base) and stop.family in (0, family):
                policy = self._policy(side, stop.chain)
                if self._lines(side, stop.chain) or policy != Verdict.ACCEPT:
                    found.append(((stop.hook, stop.nat, raw), stop.chain))
        return found

    def _is_free(self, old: int, new: int) -> bool:
        """Whether two chains may be taken for each other: neither is another one's."""
        partner = self.result.chains.get(old)
        return partner == new if partner is not None else new not in self.result.chains.values()

    # --- lines of chains --------------------------------------------------------------------------------------------

    def _lines(self, side: int, chain: int) -> Lined:
        """The lines of a chain that packets of the universe may meet."""
        found = self._lined[side].get(chain)
        if found is None:
            keys = self.keys[side]
            found = []
            for rule in keys.side.model.chains[chain].rules:
                key = keys.of(rule, self.universe)
                if key is not None:
                    found.append(((key, self._target(side, rule.verdict, rule.target)), rule.number))
            self._lined[side][chain] = found
        return found

    def _target(self, side: int, verdict: int, target: int) -> Hashable:
        """Where a line leads, to be compared: by name if both have a chain of that name, else by content."""
        if verdict not in (V_JUMP, V_GOTO):
            return None
        name = self._names[side].get(target)
        if name is not None and name in self._names[1 - side].values():
            return name
        content = self._contents[side].get(target)
        if content is None:
            content = self._contents[side][target] = tuple(key for key, _ in self._lines(side, target))
        return content

    def _names_of(self, side: int) -> dict[int, str]:
        """The chains without a hook by their own name, which says nothing if two have it."""
        titles = {
            number: chain.name.split()[-1]
            for number, chain in enumerate(self.keys[side].side.lowered.chains)
            if not chain.hooks
        }
        every = list(titles.values())
        return {number: name for number, name in titles.items() if every.count(name) == 1}

    def _align(self, old: int, new: int) -> list[tuple[int, int]]:
        """Align the lines of two chains; returns the chains that they lead to."""
        lines = self._lines(0, old), self._lines(1, new)
        further: list[tuple[int, int]] = []
        kept: tuple[set[int], set[int]] = (set(), set())
        for first, second in matching([key for key, _ in lines[0]], [key for key, _ in lines[1]]):
            one, other = lines[0][first][1], lines[1][second][1]
            pair = self._targets(one, other)
            if pair is not None:
                if not self._is_free(*pair):
                    continue
                if pair[0] not in self.result.chains:
                    self.result.chains[pair[0]] = pair[1]
                    further.append(pair)
            kept[0].add(one)
            kept[1].add(other)
            self.result.same[one] = other
        for side in (0, 1):
            self.result.changed[side].update({number for _, number in lines[side]} - kept[side])
        return further

    def _targets(self, old: int, new: int) -> tuple[int, int] | None:
        """The chains that two lines lead to."""
        found = [self.keys[side].row("rules", line) for side, line in enumerate((old, new))]
        return (found[0]["target"], found[1]["target"]) if found[0]["verdict"] in (V_JUMP, V_GOTO) else None


def _paired(
    old: list[tuple[tuple[int, ...], int]], new: list[tuple[tuple[int, ...], int]]
) -> list[tuple[int | None, int | None]]:
    """The base chains of two ways, those together that may correspond."""
    pairs = matching([key for key, _ in old], [key for key, _ in new])
    found: list[tuple[int | None, int | None]] = [(old[first][1], new[second][1]) for first, second in pairs]
    matched = {first for first, _ in pairs}, {second for _, second in pairs}
    found += [(chain, None) for number, (_, chain) in enumerate(old) if number not in matched[0]]
    return found + [(None, chain) for number, (_, chain) in enumerate(new) if number not in matched[1]]


def matching(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pairs of places with equal values, ascending on both sides, as many as can be found quickly."""
    begin, ends = 0, 0
    while begin < min(len(old), len(new)) and old[begin] == new[begin]:
        begin += 1
    while ends < min(len(old), len(new)) - begin and old[-1 - ends] == new[-1 - ends]:
        ends += 1
    numbers: dict[Hashable, int] = {}
    first = [numbers.setdefault(key, len(numbers)) for key in old[begin : len(old) - ends]]
    second = [numbers.setdefault(key, len(numbers)) for key in new[begin : len(new) - ends]]
    pairs = [(place, place) for place in range(begin)]
    for block in SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks():
        pairs += [(begin + block.a + n, begin + block.b + n) for n in range(block.size)]
    return pairs + [(len(old) - ends + n, len(new) - ends + n) for n in range(ends)]
