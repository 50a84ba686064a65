"""What the routes answer to a rule: nft's `fib`, xtables' `addrtype` and `rpfilter`, as matches on addresses.

Read first: net/ipv4/netfilter/nft_fib_ipv4.c, net/ipv6/netfilter/nft_fib_ipv6.c, `__inet_dev_addr_type`
(net/ipv4/fib_frontend.c), net/netfilter/xt_addrtype.c, ipt_rpfilter.c and ip6t_rpfilter.c; `fwsim.topology.routing`.

    where(topology, Fib(flags, result), value, hook) -> Where(true, unknown, why)

`true` and `unknown` are alternatives, each a tuple of `Match`es all of which must hold; of any packet at most one
alternative of both together does. A packet of a `true` one matches, one of an `unknown` one may (`why` says what is not
known), any other does not. So a lowering writes AnyOf(true), with Unknown(why) behind the alternatives of `unknown`;
`((),)` is always. Negation is in `value` (`Numbers`, or `Names` in which "" stands for no interface), and done here.

`flags` and `result` are those of `fwsim.netfilter.fields.Fib`; sets of the table must be put into `value` first. The
alternatives depend on the hook, since a packet's own device is the one that it came in by up to FORWARD,
and that it leaves by afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from fwsim.netfilter.fields import Fib
from fwsim.netfilter.steps import Match
from fwsim.ruleset.host.model import ROUTE_KINDS
from fwsim.ruleset.values import Addresses, Interval, MatchValue, Names, Numbers, merged
from fwsim.terms import Hook
from fwsim.topology.fib_results import ANYTHING, LINK_LOCALS, Asked, Result, cuts_of, result_of
from fwsim.topology.routing import LOOPBACK, Routing

if TYPE_CHECKING:
    from fwsim.topology import Topology

Alternative: TypeAlias = "tuple[Match, ...]"

TOPS = {4: (1 << 32) - 1, 6: (1 << 128) - 1}
BY_OUTPUT = (Hook.OUTPUT, Hook.POSTROUTING)
BEFORE_ROUTING = (Hook.PREROUTING, Hook.INPUT)

BROADCASTS_V4 = Addresses(v4=((0xE0000000, 0xE00000FF), (0xFFFFFFFF, 0xFFFFFFFF)))
"""Where a packet without a source address may go: 224.0.0.0/24 and 255.255.255.255."""
NOBODY_V4 = Addresses(v4=((0, 0),))
NOBODY_V6 = Addresses(v6=((0, 0),))
ICMPV6 = 58
NO_ROUTES = "the interfaces, networks and own addresses of the machine are not known (--topology, --interface, --local)"


@dataclass(frozen=True)
class Where:
    """For which packets a match on routes is true, and for which it is not known; each an alternative of matches."""

    true: tuple[Alternative, ...]
    unknown: tuple[Alternative, ...] = ()
    why: str = ""


class Part(NamedTuple):
    """Some packets: those whose looked-up address is in `addresses`, and of which `others` hold.

    `shortcut` parts are answered without looking at the routes: the way is the packet's own device.
    """

    addresses: Addresses
    others: Alternative = ()
    shortcut: bool = False


def where(topology: Topology, fib: Fib, value: MatchValue, hook: Hook) -> Where:
    """For which packets at a hook the answer of the routes is among the values."""
    routing = topology.routing
    if routing.unlike:
        return Where((), ((),), "; ".join(routing.unlike))
    if not routing.knows_networks and not routing.knows_local:
        return Where((), ((),), NO_ROUTES)
    if not is_comparable(fib, value):
        return Where((), ((),), f"fib {fib.result} is compared with something that it cannot be")
    return Lookup(routing, fib, value, hook).answer()


class Lookup:
    """One match, being answered."""

    def __init__(self, routing: Routing, fib: Fib, value: MatchValue, hook: Hook) -> None:
        """Note which address and which device are looked at."""
        self.routing = routing
        self.fib = fib
        self.value = value
        self.key = "dst" if "daddr" in fib.flags else "src"
        self.device = "oif" if "oif" in fib.flags else "iif" if "iif" in fib.flags else None
        self.own = "oif" if hook in BY_OUTPUT else "iif"
        self.by_route = fib.result not in ("type", "addrtype")
        self.skips = self.by_route and hook in BEFORE_ROUTING

    def answer(self) -> Where:
        """All alternatives."""
        true: list[Alternative] = []
        unknown: list[Alternative] = []
        for part in self._parts():
            for matches, holds in self._answers(part):
                (true if holds else unknown).append((*part.others, *matches))
        if self.skips and self._holds(self._way(LOOPBACK)):
            true.append((Match("iif", Names((LOOPBACK,))),))
        return Where(tuple(true), tuple(unknown), self._why() if unknown else "")

    def _why(self) -> str:
        """What is not known."""
        missing = [f"IPv{family}" for family in (4, 6) if family not in self.routing.complete]
        lacks = [f"all {' and '.join(missing)} routes"] if missing else []
        lacks += [f"own IPv{family} addresses" for family in (4, 6) if family not in self.routing.knows_local]
        return f"not known of the machine: {', '.join(lacks) or 'which of several interfaces is meant'} (--topology)"

    def _parts(self) -> list[Part]:
        """All packets, apart by what is answered without looking at the routes."""
        v4, v6 = Addresses(v4=((0, TOPS[4]),)), Addresses(v6=((0, TOPS[6]),))
        if not self.by_route:
            return [Part(v4), Part(v6)]
        other = "src" if self.key == "dst" else "dst"
        mine_v4, theirs_v4 = (NOBODY_V4, BROADCASTS_V4) if self.key == "src" else (BROADCASTS_V4, NOBODY_V4)
        parts = [
            Part(mine_v4, (Match(other, theirs_v4),), shortcut=True),
            Part(mine_v4, (Match(other, without(v4, theirs_v4)),)),
            Part(without(v4, mine_v4)),
        ]
        if self.fib.result == "rpfilter":
            return [*parts, Part(NOBODY_V6, shortcut=True), Part(without(v6, NOBODY_V6))]
        mine_v6, theirs_v6 = (NOBODY_V6, LINK_LOCALS) if self.key == "src" else (LINK_LOCALS, NOBODY_V6)
        icmp = Numbers(((ICMPV6, ICMPV6),))
        no_icmp = Numbers(((ICMPV6, ICMPV6),), negated=True)
        return [
            *parts,
            Part(mine_v6, (Match(other, theirs_v6), Match("proto", icmp)), shortcut=True),
            Part(mine_v6, (Match(other, theirs_v6), Match("proto", no_icmp))),
            Part(mine_v6, (Match(other, without(v6, theirs_v6)),)),
            Part(without(v6, mine_v6)),
        ]

    def _answers(self, part: Part) -> Iterator[tuple[Alternative, bool]]:
        """The alternatives of a part: matches, and whether it is true there or not known."""
        if part.shortcut:
            yield from self._by_device(part.addresses, self.own, lambda name: self._constant(part, self._way(name)))
        elif self.device is not None:
            yield from self._by_device(part.addresses, self.device, lambda name: self._found(part, name, name))
        else:
            free, bound = without(part.addresses, LINK_LOCALS), within(part.addresses, LINK_LOCALS)
            if free.v4 or free.v6:
                for addresses, holds in self._found(Part(free), None, None):
                    yield (*self._not_loopback(), Match(self.key, addresses)), holds
            if bound.v6:
                # a link-local address is looked for on the packet's own link
                yield from self._by_device(bound, self.own, lambda name: self._found(Part(bound), None, name))

    def _not_loopback(self) -> Alternative:
        """What is answered at once if it came in by the loopback interface."""
        return (Match("iif", Names((LOOPBACK,), negated=True)),) if self.skips else ()

    def _by_device(
        self, addresses: Addresses, field: str, found: Callable[[str], Iterable[tuple[Addresses, bool]]]
    ) -> Iterator[tuple[Alternative, bool]]:
        """The alternatives of each device; those of equal ones together."""
        alike: dict[tuple[Addresses, bool], list[str]] = {}
        for name in self.routing.names:
            if self.skips and name == LOOPBACK:
                continue
            for those, holds in found(name):
                alike.setdefault((those, holds), []).append(name)
        for (those, holds), names in alike.items():
            yield (Match(field, Names(tuple(names))), Match(self.key, those)), holds

    def _constant(self, part: Part, result: Result) -> Iterator[tuple[Addresses, bool]]:
        """The whole part, if the result is among the values."""
        if self._holds(result):
            yield part.addresses, True

    def _found(self, part: Part, device: str | None, link: str | None) -> Iterator[tuple[Addresses, bool]]:
        """The addresses of a part for which it is true, and those for which it is not known."""
        found: dict[bool, list[tuple[int, Interval]]] = {True: [], False: []}
        asked = Asked(self.fib, device, self.value)
        for family, intervals in ((4, part.addresses.v4), (6, part.addresses.v6)):
            for low, high, strict in pieces(intervals, family, device, link, self.fib.result):
                for stretch in self.routing.stretches(family, cuts_of(family), strict):
                    if low <= stretch.low and stretch.high <= high:
                        holds = self._holds(result_of(self.routing, asked, family, stretch))
                        if holds is not False:
                            found[holds is True].append((family, (stretch.low, stretch.high)))
        for holds, those in found.items():
            if those:
                yield addresses_of(those), holds

    def _way(self, name: str) -> Result:
        """The result where the way is a device, without looking."""
        return frozenset({name}) if self.fib.result in ("oif", "oifname") else frozenset({1})

    def _holds(self, result: Result) -> bool | None:
        """Whether all that the result may be is among the values; None if only some is."""
        if result is ANYTHING:
            return None
        answers = {is_among(one, self.value) for one in result or ()}
        return answers.pop() if len(answers) == 1 else None


def pieces(
    intervals: Iterable[Interval], family: int, device: str | None, link: str | None, result: str
) -> Iterator[tuple[int, int, str | None]]:
    """Intervals, each with the interface that its routes must lead to, if they must lead to one."""
    if family == 4:
        yield from ((low, high, None) for low, high in intervals)
        return
    whole = Addresses(v6=tuple(intervals))
    bound = device if result == "addrtype" else None
    for low, high in without(whole, LINK_LOCALS).v6:
        yield low, high, bound
    for low, high in within(whole, LINK_LOCALS).v6:
        yield low, high, bound if result == "addrtype" else device or link


def addresses_of(those: Iterable[tuple[int, Interval]]) -> Addresses:
    """Intervals of both families as one value."""
    listed = list(those)
    return Addresses(
        merged(interval for family, interval in listed if family == 4),
        merged(interval for family, interval in listed if family == 6),
    )


def is_among(result: int | str, value: MatchValue) -> bool:
    """Whether a result is among the values, or with negation is not."""
    if isinstance(value, Names):
        found = value.matches(result) if isinstance(result, str) and result else "" in value.names
        return found is not value.negated
    assert isinstance(value, Numbers)
    return any(low <= int(result) <= high for low, high in value.intervals) is not value.negated


def is_comparable(fib: Fib, value: MatchValue) -> bool:
    """Whether the values are such as the result is: names of interfaces, or numbers."""
    return not value.sets and isinstance(value, Names if fib.result in ("oif", "oifname") else Numbers)


def without(one: Addresses, other: Addresses) -> Addresses:
    """The addresses of one value that are not in another."""
    return Addresses(_minus(one.v4, other.v4), _minus(one.v6, other.v6))


def within(one: Addresses, other: Addresses) -> Addresses:
    """The addresses of both values."""
    return without(one, without(one, other))


def _minus(one: Iterable[Interval], other: Iterable[Interval]) -> tuple[Interval, ...]:
    """Intervals without others."""
    left = list(one)
    for low, high in other:
        left = [
            piece
            for first, last in left
            for piece in ((first, min(last, low - 1)), (max(first, high + 1), last))
            if piece[0] <= piece[1]
        ]
    return merged(left)


KINDS = ROUTE_KINDS
"""The numbers of `type`, for those who write a value."""
