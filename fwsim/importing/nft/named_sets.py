"""Named sets and maps while a script is read: what they hold, and what is refused about their elements.

Read first: `members`, `values`.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from fwsim.errors import RulesetError
from fwsim.netfilter.steps import Choose, Step, Verdict
from fwsim.nft.tree import Node

from .blocks import Corners
from .members import box, has_interval
from .operands import Operand
from .values import Evaluated, Wanted, refuse

if TYPE_CHECKING:
    from .ruleset import Ruleset

Build = Callable[[Evaluated], "tuple[Step, ...]"]


class Kept(NamedTuple):
    """What belongs to one element: the value that a map gives, or the steps, and when it is forgotten."""

    value: Evaluated | None = None
    steps: tuple[Step, ...] = ()
    timeout_ns: int | None = None


PLAIN = Kept()


FEW = 64
"""New elements that are put among the others one by one."""


def overlapping(node: Node) -> RulesetError:
    """An interval that is not apart from the others."""
    return refuse(node, "the interval overlaps with another one of the set")


class SecondUse(NamedTuple):
    """A map that is used for something else as well: this choice needs cases of its own."""

    choice: Choose
    map: SetState
    build: Build


@dataclass
class SetState:
    """A set, or a map with what it gives."""

    name: str
    node: Node
    wanted: tuple[Wanted, ...]
    is_map: bool = False
    values: tuple[str, ...] = ()
    """The types of what a map gives; `verdict` of a verdict map."""
    value_wanted: tuple[Wanted, ...] = ()
    object_kind: str | None = None
    flags: frozenset[str] = frozenset()
    auto_merge: bool = False
    size: int = 0
    timeout_ns: int | None = None
    steps: tuple[Step, ...] = ()
    is_meter: bool = False
    dynamic: bool = False
    used_by_match: bool = False
    elements: dict[Evaluated, Kept] = field(default_factory=dict)
    build: Build | None = None
    used_for: str = ""
    _sorted: list[tuple[int, int]] = field(default_factory=list)
    _new: list[tuple[tuple[int, int], Node]] = field(default_factory=list)
    _corners: Corners = field(default_factory=Corners)

    @classmethod
    def of_meter(cls, name: str, node: Node, left: tuple[Operand, ...], size: int, timeout_ns: int | None) -> SetState:
        """The set that a meter fills."""
        wanted = tuple(each.wanted for each in left)
        flags = frozenset(["dynamic", "timeout"] if timeout_ns is not None else ["dynamic"])
        return cls(name, node, wanted, flags=flags, size=size, timeout_ns=timeout_ns, is_meter=True, dynamic=True)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The types of the parts of an element."""
        return tuple(each.type.name for each in self.wanted)

    @property
    def forgets(self) -> bool:
        """Whether elements that are there are forgotten in time."""
        if "timeout" not in self.flags or not self.elements:
            return False
        return bool(self.timeout_ns) or any(kept.timeout_ns for kept in self.elements.values())

    @property
    def interval(self) -> bool:
        """Whether elements may be intervals."""
        return "interval" in self.flags

    def check_key(self, node: Node, left: Sequence[Operand]) -> None:
        """What is looked up must have the types of the elements."""
        found = tuple(each.type.name for each in left)
        if found != self.kinds:
            raise refuse(node, f"'{self.name}' has elements of {' . '.join(self.kinds)}, not {' . '.join(found)}")

    def change(self, node: Node, operation: str) -> None:
        """A rule changes the set."""
        if self.interval:
            raise refuse(node, f"rules cannot change '{self.name}', whose elements are intervals")
        if "constant" in self.flags:
            raise refuse(node, f"rules cannot change '{self.name}', which is constant")
        self.dynamic = True

    def add(self, key: Evaluated, kept: Kept, node: Node, exclusive: bool = False) -> None:
        """One more element; one that is there already does no harm, if it gives the same."""
        before = self.elements.get(key)
        if before is not None:
            if exclusive or (self.is_map and before.value != kept.value):
                raise refuse(node, "the element is in the set already")
            return
        if not self.interval and has_interval(key):
            raise refuse(node, f"'{self.name}' takes single values only, expected 'flags interval'")
        if self.size and not self.auto_merge and len(self.elements) >= self.size:
            raise refuse(node, f"'{self.name}' is full: its size is {self.size}")
        if self.interval:
            self._check_overlap(key, node)
        self.elements[key] = kept

    def _check_overlap(self, key: Evaluated, node: Node) -> None:
        """Elements must be apart, unless they are merged."""
        found = box(key)
        if found is None:
            return
        if len(found) > 1:
            if self._corners.hit(found):
                raise refuse(node, "the element overlaps with another one")
            self._corners.add(found)
        elif not self.auto_merge:
            self._new.append((found[0], node))

    def settle(self) -> None:
        """Check the intervals that were added since: they must be apart from all others."""
        if len(self._new) < FEW:
            for interval, node in self._new:
                self._apart(interval, node)
        else:
            self._all_apart()
        self._new = []

    def _apart(self, interval: tuple[int, int], node: Node) -> None:
        """Among intervals that are apart, only the neighbours can overlap."""
        place = bisect_left(self._sorted, interval)
        low, high = interval
        after = place < len(self._sorted) and self._sorted[place][0] <= high
        if after or (place and self._sorted[place - 1][1] >= low):
            raise overlapping(node)
        self._sorted.insert(place, interval)

    def _all_apart(self) -> None:
        """The same for many."""
        nodes = dict(self._new)
        found = sorted([*self._sorted, *nodes])
        for before, after in itertools.pairwise(found):
            if after[0] <= before[1]:
                raise overlapping(nodes.get(after) or nodes[before])
        self._sorted = found

    def remove(self, key: Evaluated, node: Node, must: bool) -> None:
        """One element less."""
        if key in self.elements:
            del self.elements[key]
            self._index()
            return
        if must:
            raise refuse(node, "there is no such element in the set")

    def targets(self) -> list[str]:
        """The chains that a verdict map jumps to."""
        if self.values != ("verdict",):
            return []
        steps = (step for kept in self.elements.values() for step in kept.steps)
        return list(dict.fromkeys(step.target for step in steps if isinstance(step, Verdict) and step.target))

    def clear(self) -> None:
        """No element is left."""
        self.elements = {}
        self._index()

    def _index(self) -> None:
        """Compute anew which intervals there are."""
        self._sorted, self._corners = [], Corners()
        if not self.interval or self.auto_merge:
            return
        for key in self.elements:
            found = box(key)
            if found is not None and len(found) > 1:
                self._corners.add(found)
            elif found is not None:
                insort(self._sorted, found[0])

    def used_as(self, choice: Choose, kind: str, build: Build, ruleset: Ruleset) -> Choose:
        """The map is used for something: what its cases are depends on that."""
        if self.build is None:
            self.build, self.used_for = build, kind
        elif self.used_for != kind:
            ruleset.second_uses.append(SecondUse(choice, self, build))
        return choice


SELECTORS = {
    "ipv4_addr": "src", "ipv6_addr": "src", "ifname": "iif", "iface_index": "iif", "mark": "mark",
    "ct_state": "ct_state", "ct_status": "ct_status", "tcp_flag": "tcp_flags",
}  # fmt: skip
"""A field that holds what elements of a type are; all others are plain numbers."""
WIDEST = "time"
"""A field that holds any plain number."""


def pretended(wanted: Wanted) -> Operand:
    """An operand that elements of a type can be compared with."""
    return Operand(SELECTORS.get(wanted.type.name, WIDEST), wanted.type, wanted.bits)
