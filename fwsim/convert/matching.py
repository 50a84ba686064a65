"""The matches of a rule as nft writes them: a list of alternatives, one rule each where more than one remains.

Read first: `comparing`. What nft asks of the headers of one family alone (`ip saddr`, `ip6 hoplimit`) is an
alternative for each family. A field that a packet does not have matches neither way in nft as here, with one
exception: without an interface `iifname` is the empty name, so that a negated match also asks that there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from fwsim.ruleset import Rule, Ruleset, words
from fwsim.ruleset.keys import SET_KINDS
from fwsim.ruleset.masks import ALL_FLAGS
from fwsim.ruleset.values import Addresses, Intervals, Masked, Names, Numbers
from fwsim.terms import CtState

from .comparing import (
    ALWAYS,
    BITS,
    NEVER,
    Alternative,
    Condition,
    address_elements,
    both,
    clipped,
    compared,
    holds,
    masked_condition,
    members,
    number_elements,
    numbers_condition,
)
from .named_sets import NamedSets

LONGEST_INTERFACE = 15
"""IFNAMSIZ - 1."""


class NotInNft(Exception):  # noqa: N818 - a signal within this package: it becomes a located Problem
    """A construct that nft cannot express; the message names it."""


class Field(NamedTuple):
    """How nft calls a numeric field, the highest value it can hold, and nft's names of single values."""

    name: str
    highest: int
    words: Mapping[int, str] = MappingProxyType({})


ICMP_WORDS = {number: name for name, number in words.ICMP_TYPES.items()}
ICMPV6_WORDS = {number: name for name, number in reversed(words.ICMPV6_TYPES.items())}
PORT_WORDS = {number: name for name, number in words.PORT_PROTOCOLS.items()}
PROTOCOL_WORDS = {**PORT_WORDS, 1: "icmp", 58: "icmpv6", 47: "gre", 50: "esp", 51: "ah"}

HEADERS = {
    "src": {4: Field("ip saddr", 0), 6: Field("ip6 saddr", 0)},
    "dst": {4: Field("ip daddr", 0), 6: Field("ip6 daddr", 0)},
    "dscp": {4: Field("ip dscp", 63), 6: Field("ip6 dscp", 63)},
    "ttl": {4: Field("ip ttl", 255), 6: Field("ip6 hoplimit", 255)},
}
"""The fields of the IP header, by key and family."""

ICMP = {
    "icmp_type": Field("icmp type", 255, ICMP_WORDS), "icmp_code": Field("icmp code", 255),
    "icmpv6_type": Field("icmpv6 type", 255, ICMPV6_WORDS), "icmpv6_code": Field("icmpv6 code", 255),
}  # fmt: skip

TRANSPORT = "transport"
NOT_A_LATER_FRAGMENT = "@th,0,24 >= 0x0"
"""True of every transport header of 3 bytes, but read by the slow way, which looks whether there is one: for 1, 2 and 4
bytes Linux takes what stands there in a later fragment (nft_payload_fast_eval; measured on 6.18)."""
IN_FRONT = frozenset({"sport", "icmp_type", "icmp_code", "icmpv6_type", "icmpv6_code"})
"""Fields that a header of 2 bytes has: a rule that asks for no others asks for the fragment itself."""
BEHIND = frozenset({"dport", "tcp_flags"})

WHOLE, FIRST, LATER = 1, 2, 4
EVERY_FRAGMENT = WHOLE | FIRST | LATER
FRAGMENTS: dict[int, dict[int, Condition]] = {
    4: {
        WHOLE: [("ip frag-off & 0x3fff == 0x0",)],
        FIRST: [("ip frag-off & 0x3fff == 0x2000",)],
        LATER: [("ip frag-off & 0x1fff != 0x0",)],
        WHOLE | FIRST: [("ip frag-off & 0x1fff == 0x0",)],
        WHOLE | LATER: [("ip frag-off & 0x3fff != 0x2000",)],
        FIRST | LATER: [("ip frag-off & 0x3fff != 0x0",)],
    },
    6: {
        WHOLE: [("exthdr frag missing",), ("frag frag-off 0", "frag more-fragments 0")],
        FIRST: [("frag frag-off 0", "frag more-fragments 1")],
        LATER: [("frag frag-off != 0",)],
        WHOLE | FIRST: [("exthdr frag missing",), ("frag frag-off 0",)],
        WHOLE | LATER: [
            ("exthdr frag missing",), ("frag frag-off 0", "frag more-fragments 0"), ("frag frag-off != 0",),
        ],
        FIRST | LATER: [("frag frag-off 0", "frag more-fragments 1"), ("frag frag-off != 0",)],
    },
}  # fmt: skip
"""By family and the kinds of fragments that are meant. In IPv6, a fragment header may also lead a whole packet."""

