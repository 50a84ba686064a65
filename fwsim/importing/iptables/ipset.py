"""Sets as `ipset save` prints them and `ipset` commands make them.

Read first: `values`, Set in `fwsim.netfilter.model`. A port of a set is a protocol and a number, two parts of an
element here. What a part compares with is worked out when a rule asks (`IpSet.as_set`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from fwsim.netfilter.model import Set
from fwsim.netfilter.steps import Element
from fwsim.ruleset.values import Addresses, Choice, Interval, Location, Masked, MatchValue, Names, Numbers, merged

from .values import (
    BITS,
    AddressMask,
    RefusedError,
    address_range,
    mac,
    network,
    number,
    port_range,
    prefix_mask,
    protocol,
    services_of,
)

SECOND = 1_000_000_000
PARTS = frozenset(("ip", "net", "port", "iface", "mac", "mark", "set"))
METHODS = ("hash", "bitmap", "list")
KINDS = {"port": ("inet_proto", "inet_service"), "iface": ("ifname",), "mac": ("ether_addr",), "mark": ("mark",)}
WITH_PORTS = {6: "tcp", 17: "udp", 132: "sctp", 136: "udplite"}
CREATED_WITH = frozenset(
    [
        "family",
        "hashsize",
        "maxelem",
        "bucketsize",
        "initval",
        "timeout",
        "range",
        "netmask",
        "markmask",
        "bitmask",
        "size",
        "netmask",
    ]
)
ADDED_WITH = frozenset(["timeout", "packets", "bytes", "comment", "skbmark", "skbprio", "skbqueue", "before", "after"])
"""Options with a value; others, such as counters, nomatch and forceadd, have none."""

LONGEST_NAME = 31
LONGEST_TIMEOUT = 2_147_483
"""In seconds."""


class Entry(NamedTuple):
    """An element as written, whether it is an exception, and after how many s it is forgotten (0: never)."""

    text: str
    nomatch: bool = False
    timeout: int | None = None


@dataclass(slots=True)
class IpSet:
    """A set: the parts of its elements, and these."""

    name: str
    type: str
    family: int = 4
    options: Mapping[str, str] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    location: Location = field(default_factory=Location)
    dynamic: bool = False
    """A rule changes it."""
    _known: list[Set | None] = field(default_factory=list)
    """What `as_set` has worked out."""

    @property
    def parts(self) -> tuple[str, ...]:
        """What an element is made of."""
        return tuple(self.type.partition(":")[2].split(","))

    @property
    def kinds(self) -> tuple[str, ...]:
        """What nft calls the types of the parts."""
        if self.type == "bitmap:port":
            return ("inet_service",)
        address = ("ipv4_addr",) if self.family == 4 else ("ipv6_addr",)
        return tuple(kind for part in self.parts for kind in KINDS.get(part, address))

    def as_set(self) -> Set | None:
        """The set in netfilter's terms, when all commands are done; None if some element is not simulated."""
        if not self._known:
            self._known.append(self._as_set())
        return self._known[0]

    def _as_set(self) -> Set | None:
        """The same, not yet worked out."""
        elements = self._elements()
        if elements is None:
            return None
        timeout = self._number("timeout", 0) * SECOND or None
        value = None
        if len(self.kinds) == 1 and not self.dynamic and not self.forgets:
            value = _joined(elements, [entry.nomatch for entry in self.entries.values()])
        return Set(
            self.name, self.kinds, tuple(elements), value, None, self.dynamic,
            self._number("maxelem", 65536), timeout, (), self.location, self._expiries(),
        )  # fmt: skip

    @property
    def forgets(self) -> bool:
        """Whether elements are forgotten in time."""
        usual = self._number("timeout", 0)
        return any(usual if entry.timeout is None else entry.timeout for entry in self.entries.values())

    def _expiries(self) -> tuple[int | None, ...]:
        """For each element when it is forgotten, if any says so."""
        times = tuple(entry.timeout for entry in self.entries.values())
        return () if set(times) <= {None} else tuple(time if time is None else time * SECOND for time in times)

    def _number(self, name: str, default: int) -> int:
        """An option that is a number."""
        return number(self.options[name], 0, 0xFFFFFFFF) if name in self.options else default

    def _elements(self) -> list[Element] | None:
        """All elements in the terms of matches."""
        if any(entry.nomatch for entry in self.entries.values()) and (
            len(self.kinds) > 1 or self.dynamic or self.forgets
        ):
            return None
        elements = []
        for entry in self.entries.values():
            words = entry.text.split(",")
            if len(words) != len(self.parts):
                return None
            values = [_part(self, part, word) for part, word in zip(self.parts, words, strict=True)]
            found = [value for value in values if value is not None]
            if len(found) < len(values):
                return None
            elements.append(tuple(value for several in found for value in several))
        return elements


