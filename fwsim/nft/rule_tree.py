"""The statements of rules as nodes.

Read first: `tree`. A name in a statement (`counter name "web"`) is an expression, since it may come from a map.
"""

from __future__ import annotations

from fwsim.frozen import dataclass

from .tree import Element, Expression, HeaderOption, Node, Symbol


@dataclass(frozen=True, slots=True)
class Statement(Node):
    """The base of what a rule is made of."""


@dataclass(frozen=True, slots=True)
class Match(Statement):
    """`tcp dport != 22`; without an operator (None) the values decide what is compared and how.

    With `mask`, `tcp flags syn / syn,ack`: the bits of the mask are compared with `right`.
    """

    left: Expression
    operator: str | None
    """One of `==` `!=` `<` `>` `<=` `>=` `!`, however it was written."""
    right: Expression
    mask: Expression | None = None


@dataclass(frozen=True, slots=True)
class VerdictMap(Statement):
    """`tcp dport vmap { 22 : accept }`."""

    key: Expression
    mapping: Expression


@dataclass(frozen=True, slots=True)
class VerdictStatement(Statement):
    """`accept`, `jump other`; the expression is a `Verdict`."""

    verdict: Expression


@dataclass(frozen=True, slots=True)
class AnonymousChain(Statement):
    """`jump { ... }`, `goto { ... }`."""

    kind: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Named(Statement):
    """A named object is used: `counter name x`, `limit name x`, `quota name x`, `synproxy name x`."""

    kind: str
    name: Expression


@dataclass(frozen=True, slots=True)
class Counter(Statement):
    """`counter packets 1 bytes 2`."""

    packets: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Last(Statement):
    """`last used 5s`, `last used never`."""

    used: str | None = None


@dataclass(frozen=True, slots=True)
class Limit(Statement):
    """`limit rate over 10/second burst 5 packets`, `limit rate 1 mbytes/second burst 2 kbytes`."""

    over: bool
    rate: int
    """Packets, or bytes if `unit` says so (1 mbytes is 1048576)."""
    unit: str
    """`packets` or `bytes`."""
    per: str
    """`second` `minute` `hour` `day` `week`."""
    burst: int | None
    """In packets or bytes as `unit` says; None if it was not written."""


@dataclass(frozen=True, slots=True)
class Quota(Statement):
    """`quota over 25 mbytes used 2 kbytes`, in bytes."""

    over: bool
    bytes: int
    used: int = 0


@dataclass(frozen=True, slots=True)
class ConnectionLimit(Statement):
    """`ct count over 10`."""

    over: bool
    count: int


@dataclass(frozen=True, slots=True)
class Log(Statement):
    """`log prefix "x" group 1 flags all`; `prefix` may name variables with `$`."""

    prefix: Symbol | None = None
    group: int | None = None
    snaplen: int | None = None
    queue_threshold: int | None = None
    level: str | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reject(Statement):
    """`reject`, `reject with icmp port-unreachable`, `reject with tcp reset`."""

    kind: str | None = None
    """`icmp` `icmpv6` `icmpx` `tcp`."""
    code: Expression | None = None


@dataclass(frozen=True, slots=True)
class Nat(Statement):
    """`snat` `dnat` `masquerade` `redirect`, with all their forms."""

    kind: str
    family: str | None = None
    form: str | None = None
    """`interval`, `prefix` or `addr . port` if one was written before `to`."""
    address: Expression | None = None
    port: Expression | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tproxy(Statement):
    """`tproxy ip to 127.0.0.1:3128`."""

    family: str | None
    address: Expression | None
    port: Expression | None


@dataclass(frozen=True, slots=True)
class Synproxy(Statement):
    """`synproxy mss 1460 wscale 7 timestamp sack-perm`."""

    mss: int | None = None
    wscale: int | None = None
    timestamp: bool = False
    sack_permitted: bool = False


@dataclass(frozen=True, slots=True)
class Queue(Statement):
    """`queue flags bypass,fanout to 0-3`."""

    number: Expression | None = None
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Duplicate(Statement):
    """`dup to 10.0.0.1 device "eth0"`."""

    to: Expression
    device: Expression | None = None


@dataclass(frozen=True, slots=True)
class Forward(Statement):
    """`fwd to "eth0"`, `fwd ip to 10.0.0.1 device "eth0"`."""

    family: str | None
    address: Expression | None
    device: Expression


@dataclass(frozen=True, slots=True)
class Assign(Statement):
    """`meta mark set 1`, `ct helper set "ftp"`, `tcp option maxseg size set 1400`, `ip ttl set 1`.

    `ct helper`, `ct timeout`, `ct expectation` and `meta secmark` are set to the name of an object.
    """

    target: Expression
    value: Expression


@dataclass(frozen=True, slots=True)
class Notrack(Statement):
    """`notrack`."""


@dataclass(frozen=True, slots=True)
class FlowOffload(Statement):
    """`flow add @name`."""

    flowtable: str


@dataclass(frozen=True, slots=True)
class SetUpdate(Statement):
    """`add @name { ip saddr timeout 1m limit rate 1/second }`, `update`, `delete`; with a value for a map."""

    operation: str
    set: Expression
    element: Element
    statements: tuple[Statement, ...] = ()
    value: Element | None = None


@dataclass(frozen=True, slots=True)
class Meter(Statement):
    """`meter name size 65535 { ip saddr limit rate 1/second }`."""

    name: str | None
    size: int | None
    element: Element
    statement: Statement


@dataclass(frozen=True, slots=True)
class StripOption(Statement):
    """`reset tcp option timestamp`."""

    option: HeaderOption


@dataclass(frozen=True, slots=True)
class Xtables(Statement):
    """`xt match "owner"`, `xt target "LOG"`: what nft prints for a rule of iptables-nft that it cannot say itself.

    nft itself refuses to load it again.
    """

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Rule(Node):
    """The statements of a rule; `text` is the rule as it was written, with its comment."""

    statements: tuple[Statement, ...]
    comment: str | None = None
