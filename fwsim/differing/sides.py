"""Two rulesets laid side by side: the same interfaces, the same numbers for what they ask of packets.

Read first: `fwsim.space`, `fwsim.topology`. Interfaces have one number in both. Where nobody has declared any, rules
may speak of more than they name: for every beginning of a name there is one interface more that begins so, and for all
others one that no rule names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from fwsim.headers.selecting import Readable
from fwsim.lower import Lowered, lower
from fwsim.netfilter.model import Netfilter, every_step
from fwsim.netfilter.steps import AnyOf, Choose, Lookup, Match, Step
from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host
from fwsim.ruleset.values import Names
from fwsim.space import Model
from fwsim.space.fields import NAMES
from fwsim.space.intervals import Set
from fwsim.tables import number_in_seen
from fwsim.topology import LOOPBACK, Topology, settled
from fwsim.topology.declared import Behind
from fwsim.topology.fib import where

Region = Mapping[int, "Set | None"]
"""The values of fields; what is not there, or None, may have any."""

FIRST_SLOT = len(NAMES)
"""Where the common numbers begin of what is read of headers besides the fields of PACKET and EXTRA."""
OTHER = "other"
LONGEST = 15
"""Characters in the name of an interface (IFNAMSIZ)."""


class Side:
    """One of the two rulesets, ready to be searched and to be run."""

    def __init__(self, ruleset: Ruleset, names: Sequence[str], host: Host | None, slots: list[Readable]) -> None:
        """`names` are the interfaces of both, without the loopback; `slots` what both read of headers, so far."""
        self.ruleset = ruleset
        declared = Topology.build(ruleset, host=host)
        self.declares = declared.interfaces
        self.local = declared.local
        own = {name: declared.interfaces.get(name, Behind()) for name in names}
        self.topology = Topology(own, declared.local, declared.known, declared.settings)
        self.lowered: Lowered = lower(
            ruleset,
            interfaces=self.topology.names,
            routes=partial(where, self.topology),
            places=settled(self.topology.places),
        )
        self.model = Model(self.lowered)
        self.common: dict[int, int] = {}
        """The common number of each of its slots."""
        for slot, asked in enumerate(self.lowered.asked):
            if asked not in slots:
                slots.append(asked)
            self.common[number_in_seen(f"slot{slot}")] = FIRST_SLOT + slots.index(asked)
        self._own = {common: own for own, common in self.common.items()}
        self.fields = frozenset(self.common_field(field) for field in self.model.fields)
        """The common numbers of all that its rules look at."""

    def common_field(self, field: int) -> int:
        """The number that a field has for both rulesets."""
        return self.common.get(field, field)

    def own(self, region: Region) -> dict[int, Set | None]:
        """A region by the numbers of this ruleset, of the fields that it knows."""
        found = {self._own.get(field, field): values for field, values in region.items()}
        return {field: values for field, values in found.items() if field in self.model.places}

    def in_common(self, own: Region) -> dict[int, Set | None]:
        """A region of this ruleset by the common numbers."""
        return {self.common_field(field): values for field, values in own.items()}


@dataclass(frozen=True)
class Sides:
    """Both rulesets; `slots` are what they read of headers, in the order of its common numbers.

    `told` are words for interfaces that stand for others.
    """

    old: Side
    new: Side
    slots: list[Readable]
    told: dict[str, str]


def sides_of(old: Ruleset, new: Ruleset, host: Host | None = None) -> Sides:
    """Both rulesets, laid side by side."""
    names, told = interface_names(old, new, host)
    slots: list[Readable] = []
    return Sides(Side(old, names, host, slots), Side(new, names, host, slots), slots, told)


def interface_names(old: Ruleset, new: Ruleset, host: Host | None = None) -> tuple[list[str], dict[str, str]]:
    """All interfaces that make a difference to one of two rulesets, but for the loopback interface.

    And what those stand for that only stand for others, in words.
    """
    built = [(each, Topology.build(each, host=host).interfaces) for each in (old, new)]
    values = [value for each in (old, new) for value in names_in(each.netfilter)]
    found = dict.fromkeys([name for _, there in built for name in there if not name.endswith("*")])
    found |= dict.fromkeys(name for value in values for name in value.names)
    beginnings = dict.fromkeys(prefix for value in values for prefix in value.prefixes)
    told: dict[str, str] = {}
    for beginning in beginnings:
        name = _another(beginning, found, beginnings)
        found[name] = None
        told[name] = f"{beginning}*" if beginning else "any other"
    if not any(_are_all(ruleset, there) for ruleset, there in built):
        name = _another(OTHER, found, beginnings)
        found[name] = None
        told[name] = "any other"
    found.pop(LOOPBACK, None)
    return list(found), told


def _are_all(ruleset: Ruleset, there: Mapping[str, Behind]) -> bool:
    """Whether the interfaces that are declared are all that there are."""
    if ruleset.netfilter.format == "yaml":
        return bool(ruleset.interfaces)
    return any(behind.networks for behind in there.values())


def _another(beginning: str, taken: Mapping[str, None], beginnings: Mapping[str, None]) -> str:
    """A name that begins so, is not taken, and begins like as few others as can be."""
    endings: list[str] = [*map(str, range(10)), *"xyzuvw", *map(str, range(10, 100)), ""]
    if beginning == OTHER:
        endings.insert(0, "")
    possible = [name for ending in endings if len(name := beginning + ending) <= LONGEST and name not in taken]
    wanted = [name for name in possible if name and name != LOOPBACK] or [beginning]
    others = {name: sum(name.startswith(other) for other in beginnings) for name in wanted}
    return min(wanted, key=others.__getitem__)


def names_in(netfilter: Netfilter) -> Iterator[Names]:
    """All that rules and sets say of interfaces by name."""
    for table in netfilter.tables:
        for chain in table.chains.values():
            for rule in chain.rules:
                for step in every_step(rule.steps):
                    yield from _in_step(step)
        for each in table.sets.values():
            yield from _in_elements([*each.elements, *(case.element for case in each.cases or ()), (each.value,)])


def _in_step(step: Step) -> Iterator[Names]:
    """The names in one step."""
    if isinstance(step, Match):
        if isinstance(step.value, Names):
            yield step.value
    elif isinstance(step, AnyOf):
        yield from _in_elements([(one.value,) for way in step.alternatives for one in way])
    elif isinstance(step, Lookup):
        yield from _in_elements(step.elements)
    elif isinstance(step, Choose):
        yield from _in_elements([case.element for case in step.cases])


def _in_elements(elements: Sequence[tuple[object, ...]]) -> Iterator[Names]:
    """The names in elements of sets."""
    for element in elements:
        yield from (part for part in element if isinstance(part, Names))
