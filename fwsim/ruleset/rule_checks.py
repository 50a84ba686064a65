"""What must fit together within a rule, and the sets and interfaces that it names.

Read first: `scope`. Protocols and families are sets of numbers that the matches of a rule leave possible.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fwsim.terms import RejectWith

from . import keys, words
from .mistakes import KEY, Mistakes, Path, listed, seen, unknown
from .scope import Finding, Scope
from .set_checks import misuse
from .values import Addresses, Intervals, MatchValue, Names, Numbers

if TYPE_CHECKING:
    from .model import Rule

FAMILY_NAMES = {4: "IPv4", 6: "IPv6"}
ALWAYS_THERE = "lo"
"""The loopback interface need not be declared."""

PORTS = frozenset(words.PORT_PROTOCOLS.values())
ICMP = 1
TCP = 6
ICMPV6 = 58
NEEDS_PORTS = "{!r} needs 'proto' to be tcp, udp, sctp, dccp or udplite (or a list of them)"
FLAVOURS = {
    "tcp_flags": (6, "tcp"), "icmp_type": (1, "icmp"), "icmp_code": (1, "icmp"), "icmpv6_type": (58, "icmpv6"),
    "icmpv6_code": (58, "icmpv6"),
}  # fmt: skip
"""Matches that only one protocol has, with its number and name."""


@lru_cache(maxsize=1024)
def members(intervals: Intervals, negated: bool) -> frozenset[int]:
    """The 8-bit numbers that a match leaves possible."""
    found = frozenset(number for low, high in intervals for number in range(low, high + 1))
    return frozenset(range(256)) - found if negated else found


class RuleChecks:
    """The checks of one rule after another; what holds for the whole ruleset is kept between them."""

    def __init__(self, scope: Scope) -> None:
        """`scope` is what may be seen."""
        self.scope = scope
        self.set_names = scope.names("sets")
        self.interfaces = scope.names("interfaces")

    def check(self, path: Path, rule: Rule) -> list[Finding]:
        """Everything that is wrong with a rule."""
        given = rule.model_fields_set
        found: list[Finding] = []
        for key in keys.SET_KINDS:
            if key in given:
                found += self._sets(path, key, getattr(rule, key))
        for key in ("iif", "oif"):
            if key in given:
                found += self._interfaces((*path, key), getattr(rule, key))
        found += self._protocols(path, rule)
        found += self._families(path, rule)
        found += self._reject(path, rule)
        return found

    def _sets(self, path: Path, key: str, value: MatchValue) -> Iterator[Finding]:
        """Sets that do not exist, or whose elements do not fit the key."""
        for name in value.sets:
            if name not in self.set_names:
                yield (*path, key), unknown("set", name, self.set_names)
            elif name in self.scope.ruleset.sets:
                self.scope.used_sets.add((name, keys.SET_KINDS[key]))
                what = misuse(self.scope.ruleset, name, keys.SET_KINDS[key])
                if what is not None:
                    yield (*path, key), f"{what}, {key} needs {words.KINDS[keys.SET_KINDS[key]]}"

    def _interfaces(self, path: Path, value: Names) -> Iterator[Finding]:
        """Interfaces that are not declared although others are."""
        if self.scope.open_interfaces or self.scope.is_broken("interfaces"):
            return
        for name in value.names:
            if name not in self.interfaces and name != ALWAYS_THERE:
                yield path, unknown("interface", name, self.interfaces)
        for prefix in value.prefixes:
            if not any(name.startswith(prefix) for name in (*self.interfaces, ALWAYS_THERE)):
                yield path, f"no interface is called {seen(prefix + '*')}, declared are {listed(self.interfaces)}"

    def _resolved(self, rule: Rule, key: str) -> MatchValue | None:
        """A match of the rule with its sets put in; None if one of them cannot be."""
        value: MatchValue = getattr(rule, key)
        try:
            return self.scope.ruleset.resolved(key, value)
        except (KeyError, Mistakes):
            return None

    def _possible_protocols(self, rule: Rule) -> frozenset[int] | None:
        """The protocols that the rule's `proto` leaves possible; None if it says nothing or cannot be told."""
        if "proto" not in rule.model_fields_set:
            return None
        value = self._resolved(rule, "proto")
        return members(value.intervals, value.negated) if isinstance(value, Numbers) else None

    def _protocols(self, path: Path, rule: Rule) -> Iterator[Finding]:
        """Ports, flags and ICMP types need a protocol that has them."""
        given = rule.model_fields_set
        broken = self.scope.is_broken
        possible = self._possible_protocols(rule)
        proto_known = possible is not None or ("proto" not in given and not broken(*path, "proto"))
        if not proto_known:
            return
        for key in ("sport", "dport"):
            if (key in given or broken(*path, key)) and not self._has_ports(possible, rule):
                yield (*path, key, KEY), NEEDS_PORTS.format(key)
        for key in FLAVOURS:
            if key in given:
                yield from _flavour((*path, key, KEY), key, possible, rule)

    @staticmethod
    def _has_ports(possible: frozenset[int] | None, rule: Rule) -> bool:
        """Whether every packet the rule can match has ports."""
        return rule.implied_proto == TCP if possible is None else bool(possible) and possible <= PORTS

    def _families(self, path: Path, rule: Rule) -> Iterator[Finding]:
        """Matches that no packet can meet because they speak of different families."""
        left, by = {4, 6}, ""
        for key, families in self._named_families(rule):
            if not left & families:
                yield (*path, key), _contradiction(key, families, by, left)
                return
            if left - families:
                left, by = left & families, key
        unread = any(self.scope.is_broken(*path, key) for key in ("family", "src", "dst"))
        if rule.reject_with is not None and not unread:
            yield from _reject_family((*path, "reject_with"), rule.reject_with, left)

    def _named_families(self, rule: Rule) -> Iterator[tuple[str, set[int]]]:
        """The families that each match of the rule speaks of."""
        given = rule.model_fields_set
        if rule.family is not None:
            yield "family", set(members(rule.family.intervals, rule.family.negated)) & {4, 6}
        for key in ("src", "dst"):
            value = self._resolved(rule, key) if key in given else None
            if isinstance(value, Addresses):
                yield key, {family for family, some in ((4, value.v4), (6, value.v6)) if some}
        for key, family in keys.IMPLIED_FAMILY.items():
            if key in given:
                yield key, {family}

    def _reject(self, path: Path, rule: Rule) -> Iterator[Finding]:
        """What a reject answers needs a reject, and a TCP reset a TCP packet."""
        if rule.reject_with is None:
            return
        if rule.verdict.kind != "reject" and not self.scope.is_broken(*path, "verdict"):
            yield (*path, "reject_with", KEY), "'reject_with' needs 'verdict: reject'"
        if rule.reject_with != RejectWith.TCP_RESET or self.scope.is_broken(*path, "proto"):
            return
        possible = self._possible_protocols(rule)
        if possible is None and "proto" in rule.model_fields_set:
            return
        if ({rule.implied_proto} if possible is None else possible) != {TCP}:
            yield (*path, "reject_with"), "tcp-reset needs 'proto' to be tcp alone"