CT_STATES = words.CT_STATES
WITH_CONNECTION = int(CtState.ESTABLISHED | CtState.RELATED | CtState.NEW)


class Interfaces(NamedTuple):
    """What a rule's interface names become: `known` are all that a prefix may stand for, None if any may."""

    devices: Mapping[str, str]
    known: tuple[str, ...] | None


class Matching:
    """Turns the matches of one rule after another into text."""

    def __init__(self, ruleset: Ruleset, interfaces: Interfaces, sets: NamedSets) -> None:
        """`sets` takes the named sets that are used."""
        self.ruleset = ruleset
        self.interfaces = interfaces
        self.sets = sets

    def condition(self, rule: Rule, absent: frozenset[str]) -> Condition:
        """When a rule applies. `absent` is what packets of its chain may lack: `iif`, `oif`, `transport`."""
        if rule.vlan is not None:
            raise NotInNft("'vlan': the tag is off before any chain of an inet table (match the VLAN's own interface)")
        return both(
            self._interface(rule, "iif", absent),
            self._interface(rule, "oif", absent),
            self._headers(rule, fragments_of(rule) if TRANSPORT in absent else kinds_of(rule.fragment)),
            self._transport(rule, absent),
            self._length(rule),
            self._mark(rule, "mark", "meta mark"),
            ct_state_condition(rule),
            self._connection(rule),
            self._mark(rule, "ct_mark", "ct mark"),
        )

    def _numbers(self, rule: Rule, key: str, field: Field, family: int = 0) -> Condition:
        """A numeric match of the rule, if it has one; a lone set stays a set."""
        value = getattr(rule, key)
        if value is None:
            return ALWAYS
        if len(value.sets) == 1 and not value.intervals:
            own = self.ruleset.readings.read(value.sets[0], SET_KINDS[key])
            assert isinstance(own, Numbers)
            inside = clipped(own.intervals, field.highest)
            reference = self._reference(value.sets[0], key, 0, number_elements(inside, field.words))
            if reference is not None:
                return [(compared(field.name, [reference], value.negated),)]
        resolved = self.ruleset.resolved(key, value)
        assert isinstance(resolved, Numbers)
        return numbers_condition(field.name, resolved, field.highest, field.words)

    def _reference(self, name: str, key: str, family: int, elements: list[str]) -> str | None:
        """A named set, if nft can have it."""
        return self.sets.reference(name, SET_KINDS[key], family, elements) if elements else None

    def _interface(self, rule: Rule, key: str, absent: frozenset[str]) -> Condition:
        """The interface by which a packet comes in or goes out."""
        value: Names | None = getattr(rule, key)
        if value is None:
            return ALWAYS
        resolved = self.ruleset.resolved(key, value)
        assert isinstance(resolved, Names)
        there = (f"{key} != 0",) if key in absent else ()
        patterns = self._patterns(key, resolved)
        if patterns is None:
            return NEVER if resolved.negated else [(f"{key} != 0",)]
        if not patterns:
            return [there] if resolved.negated else NEVER
        match = compared(f"{key}name", patterns, resolved.negated)
        return [(*there, match) if resolved.negated else (match,)]

    def _patterns(self, key: str, value: Names) -> list[str] | None:
        """The names and beginnings of names as nft quotes them; None if every interface is meant."""
        devices, known = self.interfaces
        if "" in value.prefixes:
            return None
        names = list(value.names)
        prefixes = list(value.prefixes)
        if devices and known is not None:
            names += [name for name in known if name.startswith(tuple(prefixes))] if prefixes else []
            prefixes = []
        found = [devices.get(name, name) for name in names]
        found += [f"{prefix}*" for prefix in prefixes]
        return [quoted_interface(key, name) for name in dict.fromkeys(found)]

    def _headers(self, rule: Rule, kinds: int) -> Condition:
        """Family, addresses, dscp, ttl and fragments: alternatives for each family where they must be told apart."""
        families = families_of(rule)
        found = {family: self._header(rule, family, kinds) for family in sorted(families)}
        if families == {4, 6} and found[4] == found[6] == ALWAYS:
            return ALWAYS
        result: Condition = []
        for family, condition in found.items():
            for matches in condition:
                named = any(match.startswith(("ip ", "ip6 ")) for match in matches)
                result.append(matches if named else (f"meta nfproto ipv{family}", *matches))
        return result

    def _header(self, rule: Rule, family: int, kinds: int) -> Condition:
        """What a rule asks of the header of one family."""
        return both(
            self._address(rule, "src", family),
            self._address(rule, "dst", family),
            self._numbers(rule, "dscp", HEADERS["dscp"][family]),
            self._numbers(rule, "ttl", HEADERS["ttl"][family]),
            fragment_condition(kinds, family),
        )

    def _address(self, rule: Rule, key: str, family: int) -> Condition:
        """An address of one family; a family without an interval is not meant at all."""
        value: Addresses | None = getattr(rule, key)
        if value is None:
            return ALWAYS
        resolved = self.ruleset.resolved(key, value)
        assert isinstance(resolved, Addresses)
        intervals: Intervals = resolved.v4 if family == 4 else resolved.v6
        if not intervals:
            return NEVER
        if intervals == ((0, (1 << BITS[family]) - 1),):
            return NEVER if value.negated else ALWAYS
        elements = address_elements(intervals, family)
        if len(value.sets) == 1 and not value.v4 and not value.v6:
            reference = self._reference(value.sets[0], key, family, elements)
            elements = [reference] if reference is not None else elements
        return [(compared(HEADERS[key][family].name, elements, value.negated),)]

    def _transport(self, rule: Rule, absent: frozenset[str]) -> Condition:
        """The protocol and what only its header has."""
        single = self._single_protocol(rule)
        ports = PORT_WORDS.get(single, "th") if single is not None else "th"
        details = both(
            self._numbers(rule, "sport", Field(f"{ports} sport", 65535)),
            self._numbers(rule, "dport", Field(f"{ports} dport", 65535)),
            masked_condition("tcp flags", rule.tcp_flags, FLAG_WORDS, ALL_FLAGS)
            if rule.tcp_flags is not None
            else ALWAYS,
            *(self._numbers(rule, key, field) for key, field in ICMP.items()),
        )
        if TRANSPORT in absent and not asks_in_front(rule) and rule.fragment is None and details != ALWAYS:
            details = both([(NOT_A_LATER_FRAGMENT,)], details)
        told = ports != "th" and (rule.sport is not None or rule.dport is not None)
        if told or rule.implied_proto is not None:
            return details
        return both(self._numbers(rule, "proto", Field("meta l4proto", 255, PROTOCOL_WORDS)), details)

    def _single_protocol(self, rule: Rule) -> int | None:
        """The protocol if the rule leaves only one possible."""
        if rule.proto is None:
            return rule.implied_proto
        value = self.ruleset.resolved("proto", rule.proto)
        assert isinstance(value, Numbers)
        possible = members(value, 255)
        return next(iter(possible)) if len(possible) == 1 else None

    def _length(self, rule: Rule) -> Condition:
        """The length of the IP packet."""
        return self._numbers(rule, "length", Field("meta length", 65575))

    def _mark(self, rule: Rule, key: str, field: str) -> Condition:
        """The mark of the packet or of its connection."""
        value: Masked | None = getattr(rule, key)
        if value is None:
            return ALWAYS
        resolved = self.ruleset.resolved(key, value)
        assert isinstance(resolved, Masked)
        return masked_condition(field, resolved, {})

    def _connection(self, rule: Rule) -> Condition:
        """Direction and status of the connection, which only a packet with a connection has."""
        direction = rule.ct_direction
        condition = ALWAYS
        if direction is not None:
            chosen = members(direction, 1)
            names = [name for name, number in words.DIRECTIONS.items() if number in chosen]
            condition = [(compared("ct direction", names, False),)] if names else NEVER
        if rule.ct_status is None:
            return condition
        return both(condition, masked_condition("ct status", rule.ct_status, words.CT_STATUS))


