"""Tables, chains, sets, objects and commands as nodes.

Read first: `tree`, `rule_tree`. Nothing is merged: a table written in two blocks is two commands with a body each.
"""

from __future__ import annotations

from dataclasses import field

from fwsim.frozen import dataclass

from .rule_tree import Limit, Quota, Rule, Statement
from .source import Source
from .tree import Expression, Node, Symbol, Variable


@dataclass(frozen=True, slots=True)
class Priority(Node):
    """`filter + 10`, `-150`, `$name`; `priorities.priority_number` computes it."""

    name: str | None
    offset: int
    variable: Variable | None = None


@dataclass(frozen=True, slots=True)
class Base(Node):
    """`type filter hook input device "eth0" priority filter`."""

    type: str
    hook: str
    priority: Priority
    devices: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """A block of a chain; None is what was not written in it."""

    name: str
    base: Base | None
    policy: str | Variable | None
    rules: tuple[Rule, ...]
    devices: tuple[Expression, ...] = ()
    offload: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class DataType(Node):
    """`type ipv4_addr . inet_service`, or `typeof` with expressions."""

    names: tuple[str, ...] = ()
    expressions: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedSet(Node):
    """A set; a map if `is_map`. None is what was not written."""

    name: str
    is_map: bool
    key: DataType | None
    value: DataType | None = None
    """Of a map, unless it maps to objects."""
    value_interval: bool = False
    object_kind: str | None = None
    """`counter` `quota` `limit` `secmark` `synproxy` of a map to objects."""
    flags: tuple[str, ...] = ()
    timeout: str | None = None
    gc_interval: str | None = None
    size: int | None = None
    policy: str | None = None
    auto_merge: bool = False
    statements: tuple[Statement, ...] = ()
    elements: Expression | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Flowtable(Node):
    """`flowtable f { hook ingress priority 0; devices = { eth0 }; }`."""

    name: str
    hook: str | None = None
    priority: Priority | None = None
    devices: tuple[Expression, ...] = ()
    counter: bool = False
    offload: bool = False


@dataclass(frozen=True, slots=True)
class Stateful(Node):
    """A named counter, quota, limit, secmark or synproxy."""

    kind: str
    name: str
    packets: int | None = None
    bytes: int | None = None
    rate: Limit | Quota | None = None
    context: str | None = None
    mss: int | None = None
    wscale: int | None = None
    timestamp: bool = False
    sack_permitted: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class CtObject(Node):
    """`ct helper`, `ct timeout` or `ct expectation`."""

    kind: str
    name: str
    helper: str | None = None
    protocol: str | None = None
    l3proto: str | None = None
    timeouts: tuple[tuple[str, str], ...] = ()
    dport: int | None = None
    timeout: str | None = None
    size: int | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Table(Node):
    """A block of a table, each kind in the order it was written."""

    flags: tuple[str, ...] = ()
    comment: str | None = None
    chains: tuple[Chain, ...] = ()
    sets: tuple[NamedSet, ...] = ()
    flowtables: tuple[Flowtable, ...] = ()
    objects: tuple[Stateful | CtObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Target(Node):
    """What a command is about: `inet filter input handle 7`. What was not written is None (the family is then ip)."""

    family: str | None = None
    table: str | None = None
    name: str | None = None
    handle: int | None = None
    position: int | None = None
    index: int | None = None


Body = Table | Chain | NamedSet | Flowtable | Stateful | CtObject | Rule | Expression | Symbol


@dataclass(frozen=True, slots=True)
class Command(Node):
    """`add rule ip t c accept`; `table ip t { ... }` is the command to add it.

    Commands that only ask (`list`, `get`, `monitor`, `describe`, ...) are kept with their text and no target.
    """

    verb: str
    kind: str
    """`table` `chain` `rule` `set` `map` `element` `flowtable` `counter` ... `ct helper` ... `ruleset`."""
    target: Target | None = None
    body: Body | None = None
    rename: str | None = None


@dataclass(frozen=True, slots=True)
class Script(Node):
    """A whole script: its commands in order, and every text it was read from, itself first."""

    commands: tuple[Command, ...]
    sources: tuple[Source, ...] = field(default=(), compare=False, repr=False)
