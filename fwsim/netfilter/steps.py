"""What a rule is made of: steps, one after the other, until one is false.

Read first: `fields`, `fwsim.ruleset.values` (Addresses, Numbers, Masked, Names: what a single field is compared with).
A step asks or does something; the order counts, since what is done is done when all steps before are true. Sets of a
table may be named in a value (`value.sets`) or in `Lookup.set`.

`text` is how a step was written, for explanations.
"""

from __future__ import annotations

from typing import TypeAlias

from fwsim.frozen import dataclass
from fwsim.ruleset.values import Limit, MatchValue
from fwsim.terms import Hook, RejectWith

from .fields import Selector

# --- what a step asks ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Match:
    """One selector is, or with `value.negated` is not, among some values.

    A packet that lacks the field does not match, except with `absent`: then it does. (`iifname != "eth0"` is true
    where there is no interface, as its name is empty there.) A value whose `sets` name a set of the table has that
    set's elements (`Set.value`).
    """

    selector: Selector
    value: MatchValue
    absent: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Several selectors at once (a concatenation), or one in a set that rules change, are in a set, or not.

    `elements` are those of an anonymous set: for each the value of every selector, not negated. Else `set` names one.
    """

    selectors: tuple[Selector, ...]
    elements: tuple[Element, ...] = ()
    set: str | None = None
    negated: bool = False
    text: str = ""
    absent: bool = False
    """As in Match: a packet that lacks one of the fields matches (xtables: it is in no set)."""


Element: TypeAlias = "tuple[MatchValue, ...]"
"""One element of a concatenation: what each selector must be."""


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of several lists of matches is true; at most one is of any packet (the writer sees to that)."""

    alternatives: tuple[tuple[Match, ...], ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A match that cannot be simulated at these hooks; at the others it is `elsewhere`.

    `tracks`: it asks for something of conntrack, which therefore tracks.
    """

    construct: str
    hooks: frozenset[Hook] = frozenset(Hook)
    elsewhere: bool = False
    tracks: bool = False


@dataclass(frozen=True, slots=True)
class AtHook:
    """The packet is at one of these hooks. No format says this: lowering does, where an answer hangs on the hook."""

    hooks: frozenset[Hook]


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: `kernel` says whose arithmetic, `nft` (nft_limit.c) or `xt` (xt_limit.c, in ticks)."""

    limit: Limit
    kernel: str = "nft"
    object: str | None = None
    """The name of a limit object of the table, which several rules share."""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Quota:
    """True until, or with `over` once, so many bytes have passed here (nft_quota.c; `kernel` `xt`: xt_quota.c)."""

    bytes: int
    used: int = 0
    over: bool = False
    object: str | None = None
    text: str = ""
    kernel: str = "nft"


@dataclass(frozen=True, slots=True)
class Connections:
    """True while there are at most `count` connections (nft_connlimit.c, xt_connlimit.c), or with `over` more.

    `key` are the selectors whose connections are counted together, with how many bits of an address count.
    """

    count: int
    over: bool = False
    key: tuple[tuple[Selector, int], ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Statistic:
    """xt_statistic: every `every`-th packet, the first when `packet` more have gone by; or with a `probability`.

    A probability is in 2**-31, as the kernel counts it.
    """

    every: int | None = None
    packet: int = 0
    probability: int | None = None
    negated: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class HashLimit:
    """xt_hashlimit: a token bucket for each value of `key` (fields, with the bits of an address that count).

    All rules with the same `name` share the buckets. `expire_ns` after its last packet a bucket is forgotten.
    """

    name: str
    limit: Limit
    key: tuple[tuple[str, int], ...]
    expire_ns: int
    most: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Recent:
    """xt_recent: a list of addresses with the times when they were seen.

    `action` is `set`, `rcheck`, `update` or `remove`; `side` `src` or `dst`; `mask` bits of the address that count.
    """

    name: str
    action: str
    side: str = "src"
    mask: int = 128
    seconds: int = 0
    hitcount: int = 0
    reap: bool = False
    same_ttl: bool = False
    negated: bool = False
    text: str = ""


# --- what a step does ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a new value: the selector's bits, moved `shift` places to the left, then `mask`."""

    selector: Selector
    mask: int = 0xFFFFFFFF
    shift: int = 0


@dataclass(frozen=True, slots=True)
class Assign:
    """`target` (mark, ct_mark, or another field of `fields`) becomes `constant` ^ the exclusive or of the terms.

    `(old & ~mask) | value` is a Term of the target itself with `~mask & ~value`, and the constant `value`.

    A term that is not there (the mark of no connection) ends the rule in nft (NFT_BREAK); with `lenient`, as in
    xtables, nothing is set and the rule goes on.
    """

    target: str
    constant: int = 0
    terms: tuple[Term, ...] = ()
    text: str = ""
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class Choose:
    """A map: the element that the selectors are in says what follows; if they are in none, the rule ends.

    `cases` are those of an anonymous map, else `map` names one of the table. Elements exclude each other; the last case
    may have an empty tuple for its element: nft's `*`, what no other element holds.
    """

    selectors: tuple[Selector, ...]
    cases: tuple[Case, ...] = ()
    map: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Update:
    """Put the selectors' values into a set, or take them out: `add`, `update` (which renews the timeout) or `delete`.

    With inner `steps` (a limit for each element) it is true only if they are; without, if it could be done.
    """

    operation: str
    set: str
    selectors: tuple[Selector, ...]
    timeout_ns: int | None = None
    steps: tuple[Step, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class SetHelper:
    """Give a connection a helper."""

    helper: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class NoTrack:
    """Take the packet out of connection tracking."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Effectless:
    """What changes no verdict: a counter, a log entry, a comment's like. Kept to be told and to be written again.

    With `copies`, a copy of the packet goes elsewhere, whatever becomes of the packet (nft's `dup`, xt's TEE).
    """

    text: str = ""
    log_prefix: str | None = None
    counter: bool = False
    copies: bool = False


@dataclass(frozen=True, slots=True)
class Alter:
    """Change a header of the packet (`ip dscp set`, TCPMSS): from here on the selectors have the value `constant`.

    None is a value that is not known. Of `ct_state` it is always None: a packet that is not tracked yet will be in
    another zone, where what its connection is cannot be told. Of `ct_status` None says that the connection which the
    packet opens may end sooner or later than others.
    """

    selectors: tuple[Selector, ...]
    constant: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Nat:
    """Translate the connection: `snat`, `dnat`, `masquerade`, `redirect`, `netmap`, `tproxy`; it ends the chain.

    `addresses` and `ports` are lowest and highest, None if not given. Not `told`: they are, but were lost.
    """

    kind: str
    family: int | None = None
    addresses: tuple[int, int] | None = None
    ports: tuple[int, int] | None = None
    flags: frozenset[str] = frozenset()
    text: str = ""
    told: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """`accept` `drop` `reject` `return` `continue` `queue`, or `jump` and `goto` with the `target` chain.

    `unknown`: what becomes of the packet cannot be told; `text` is how the target was written. A `reject` with
    `RejectWith.NONE` has an answer that was lost; None stands for the usual one.
    """

    kind: str
    target: str | None = None
    reject_with: RejectWith | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One element of a map and what follows from it: steps, the last of which is a Verdict, Assign or Nat."""

    element: tuple[MatchValue, ...]
    steps: tuple[Step, ...]


Asks: TypeAlias = "Match | Lookup | AnyOf | Unknown | AtHook"
"""Steps that only ask: they change nothing."""

Counts: TypeAlias = "Rate | Quota | Connections | Statistic | HashLimit | Recent"
"""Steps that ask and count."""

Step: TypeAlias = "Asks | Counts | Assign | Choose | Update | SetHelper | NoTrack | Effectless | Alter | Nat | Verdict"