FLAG_WORDS = {name: bit for name, bit in words.TCP_FLAGS.items() if name not in ("ecn", "none", "all")}
FLAG_WORDS["ecn"] = FLAG_WORDS.pop("ece")


def families_of(rule: Rule) -> set[int]:
    """The families of which a packet can meet the rule, but for its addresses."""
    families = {4, 6}
    if rule.family is not None:
        families &= members(rule.family, 6)
    if rule.implied_family is not None:
        families &= {rule.implied_family}
    return families


def asks_in_front(rule: Rule) -> bool:
    """Whether a rule asks for fields of the transport header, and all that it asks for are in front."""
    asked = {key for key in IN_FRONT | BEHIND if getattr(rule, key) is not None}
    return bool(asked) and asked <= IN_FRONT


def fragments_of(rule: Rule) -> int:
    """The kinds of fragments that may meet a rule where nothing is put together: later ones have no ports."""
    asks = any(getattr(rule, key) is not None for key in IN_FRONT | BEHIND)
    told = asks and (rule.fragment is not None or asks_in_front(rule))
    return kinds_of(rule.fragment) & (WHOLE | FIRST if told else EVERY_FRAGMENT)


def kinds_of(value: Numbers | None) -> int:
    """The kinds of fragments that a match accepts."""
    return EVERY_FRAGMENT if value is None else sum(1 << number for number in members(value, 2))


