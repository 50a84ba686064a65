"""A ruleset with mapped addresses, as the language of netfilter has it: matches, sets, maps, translations.

Read first: `fwsim.netfilter.steps`, `wording`. An interval of addresses becomes as many as it must. Names, ports and
marks stay, for decisions are told by them; comments and log prefixes do not. What cannot be mapped is refused: an
address compared through a mask that is no prefix, bits of a header where addresses stand, a translation to addresses
that lie apart.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping as Dict
from dataclasses import fields, is_dataclass
from ipaddress import ip_network
from typing import Any

from fwsim.anonymize.mapping import Mapping
from fwsim.anonymize.wording import CannotMapError, Wording
from fwsim.anonymize.wording import address_text as _text
from fwsim.errors import Problem, RulesetError
from fwsim.netfilter.fields import FIELDS, NotSimulated, Option, Raw
from fwsim.netfilter.model import Netfilter, NetfilterRule, Set
from fwsim.netfilter.steps import Alter, AnyOf, Choose, Effectless, Lookup, Match, Nat, Unknown, Update
from fwsim.ruleset.model import Interface, Ruleset
from fwsim.ruleset.values import Addresses, Location, Masked, MatchValue, Network, Numbers
from fwsim.topology.address_plan import IPNetwork

MACS = ("src_mac", "dst_mac", "ether_addr")
"""Fields, and nft's type, whose numbers are MACs."""
ADDRESSES_AT = {"ll": (0, 96), "nh": (64, 320)}
"""The bits of headers in which addresses stand."""
SAYS_ADDRESSES = (Match, Lookup, AnyOf, Choose, Update, Nat)
"""Steps whose text repeats their addresses."""


def networks_of(ruleset: Ruleset) -> list[IPNetwork]:
    """The networks that a ruleset declares behind its interfaces."""
    found = [network for interface in ruleset.interfaces.values() for network in interface.networks]
    return [ip_network(f"{_text(one.low, one.family)}/{one.prefix}") for one in found if one.prefix]


def anonymous_netfilter(netfilter: Netfilter, mapping: Mapping) -> Netfilter:
    """The rules with mapped addresses; raises RulesetError with all that cannot be mapped."""
    walk = _Walk(mapping, has_comments=netfilter.format != "yaml")
    tables = walk.through(netfilter.tables)
    if walk.problems:
        raise RulesetError(walk.problems)
    return dataclasses.replace(netfilter, tables=tables, remarks=(), sources=())


def anonymous_surroundings(ruleset: Ruleset, mapping: Mapping) -> Ruleset:
    """A ruleset whose interfaces and own addresses are mapped; its rules stay as they are."""
    interfaces = {name: _interface(one, mapping) for name, one in ruleset.interfaces.items()}
    found: dict[str, Any] = {"interfaces": interfaces, "local": addresses(ruleset.local, mapping)}
    return ruleset.model_copy(update={name: one for name, one in found.items() if name in ruleset.model_fields_set})


def anonymous_ruleset(ruleset: Ruleset, mapping: Mapping) -> Ruleset:
    """A ruleset that was not written in our own words, mapped; its rules are those of `ruleset.netfilter`."""
    found = anonymous_surroundings(ruleset, mapping)
    found.__dict__.pop("netfilter", None)  # what was known of the original
    found._imported = anonymous_netfilter(ruleset.netfilter, mapping)
    return found


def _interface(interface: Interface, mapping: Mapping) -> Interface:
    """What lies behind an interface."""
    found = {
        "networks": tuple(_network(network, mapping) for network in interface.networks),
        "macs": tuple(map(mapping.mac, interface.macs)),
        "own_macs": tuple(map(mapping.mac, interface.own_macs)),
        "addresses": addresses(interface.addresses, mapping),
    }
    return interface.model_copy(update={name: one for name, one in found.items() if name in interface.model_fields_set})


def _network(network: Network, mapping: Mapping) -> Network:
    """A network behind an interface."""
    if not network.prefix:
        return network
    low = mapping.network(network.low, network.family, network.prefix)
    source = f"{_text(low, network.family)}/{network.prefix}"
    return Network(network.family, low, low + network.high - network.low, network.prefix, source)


def addresses(value: Addresses, mapping: Mapping) -> Addresses:
    """A value of addresses."""
    v4, v6 = mapping.addresses(value.v4, 4), mapping.addresses(value.v6, 6)
    texts = [*(_interval(one, 4) for one in v4), *(_interval(one, 6) for one in v6)]
    texts += [f"@{name}" for name in value.sets]
    if value.negated:
        texts = [f"!{text}" for text in texts]
    source = texts[0] if len(texts) == 1 else tuple(texts)
    return dataclasses.replace(value, v4=v4, v6=v6, source=source)


def _interval(interval: tuple[int, int], family: int) -> str:
    """An interval as rulesets write it."""
    low, high = (_text(number, family) for number in interval)
    return low if low == high else f"{low}-{high}"


