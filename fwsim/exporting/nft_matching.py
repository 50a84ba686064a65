"""What a step asks, as nft writes it: the alternatives of a match, each a few parts of a rule.

Read first: `nft_words`, `drafting`, `fwsim.convert.comparing`. Where a field has a name for each family and the rule
has not told the family, there is an alternative for each. nft puts the dependencies of a match in front of it by
itself (`tcp dport` asks for TCP), so that those written out are left away where that gives the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from fwsim.convert.comparing import NEVER, Condition, compared, masked_condition, members
from fwsim.convert.matching import FIRST, FRAGMENTS, NOT_A_LATER_FRAGMENT, WHOLE
from fwsim.netfilter.fields import Selector
from fwsim.netfilter.model import Set, selectors_of
from fwsim.netfilter.steps import AnyOf, Element, Lookup, Match, Statistic, Step, Unknown
from fwsim.ruleset.values import Addresses, Masked, MatchValue, Names, Numbers

from .drafting import told
from .elements import resolved
from .nft_words import (
    BIT_WORDS,
    BY_FAMILY,
    PORT_WORDS,
    STATE_WORDS,
    Known,
    asks_presence,
    by_family,
    elements_of,
    highest,
    is_port,
    selector_text,
)
from .saying import CannotSay

BOTH = (4, 6)
OF_FAMILY = {"ipv4_addr": 4, "ipv6_addr": 6}
WITH_PORTS = "meta l4proto { tcp, udp, dccp, sctp, udplite }"
OF_ICMP = {1: 4, 58: 6}
"""The family of the protocols that only one has."""
TRANSPORT = frozenset({
    "sport", "dport", "tcp_flags", "tcp_seq", "tcp_ack", "tcp_window", "icmp_type", "icmp_code", "icmp_id",
})  # fmt: skip
IN_FRONT = frozenset({"sport", "icmp_type", "icmp_code"})
"""Those that a header of two bytes has."""
CONNECTION = frozenset({
    "ct_direction", "ct_status", "ct_mark", "ct_proto", "ct_family", "ct_helper", "ct_expiration", "ct_packets",
    "ct_bytes", "ct_original_src", "ct_original_dst", "ct_reply_src", "ct_reply_dst", "ct_original_sport",
    "ct_original_dport", "ct_reply_sport", "ct_reply_dport",
})  # fmt: skip
ALWAYS_THERE = frozenset(
    {"family", "proto", "mark", "ct_state", "length", "pkttype", "hour", "day", "time", "fragment"}
)
OF_EVERY_HEADER = frozenset({"src", "dst", "dscp", "ttl"})
HIGHEST_RANDOM = 1 << 31


class NftHead(NamedTuple):
    """The beginning of a rule: its parts, and what is known of the packets that meet them."""

    parts: tuple[str, ...] = ()
    known: Known = Known()


@dataclass
class NftMatching:
    """Turns what a rule of one table asks into heads."""

    family: int
    """The packets that the table sees: 4, 6, or 0 for both."""
    sets: Mapping[str, Set]
    set_names: Mapping[tuple[str, int], str]
    """nft's name of a set; with a family other than 0 of its addresses of that family, where it has both."""
    is_nft: bool
    """Whether what cannot be simulated is written in nft's words already."""
    fragments: bool
    """Whether packets may be later fragments, in whose data nft would look for a transport header."""
    in_front: bool = False
    """Whether the rule asks for nothing behind the first two bytes of that."""

    def asked(self, step: Step, known: Known) -> list[NftHead]:
        """The alternatives of a match."""
        match step:
            case Match():
                return self._match(step, known)
            case Lookup():
                return self._lookup(step, known)
            case AnyOf():
                return [head for matches in step.alternatives for head in self._all(matches, known)]
            case Unknown():
                return [NftHead((self._unknown(step),), known)]
        raise CannotSay(told(step))

    def _all(self, matches: Sequence[Match], known: Known) -> list[NftHead]:
        """Several matches, all of which must hold."""
        heads = [NftHead((), known)]
        for match in matches:
            heads = [
                NftHead((*head.parts, *more.parts), more.known)
                for head in heads
                for more in self._match(match, head.known)
            ]
        return heads

    def _unknown(self, step: Unknown) -> str:
        """A match that is not simulated."""
        if not self.is_nft or step.construct.startswith(("xt ", "{")):
            raise CannotSay(told(step))
        return step.construct

    # --- one selector -----------------------------------------------------------------------------------------------

    def _guards(self, selectors: Iterable[Selector], known: Known) -> list[NftHead]:
        """What keeps a rule from looking for the header of a later fragment, where it asks for one."""
        if not self.fragments or known.headed or TRANSPORT.isdisjoint(selectors):
            return [NftHead((), known)]
        if not self.in_front:
            return [NftHead((NOT_A_LATER_FRAGMENT,), known._replace(headed=True))]
        families = BOTH if known.family is None else (known.family,)
        own = OF_ICMP.get(known.proto or 0)
        return [
            NftHead((*_told_family(family, known), *parts), known._replace(family=family, headed=True))
            for family in families
            if own in (None, family)
            for parts in FRAGMENTS[family][WHOLE | FIRST]
        ]

    def _match(self, step: Match, known: Known) -> list[NftHead]:
        """One selector compared with some values."""
        return [
            NftHead((*guard.parts, *head.parts), head.known)
            for guard in self._guards((step.selector,), known)
            for head in self._one(step, guard.known)
        ]

    def _one(self, step: Match, known: Known) -> list[NftHead]:
        """The same of a packet that may have the selector."""
        if step.selector == "family":
            return self._family(step, known)
        if step.selector in CONNECTION and by_family(step.selector):
            both = (known._replace(family=family) for family in BOTH)  # its name tells the family
            return [NftHead(parts, known) for inside in both for parts in self._condition(step, inside)]
        if step.selector == "fragment" or by_family(step.selector):
            return [
                NftHead((*_told_family(family, known), *parts), known._replace(family=family))
                for family in self._families(step, known)
                for parts in self._condition(step, known._replace(family=family))
            ]
        after = known
        if step.selector == "proto" and isinstance(step.value, Numbers):
            after = _knowing_protocol(step.value, known)
        return [NftHead(parts, after) for parts in self._condition(step, known)]

    def _families(self, step: Match, known: Known) -> tuple[int, ...]:
        """The families of which a packet can meet the match."""
        if known.family is not None:
            return (known.family,)
        own = OF_ICMP.get(known.proto or 0)
        wanted = BOTH if own is None else (own,)
        if step.absent:
            raise CannotSay(f"{told(step)} for packets that may lack the field")
        names = BY_FAMILY.get(str(step.selector))
        return tuple(family for family in wanted if names is None or family in names)

    def _family(self, step: Match, known: Known) -> list[NftHead]:
        """The family, which tables of one family know."""
        if not isinstance(step.value, Numbers):
            raise CannotSay(told(step))
        chosen = members(step.value, 6) & set(BOTH)
        if known.family is not None:
            return [NftHead((), known)] if known.family in chosen else []
        if len(chosen) != 1:
            return [NftHead((), known)] if chosen else []
        family = min(chosen)
        return [NftHead((f"meta nfproto ipv{family}",), known._replace(family=family))]

    def _condition(self, step: Match, known: Known) -> Condition:
        """The alternatives of a match whose family is known, if it matters."""
        selector = step.selector
        if isinstance(step.value, Names) and selector in ("iif", "oif"):
            return self._interface(str(selector), step)
        found = self._compared(step, known)
        if is_port(selector) and not known.ports:
            found = [(WITH_PORTS, *parts) for parts in found]
        if step.absent and selector in CONNECTION:
            return [("ct state invalid,untracked",), *found]
        if step.absent and selector not in ALWAYS_THERE and not (known.family and selector in OF_EVERY_HEADER):
            raise CannotSay(f"{told(step)} for packets that may lack the field")
        return found

    def _compared(self, step: Match, known: Known) -> Condition:
        """The selector compared with its values."""
        selector, value = step.selector, step.value
        if selector == "fragment":
            return _fragments(value, known.family or 4)
        field = selector_text(selector, known)
        if len(value.sets) == 1 and not _has_own(value):
            name = self._set_name(value.sets[0], value, known)
            return [] if name is None else [(compared(field, [f"@{name}"], value.negated),)]
        value = resolved(value, self.sets)
        if asks_presence(selector):
            return _presence(field, value)
        if isinstance(value, Masked):
            words = BIT_WORDS.get(selector, {}) if isinstance(selector, str) else {}
            if selector == "ct_state" and not value.negated and _is_any_of(value):
                return [("ct state " + ",".join(_bits(value.choices[0].mask, words)),)]
            if selector == "ct_state" and len(value.choices) > 1 and _are_states(value):
                names = [name for choice in value.choices for name in _bits(choice.low, words)]
                return [(compared(field, names, value.negated),)]
            return masked_condition(field, value, words, highest(selector))
        elements = elements_of(selector, value, known.family)
        if elements:
            return [(compared(field, elements, value.negated),)]
        if isinstance(value, Addresses) or not value.negated:
            return NEVER
        return [(f"{field} 0-{highest(selector)}",)]

    def _set_name(self, name: str, value: MatchValue, known: Known) -> str | None:
        """Nft's name of a set; None if it has no address of the family."""
        found = self.set_names.get((name, known.family or 0), self.set_names.get((name, 0)))
        own = self.sets.get(name)
        if own is None or found is None:
            if own is not None and isinstance(value, Addresses):
                return None
            raise CannotSay(f"the set {name!r}, which the table does not have")
        family = OF_FAMILY.get(own.kinds[0]) if own.kinds else None
        wrong = isinstance(value, Addresses) and (name, known.family or 0) not in self.set_names
        return None if wrong and family != known.family else found

    def _interface(self, key: str, step: Match) -> Condition:
        """An interface by name; nft finds an empty name where there is none."""
        value = step.value
        assert isinstance(value, Names)
        if len(value.sets) == 1 and not _has_own(value):
            elements = [f"@{self.set_names[value.sets[0], 0]}"]
        else:
            whole = resolved(value, self.sets)
            assert isinstance(whole, Names)
            if "" in whole.prefixes:
                there = step.absent if value.negated else True
                return [(f"{key} {'==' if value.negated else '!='} 0",)] if there else NEVER
            elements = elements_of(key, whole, None)
        if not elements:
            return [() if step.absent else (f"{key} != 0",)] if value.negated else NEVER
        match = compared(f"{key}name", elements, value.negated)
        if value.negated:
            return [(match,) if step.absent else (f"{key} != 0", match)]
        return [(f"{key} 0",), (match,)] if step.absent else [(match,)]

    # --- several selectors ------------------------------------------------------------------------------------------

    def _lookup(self, step: Lookup, known: Known) -> list[NftHead]:
        """A concatenation, or one selector in a set that rules change."""
        return [
            NftHead((*guard.parts, *head.parts), head.known)
            for guard in self._guards(step.selectors, known)
            for head in self._concatenated(step, guard.known)
        ]

    def _concatenated(self, step: Lookup, known: Known) -> list[NftHead]:
        """The same of a packet that may have the selectors."""
        found = []
        for family in self._lookup_families(step.selectors, known):
            inside = known if family is None else known._replace(family=family)
            text = self.lookup_text(step.selectors, step.elements, step.set, inside, step.negated)
            if text is not None:
                needs_ports = any(map(is_port, step.selectors)) and not known.ports
                parts = (*_told_family(family, known), *([WITH_PORTS] if needs_ports else []), text)
                found.append(NftHead(parts, inside))
        return found

    def _lookup_families(self, selectors: Sequence[Selector], known: Known) -> tuple[int | None, ...]:
        """The families for which a concatenation is written."""
        if known.family is not None or not any(map(by_family, selectors)):
            return (known.family,)
        return BOTH

    def lookup_text(
        self, selectors: Sequence[Selector], elements: Iterable[Element], name: str | None, known: Known, negated: bool
    ) -> str | None:
        """Selectors compared with a set; None if no element is of the family."""
        field = self.key_text(selectors, known)
        if name is not None:
            own = self.sets.get(name)
            families = {OF_FAMILY[kind] for kind in own.kinds if kind in OF_FAMILY} if own is not None else set()
            if own is None:
                raise CannotSay(f"the set {name!r}, which the table does not have")
            wrong = families and known.family is not None and families != {known.family}
            return None if wrong else compared(field, [f"@{self.set_names[name, 0]}"], negated)
        listed = [text for element in elements for text in element_texts(selectors, element, known)]
        if not listed:
            return None
        return f"{field} {'!= ' if negated else ''}{{ {', '.join(listed)} }}"

    def key_text(self, selectors: Sequence[Selector], known: Known) -> str:
        """Selectors as a concatenation."""
        return " . ".join(selector_text(selector, known) for selector in selectors)