def fragment_condition(kinds: int, family: int) -> Condition:
    """Whether a packet is such a fragment."""
    if kinds in (0, EVERY_FRAGMENT):
        return ALWAYS if kinds else NEVER
    return FRAGMENTS[family][kinds]


def ct_states_of(rule: Rule) -> int:
    """The bits of the ct states that a rule accepts, of which a packet has exactly one."""
    every = sum(CT_STATES.values())
    value = rule.ct_state
    if value is None:
        return every
    chosen = sum(bit for bit in CT_STATES.values() if any(holds(choice, bit) for choice in value.choices))
    return every & ~chosen if value.negated else chosen


def ct_state_condition(rule: Rule) -> Condition:
    """The ct state; a match on all of them still turns tracking on."""
    if rule.ct_state is None:
        return ALWAYS
    chosen = ct_states_of(rule)
    names = [name for name, bit in CT_STATES.items() if chosen & bit]
    if not names:
        return NEVER
    others = [name for name, bit in CT_STATES.items() if not chosen & bit]
    if rule.ct_state.negated and others:
        return [(compared("ct state", others, True),)]
    return [("ct state " + ",".join(names),)]


def connection_alternatives(rule: Rule) -> tuple[Alternative | None, Alternative | None]:
    """What a rule must ask further to have a packet with a connection, and one without; None: it can have none."""
    chosen = ct_states_of(rule)
    surely = any(value is not None for value in (rule.ct_direction, rule.ct_status, rule.ct_mark))
    if surely or not chosen & ~WITH_CONNECTION:
        return (), None
    if not chosen & WITH_CONNECTION:
        return None, ()
    return ("ct state established,related,new",), ("ct state invalid,untracked",)


def quoted_interface(key: str, name: str) -> str:
    """A device name in quotes; one that Linux or nft cannot have is refused."""
    bare = name.removesuffix("*")
    if len(bare.encode()) > LONGEST_INTERFACE or any(letter in bare for letter in ' "/:*\\'):
        raise NotInNft(f"{key!r}: no Linux device can be called {bare!r} (give the device of each interface)")
    return f'"{name}"'