class _Walk:
    """Goes through all that tables are made of."""

    def __init__(self, mapping: Mapping, *, has_comments: bool) -> None:
        """Nothing was refused yet. `has_comments`: what rules are called are comments; in our own words, names."""
        self.mapping = mapping
        self.has_comments = has_comments
        self.wording = Wording(mapping)
        self.problems: list[Problem] = []

    def through(self, part: Any) -> Any:
        """A part, mapped."""
        match part:
            case NetfilterRule() | Set():
                return self.located(part)
            case Addresses():
                return addresses(part, self.mapping)
            case Location():
                return dataclasses.replace(part, text="")
            case tuple() if not hasattr(part, "_fields"):
                return tuple([self.through(one) for one in part])
            case Dict():
                return {name: self.through(one) for name, one in part.items()}
        return self.dataclass(part) if is_dataclass(part) and not isinstance(part, type) else part

    def located(self, part: NetfilterRule | Set) -> Any:
        """A rule or a set; if it cannot be mapped, that is told with its place."""
        try:
            return self.dataclass(part)
        except CannotMapError as problem:
            at = part.location
            self.problems.append(Problem(at.path, at.line, at.column, f"cannot be mapped: {problem}"))
            return part

    def dataclass(self, part: Any) -> Any:
        """A part with fields."""
        match part:
            case Raw():
                self.check_raw(part)
                return part
            case Effectless() | Unknown() | NotSimulated() | Alter(constant=None):
                return self.worded(part)
            case NetfilterRule(name=str(comment)) if self.has_comments:
                part = dataclasses.replace(part, name=self.wording.comment(comment))
            case Match():
                part = dataclasses.replace(part, value=self.value(part.selector, part.value))
            case Lookup() | Choose():
                part = self.concatenated(part, part.selectors)
            case Set():
                part = self.concatenated(part, part.kinds)
            case Nat(addresses=(low, high), family=family):
                return dataclasses.replace(part, addresses=self.target(low, high, family or 4), text="")
            case Alter(selectors=("src" | "dst" as selector,), constant=int()):
                raise CannotMapError(f"an address that is written into a header ({selector})")
        values = {one.name: self.through(getattr(part, one.name)) for one in fields(part) if one.init}
        if isinstance(part, SAYS_ADDRESSES):
            values["text"] = ""
        return dataclasses.replace(part, **values)

    def worded(self, part: Any) -> Any:
        """A part that may be written again in its own words."""
        named = "construct" if isinstance(part, Unknown | NotSimulated) else "text"
        changes = {named: self.wording.own_words(getattr(part, named))}
        if isinstance(part, Effectless) and part.log_prefix:
            changes["log_prefix"] = self.wording.prefix(part.log_prefix)
        return dataclasses.replace(part, **changes)

    def value(self, selector: Any, value: MatchValue) -> MatchValue:
        """What a selector is compared with, if that is no address by its type."""
        if selector in MACS and isinstance(value, Numbers):
            texts = tuple(f"{low:#x}-{high:#x}" for low, high in self.mapping.macs(value.intervals))
            return dataclasses.replace(value, intervals=self.mapping.macs(value.intervals), source=texts)
        is_address = isinstance(selector, str) and selector in FIELDS and FIELDS[selector].kind == "address"
        if isinstance(value, Masked) and (is_address or selector in MACS):
            raise CannotMapError(f"{selector} through a mask")
        if isinstance(selector, Option) and selector.field == "addr" and not isinstance(value, Addresses):
            raise CannotMapError(f"an address in the option {selector.option}")
        return value

    def concatenated(self, part: Any, selectors: tuple[Any, ...]) -> Any:
        """The elements, or cases, of what looks at several selectors."""
        found: dict[str, Any] = {}
        if getattr(part, "elements", ()):
            found["elements"] = tuple(self.element(selectors, one) for one in part.elements)
        if part_cases := getattr(part, "cases", None):
            found["cases"] = tuple(
                dataclasses.replace(one, element=self.element(selectors, one.element)) for one in part_cases
            )
        if getattr(part, "value", None) is not None and selectors:
            found["value"] = self.value(selectors[0], part.value)
        return dataclasses.replace(part, **found)

    def element(self, selectors: tuple[Any, ...], element: tuple[MatchValue, ...]) -> tuple[MatchValue, ...]:
        """One element; the last case of a map may have none."""
        return tuple(self.value(*pair) for pair in zip(selectors, element, strict=False))

    def target(self, low: int, high: int, family: int) -> tuple[int, int]:
        """The addresses of a translation."""
        found = self.mapping.addresses(((low, high),), family)
        if len(found) != 1:
            raise CannotMapError(f"{_interval((low, high), family)}: mapped, these addresses do not lie together")
        return found[0]

    def check_raw(self, raw: Raw) -> None:
        """Refuse bits of a header that are those of addresses."""
        start, end = ADDRESSES_AT.get(raw.base, (0, 0))
        if raw.offset < end and raw.offset + raw.length > start:
            raise CannotMapError(f"bits of a header where addresses stand (@{raw.base},{raw.offset},{raw.length})")