def asks_in_front(steps: Iterable[Step]) -> bool:
    """Whether no match of a rule that must hold asks for more of a transport header than its first two bytes."""
    asked = {selector for step in steps if isinstance(step, (Match, Lookup)) for selector in selectors_of(step)}
    return asked.isdisjoint(TRANSPORT - IN_FRONT)


def element_texts(selectors: Sequence[Selector], element: Element, known: Known) -> list[str]:
    """An element of a concatenation; several where a part has several values."""
    parts = [elements_of(selector, value, known.family) for selector, value in zip(selectors, element, strict=True)]
    return [" . ".join(texts) for texts in product(*parts)]


def statistic_text(step: Statistic) -> str:
    """Every so many-th packet, or some by chance, as a number generator."""
    if step.every is not None:
        return f"numgen inc mod {step.every} {'!= ' if step.negated else ''}{step.packet}"
    return f"numgen random mod {HIGHEST_RANDOM} {'>=' if step.negated else '<'} {step.probability}"


def _told_family(family: int | None, known: Known) -> tuple[str, ...]:
    """What asks for a family that is not known yet."""
    return () if family is None or known.family == family else (f"meta nfproto ipv{family}",)


def _knowing_protocol(value: Numbers, known: Known) -> Known:
    """What is known behind a match on the protocol."""
    possible = set() if value.sets else members(value, 255)
    single = min(possible) if len(possible) == 1 else None
    return known._replace(proto=single, ports=bool(possible) and possible <= set(PORT_WORDS))