def _flavour(path: Path, key: str, possible: frozenset[int] | None, rule: Rule) -> Iterator[Finding]:
    """A match that only one protocol has, beside what the rule says of the protocol."""
    number, name = FLAVOURS[key]
    if possible is not None and possible != {number}:
        hint = f" (for icmpv6 write 'icmpv6{key[4:]}')" if number == ICMP and ICMPV6 in possible else ""
        yield path, f"{key!r} needs 'proto' to be {name} alone{hint}"
    elif possible is None and rule.implied_proto != number:
        yield path, f"{key!r} is of {name}, but another key of the rule is of another protocol"


def _reject_family(path: Path, kind: RejectWith, left: set[int]) -> Iterator[Finding]:
    """An ICMP error can only answer a packet of its own family."""
    for name, family in (("ICMP_", 4), ("ICMPV6_", 6)):
        if kind.name.startswith(name) and left != {family}:
            word = kind.name.lower().replace("_", "-")
            yield path, f"{word} needs 'family: ipv{family}' or such addresses (icmpx-... fits both families)"


def _contradiction(key: str, families: set[int], by: str, left: set[int]) -> str:
    """The message for two matches that exclude each other."""
    if not families:
        return f"{key!r} leaves no family possible"
    mine, theirs = (" and ".join(FAMILY_NAMES[family] for family in sorted(some)) for some in (families, left))
    return f"{key!r} is {mine} but {by!r} is {theirs}, so no packet can match both"
