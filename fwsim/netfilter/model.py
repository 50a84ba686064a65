"""Tables of chains of rules, with their sets, as netfilter has them.

Read first: `steps`. What is refused by the kernel never gets here; what fwsim does not simulate does, and is marked so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from itertools import chain
from typing import Any

from fwsim.frozen import dataclass
from fwsim.ruleset.values import Location, MatchValue
from fwsim.terms import Hook
from fwsim.terms import Verdict as Policy

from .fields import Selector
from .steps import AnyOf, Case, Choose, Element, Step, Update

NOWHERE = Location()

ANY_FAMILY = 0
"""Of a table that sees packets of both families: `inet`, and what is written in YAML."""


@dataclass(frozen=True, slots=True)
class NetfilterRule:
    """A rule: its steps; without a verdict among them it goes on. `name` is its comment, if it has one."""

    steps: tuple[Step, ...]
    name: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Chain:
    """Rules in order. With `hooks` it is a base chain (in Linux of one hook), with a `priority` and a `policy`.

    `kind` is `filter`, `nat` (only the packet that opens a connection gets there) or `route`. In nft and iptables a
    chain's name holds in its table; `title` is unique: `inet filter input`, and in YAML the name.
    """

    name: str
    title: str
    hooks: tuple[Hook, ...] = ()
    priority: int = 0
    policy: Policy = Policy.ACCEPT
    kind: str = "filter"
    rules: tuple[NetfilterRule, ...] = ()
    location: Location = NOWHERE
    """`location.policy_line` is the line of the policy."""
    registered: int = 0
    """Of chains with equal priority the one with the higher number runs first: the kernel puts a new hook in front."""
    other_hook: str | None = None
    """The hook of a base chain at none of the five: `ingress`, `egress`, or one of arp and bridge tables."""
    devices: tuple[str, ...] = ()
    """Of an ingress or egress chain."""


@dataclass(frozen=True, slots=True)
class Set:
    """A named set (of elements) or map (of cases), of one selector or of several in each element.

    `dynamic`: rules change it. Elements of it that were written have no timeout if `timeout_ns` is None.
    """

    name: str
    kinds: tuple[str, ...]
    """For each part of an element what nft calls its type: ipv4_addr, ipv6_addr, inet_service, ifname, mark ..."""
    elements: tuple[Element, ...] = ()
    value: MatchValue | None = None
    """All elements as one value, where an element has one part only, no rule changes the set and none is forgotten.

    A Match may name such a set only; in others a Lookup finds what it looks for."""
    cases: tuple[Case, ...] | None = None
    dynamic: bool = False
    size: int = 0
    timeout_ns: int | None = None
    steps: tuple[Step, ...] = ()
    """Statements that every element has (`counter`, `limit rate ...`)."""
    location: Location = NOWHERE
    expiries: tuple[int | None, ...] = ()
    """For each element, or case, in its order after how many ns it is forgotten: 0 never, None as `timeout_ns` says.

    Empty if that holds for all."""

    @property
    def lifetimes(self) -> tuple[int, ...]:
        """For each element, or case, after how many ns it is forgotten; 0 never."""
        written = self.expiries or (None,) * len(self.elements if self.cases is None else self.cases)
        return tuple(self.timeout_ns or 0 if expiry is None else expiry for expiry in written)

    @property
    def expires(self) -> bool:
        """Whether elements are forgotten though no rule changes the set."""
        if self.dynamic or not (self.expiries or self.timeout_ns):
            return False
        return any(self.lifetimes)


@dataclass(frozen=True, slots=True)
class Object:
    """A named limit, quota, counter, helper or the like: the step it stands for."""

    name: str
    kind: str
    step: Step
    location: Location = NOWHERE


@dataclass(frozen=True, slots=True)
class Table:
    """`family` is `ip`, `ip6`, `inet`, or `arp`, `bridge`, `netdev`, whose chains are kept to be told only."""

    family: str
    name: str
    chains: Mapping[str, Chain]
    sets: Mapping[str, Set] = field(default_factory=dict)
    objects: Mapping[str, Object] = field(default_factory=dict)
    location: Location = NOWHERE

    @property
    def sees(self) -> int:
        """The family of the packets it sees: 4, 6, or ANY_FAMILY."""
        return {"ip": 4, "ip6": 6}.get(self.family, ANY_FAMILY)


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was read but changes nothing here, or cannot be simulated: for `check`."""

    location: Location
    what: str


@dataclass(frozen=True, slots=True)
class Netfilter:
    """A whole ruleset; `format` names what it was read from: `yaml`, `nft`, `nft-json`, `iptables`."""

    tables: tuple[Table, ...]
    format: str = "yaml"
    remarks: tuple[Remark, ...] = ()
    interfaces: tuple[str, ...] = ()
    """The names of interfaces that rules speak of, in the order in which they do; a beginning ends with `*`."""
    sources: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """The texts that it was read from, with their names: what a kernel can be given."""


def selectors_of(step: Step) -> tuple[Selector, ...]:
    """What a step looks at."""
    selector = getattr(step, "selector", None)
    return (selector,) if selector is not None else tuple(getattr(step, "selectors", ()))


def every_step(steps: Iterable[Step]) -> list[Step]:
    """All steps, with those inside of others."""
    found: list[Step] = []
    for step in steps:
        found.append(step)
        inside = INSIDE.get(type(step))
        if inside is not None:
            found += every_step(inside(step))
    return found


INSIDE: dict[type, Callable[[Any], Iterable[Step]]] = {
    AnyOf: lambda step: chain.from_iterable(step.alternatives),
    Choose: lambda step: chain.from_iterable(case.steps for case in step.cases),
    Update: lambda step: step.steps,
}
"""Which steps have others inside of them."""