def _joined(elements: list[Element], nomatch: list[bool]) -> MatchValue | None:
    """Elements of one part as one value; an exception counts against the wider networks around it."""
    values = [element[0] for element in elements]
    if not values:
        return None
    if isinstance(values[0], Numbers):
        return Numbers(merged(i for value in values if isinstance(value, Numbers) for i in value.intervals))
    if not isinstance(values[0], Addresses):
        return None
    found = [(value, no) for value, no in zip(values, nomatch, strict=True) if isinstance(value, Addresses)]
    v4, v6 = ([(i, no) for value, no in found for i in getattr(value, name)] for name in ("v4", "v6"))
    return Addresses(_without_exceptions(v4), _without_exceptions(v6))


def _without_exceptions(networks: list[tuple[Interval, bool]]) -> tuple[Interval, ...]:
    """What belongs to the narrowest network around it: networks lie inside each other or apart."""
    if not any(nomatch for _, nomatch in networks):
        return merged(interval for interval, _ in networks)
    inside: list[Interval] = []
    around: list[tuple[int, bool]] = []
    place = 0
    ordered = sorted(networks, key=lambda item: (item[0][0], -item[0][1]))
    for (low, high), nomatch in [*ordered, ((1 << 129, 1 << 129), True)]:
        while around and around[-1][0] < low:
            end, exception = around.pop()
            inside += [(place, end)] if not exception and place <= end else []
            place = max(place, end + 1)
        if around and not around[-1][1] and place < low:
            inside.append((place, low - 1))
        place = max(place, low)
        around.append((high, nomatch))
    return merged(inside)


# --- parts of elements -----------------------------------------------------------------------------------------------


def _address(ipset: IpSet, word: str) -> Addresses:
    """An address, a range of them or a network, widened by the set's own netmask."""
    if "-" in word:
        intervals = address_range(word, ipset.family)
    else:
        found = network(word, ipset.family)
        bits = BITS[ipset.family]
        length = number(ipset.options.get("netmask", str(bits)), 0, bits, "netmask")
        found = AddressMask(found.address & prefix_mask(length, bits), found.mask & prefix_mask(length, bits))
        intervals = found.intervals(bits) or ()
    return Addresses(v4=intervals) if ipset.family == 4 else Addresses(v6=intervals)


def _port(word: str) -> tuple[MatchValue, ...] | None:
    """`tcp:80`; ICMP and protocols without ports are not simulated."""
    name, colon, text = word.partition(":")
    number = protocol(name) if colon else 6
    if number not in WITH_PORTS:
        return None
    ports = port_range((text if colon else word).replace("-", ":"), services_of(WITH_PORTS[number]))
    return Numbers(((number, number),)), Numbers((ports,))


def _part(ipset: IpSet, part: str, word: str) -> tuple[MatchValue, ...] | None:
    """One part of an element; None if it is not simulated."""
    if part in ("ip", "net"):
        return (_address(ipset, word),)
    if part == "port" and ipset.type == "bitmap:port":
        return (Numbers((port_range(word.rpartition(":")[2].replace("-", ":"), services_of("tcp")),)),)
    if part == "port":
        return _port(word)
    if part == "iface":
        return None if word.startswith("physdev:") else (Names((word,)),)
    if part == "mac":
        return (Numbers(((mac(word),) * 2,)),)
    if part == "mark":
        mask = number(ipset.options.get("markmask", "0xffffffff"), 0, 0xFFFFFFFF)
        mark = number(word, 0, 0xFFFFFFFF) & mask
        return (Masked((Choice(mark, mark, mask),)),)
    return None


