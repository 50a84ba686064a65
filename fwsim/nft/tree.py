"""The syntax tree of an nft script: what every node is, and the expressions.

Read first: nothing. `rule_tree` has the statements of rules, `block_tree` what holds them. The tree says what was
written, not what it means: a `Symbol` may be a port, an address or a typing error.

Nodes compare equal if they say the same, wherever they were written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, fields

from fwsim.frozen import dataclass

from .source import Source


@dataclass(frozen=True, slots=True)
class Node:
    """Something that was written: in which text, and from where up to where."""

    source: Source = field(compare=False, repr=False)
    start: int = field(compare=False, repr=False)
    end: int = field(compare=False, repr=False)

    @property
    def path(self) -> str:
        """The file."""
        return self.source.path

    @property
    def line(self) -> int:
        """The line, from 1."""
        return self.source.place(self.start)[0]

    @property
    def column(self) -> int:
        """The column, from 1."""
        return self.source.place(self.start)[1]

    @property
    def text(self) -> str:
        """Exactly what was written."""
        return self.source.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Expression(Node):
    """The base of what has a value."""


@dataclass(frozen=True, slots=True)
class Symbol(Expression):
    """A word, address, duration or quoted string: `established`, `10.0.0.1`, `1d2h`, `"eth0"`, `eth*`; without quotes.

    An asterisk stands in `name` as it was written, with a backslash before it or without.
    """

    name: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Number(Expression):
    """A number of at most 64 bits: `22`, `0x16`, `-100` (in defines and priorities only)."""

    value: int


@dataclass(frozen=True, slots=True)
class Boolean(Expression):
    """`exists` or `missing`."""

    exists: bool


@dataclass(frozen=True, slots=True)
class Variable(Expression):
    """`$name`, with what it stood for where it was used."""

    name: str
    definition: Define = field(compare=False, repr=False)

    @property
    def value(self) -> Expression:
        """What the name stood for, through any number of names."""
        value = self.definition.value
        while isinstance(value, Variable):
            value = value.definition.value
        return value


@dataclass(frozen=True, slots=True)
class SetReference(Expression):
    """`@name`: a named set, map or flowtable."""

    name: str


@dataclass(frozen=True, slots=True)
class Header(Expression):
    """A field of a header: `tcp dport`, `ether saddr`, `arp saddr ip`, `th sport`; also of an IPv6 extension header."""

    header: str
    field: str
    index: int | None = None
    """Of `rt0 addr[1]` and `srh sid[1]`."""


@dataclass(frozen=True, slots=True)
class RawPayload(Expression):
    """`@th,16,16`: bits from the beginning of the link (`ll`), network, transport or inner (`ih`) header."""

    base: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class HeaderOption(Expression):
    """An option of IP, TCP or DCCP, or a chunk of SCTP: `tcp option maxseg size`, `sctp chunk data tsn`.

    `option` is its name as nft prints it, or its number; without a field the question is whether it is there.
    """

    header: str
    option: str | int
    field: str | None = None
    raw: tuple[int, int] | None = None
    """Offset and length of `tcp option @254,16,4`."""


@dataclass(frozen=True, slots=True)
class ExtensionHeader(Expression):
    """`exthdr frag`: whether an IPv6 extension header is there."""

    header: str


@dataclass(frozen=True, slots=True)
class Inner(Expression):
    """What a tunnel carries: `vxlan ip saddr`, `gre tcp dport`."""

    tunnel: str
    field: Expression


@dataclass(frozen=True, slots=True)
class Meta(Expression):
    """`meta mark`, `iifname`."""

    key: str


@dataclass(frozen=True, slots=True)
class Ct(Expression):
    """`ct state`, `ct original ip saddr`."""

    key: str
    direction: str | None = None
    family: str | None = None


@dataclass(frozen=True, slots=True)
class Fib(Expression):
    """`fib saddr . iif oif`."""

    flags: tuple[str, ...]
    result: str


@dataclass(frozen=True, slots=True)
class Route(Expression):
    """`rt nexthop`, `rt ip6 nexthop`, `rt mtu`: the route of the packet, not the routing header."""

    key: str
    family: str | None = None


@dataclass(frozen=True, slots=True)
class Socket(Expression):
    """`socket transparent`, `socket cgroupv2 level 2`."""

    key: str
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Osf(Expression):
    """`osf ttl loose name`."""

    key: str
    ttl: str | None = None


@dataclass(frozen=True, slots=True)
class Ipsec(Expression):
    """`ipsec in spnum 1 ip saddr`."""

    direction: str
    key: str
    spnum: int | None = None
    family: str | None = None


@dataclass(frozen=True, slots=True)
class Numgen(Expression):
    """`numgen inc mod 2 offset 100`."""

    mode: str
    modulus: int
    offset: int


@dataclass(frozen=True, slots=True)
class Hash(Expression):
    """`jhash ip saddr mod 2 seed 0xdeadbeef`, `symhash mod 2`; without an argument it is the latter."""

    argument: Expression | None
    modulus: int
    seed: int | None
    offset: int


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """`left & right`; the operators are `&` `|` `^` `<<` `>>`."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Prefix(Expression):
    """`10.0.0.0/8`."""

    base: Expression
    length: int


@dataclass(frozen=True, slots=True)
class Range(Expression):
    """`1024-65535`."""

    first: Expression
    last: Expression


@dataclass(frozen=True, slots=True)
class Concatenation(Expression):
    """`ip saddr . tcp dport`."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class List(Expression):
    """`established, related`: flags that are joined."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Wildcard(Expression):
    """`*` as an element: what no other element holds."""


@dataclass(frozen=True, slots=True)
class Verdict(Expression):
    """`accept` `drop` `continue` `return`, or `jump` and `goto` with the chain."""

    kind: str
    chain: Symbol | Variable | None = None


@dataclass(frozen=True, slots=True)
class Element(Expression):
    """One element of a set or map, with what was written behind it."""

    key: Expression
    value: Expression | None = None
    """What a map or verdict map gives for the key."""
    statements: tuple[Node, ...] = ()
    timeout: Symbol | None = None
    expires: Symbol | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class SetLiteral(Expression):
    """`{ 22, 80-90 : accept }`: an anonymous set or map, or the elements of a named one."""

    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Map(Expression):
    """`tcp dport map { 80 : 10.0.0.1 }`, `... map @name`; the mapping is a literal, a reference or a variable."""

    key: Expression
    mapping: Expression


@dataclass(frozen=True, slots=True)
class Define(Node):
    """`define name = value`, or `redefine`."""

    name: str
    value: Expression
    again: bool = False


def children(node: Node) -> Iterator[Node]:
    """The nodes a node is made of, in the order of its fields; not what a variable stands for."""
    for each in fields(node):
        value = getattr(node, each.name)
        if isinstance(value, Node):
            if not (isinstance(node, Variable) and each.name == "definition"):
                yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, each before what it is made of."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed(list(children(found))))