def _has_own(value: MatchValue) -> bool:
    """Whether a value has more than its sets."""
    if isinstance(value, Addresses):
        return bool(value.v4 or value.v6)
    if isinstance(value, Numbers):
        return bool(value.intervals)
    return bool(value.choices) if isinstance(value, Masked) else bool(value.names or value.prefixes)


def _fragments(value: MatchValue, family: int) -> Condition:
    """Whether and which fragment a packet is."""
    if not isinstance(value, Numbers):
        raise CannotSay("fragment")
    kinds = sum(1 << number for number in members(value, 2))
    if kinds in (0, 7):
        return [()] if kinds else NEVER
    return FRAGMENTS[family][kinds]


def _presence(field: str, value: MatchValue) -> Condition:
    """Whether an option or a route is there."""
    if not isinstance(value, Numbers):
        raise CannotSay(field)
    chosen = members(value, 1)
    if len(chosen) != 1:
        return [()] if chosen else NEVER
    return [(f"{field} {'exists' if 1 in chosen else 'missing'}",)]


def _is_any_of(value: Masked) -> bool:
    """Whether a value is one list of bits, of which one must be set."""
    return len(value.choices) == 1 and value.choices[0].low == 1 and value.choices[0].high == value.choices[0].mask


def _are_states(value: Masked) -> bool:
    """Whether each choice is one state."""
    states = STATE_WORDS.values()
    return all(
        choice.low == choice.high and choice.low in states and choice.mask & 0x7F == 0x7F for choice in value.choices
    )


def _bits(mask: int, words: Mapping[str, int]) -> list[str]:
    """Bits by their names."""
    names = [name for name, bit in words.items() if bit & mask]
    if mask & ~sum(words[name] for name in names):
        raise CannotSay(f"the bits {mask:#x}")
    return names