# --- commands --------------------------------------------------------------------------------------------------------


def _options(words: list[str], with_value: frozenset[str]) -> dict[str, str]:
    """Options behind a command."""
    found: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        found[word] = next(rest, "") if word in with_value else ""
    return found


def _create(sets: dict[str, IpSet], words: list[str], location: Location) -> None:
    """`create NAME TYPE ...`."""
    if len(words) < 2:
        raise RefusedError("expected `create NAME TYPE`")
    name, type_name = words[:2]
    method, _, parts = type_name.partition(":")
    if method not in METHODS or not set(parts.split(",")) <= PARTS:
        raise RefusedError(
            f"`{type_name}` is no type of set: expected such as hash:ip, hash:net,port, bitmap:ip, list:set"
        )
    options = _options(words[2:], CREATED_WITH)
    if name in sets and "-exist" not in options:
        raise RefusedError(f"there is a set `{name}` already")
    if len(name) > LONGEST_NAME:
        raise RefusedError(f"`{name}` has more than {LONGEST_NAME} characters")
    for key, most in (("timeout", LONGEST_TIMEOUT), ("maxelem", 0xFFFFFFFF)):
        number(options.get(key, "0"), 0, most, key)
    family = 6 if options.get("family") in ("inet6", "ipv6") else 4
    sets.setdefault(name, IpSet(name, type_name, family, options, {}, location))


def _change(sets: dict[str, IpSet], command: str, words: list[str]) -> None:
    """`add` or `del NAME ELEMENT`."""
    if len(words) < 2 or words[0] not in sets:
        raise RefusedError(f"there is no set `{words[0] if words else ''}`")
    ipset, text = sets[words[0]], words[1]
    options = _options(words[2:], ADDED_WITH)
    if command == "add":
        _check_element(ipset, text)
        ipset.entries[text] = Entry(text, "nomatch" in options, _timeout(ipset, options))
    elif ipset.entries.pop(text, None) is None and "-exist" not in options:
        raise RefusedError(f"`{text}` is no element of `{ipset.name}` as it was added")


def _timeout(ipset: IpSet, options: Mapping[str, str]) -> int | None:
    """The time of an element, if it has one of its own."""
    if "timeout" not in options:
        return None
    if "timeout" not in ipset.options and not ipset.type.startswith("list"):
        raise RefusedError(f"`{ipset.name}` was created without a timeout: its elements can have none")
    return number(options["timeout"], 0, LONGEST_TIMEOUT, "timeout")


def _check_element(ipset: IpSet, text: str) -> None:
    """Refuse what cannot be an element."""
    words = text.split(",")
    if len(words) > len(ipset.parts) or (len(words) < len(ipset.parts) and ipset.type != "bitmap:ip,mac"):
        raise RefusedError(f"`{text}` is no element of a set of type {ipset.type}")
    if not ipset.type.startswith("list"):
        for part, word in zip(ipset.parts, words, strict=False):
            _part(ipset, part, word)


ALIASES = {"-N": "create", "-A": "add", "-D": "del", "-F": "flush", "-X": "destroy", "n": "create", "x": "destroy"}


def command(sets: dict[str, IpSet], words: list[str], location: Location) -> None:
    """One command, without the name of the program."""
    words = [word for word in words if word not in ("-!", "-q")] + (["-exist"] if "-!" in words else [])
    if not words:
        raise RefusedError("expected a command of ipset")
    what = ALIASES.get(words[0], words[0])
    if what == "create":
        _create(sets, words[1:], location)
    elif what in ("add", "del"):
        _change(sets, what, words[1:])
    elif what in ("flush", "destroy"):
        for name in [name for name in words[1:2] if name != "-exist"] or list(sets):
            if name not in sets:
                raise RefusedError(f"there is no set `{name}`")
            if what == "destroy":
                del sets[name]
            else:
                sets[name].entries.clear()
    elif what != "COMMIT":
        raise RefusedError(
            f"`{words[0]}` is no command of ipset that is read here: expected create, add, del, flush, destroy"
        )
