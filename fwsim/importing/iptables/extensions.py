"""The matches and targets that are known, and what a rule gives to one.

Read first: `options`, `fwsim.netfilter.steps`. A module of matches or targets declares each with its options and the
steps that it stands for:

    @match("mark", "+! mark mark")
    def mark(use: Use) -> Steps: ...

What the kernel asks for is declared with it: protocols, tables, hooks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from fwsim.netfilter.fields import Selector
from fwsim.netfilter.steps import Match, Step, Unknown, Verdict
from fwsim.ruleset.values import MatchValue, Numbers
from fwsim.terms import Hook

from .ipset import IpSet
from .options import Given, Option, option

Steps: TypeAlias = "Iterable[Step]"

PREROUTING, INPUT, FORWARD, OUTPUT, POSTROUTING = Hook
EVERYWHERE = frozenset(Hook)
TCP, UDP, DCCP, SCTP, UDPLITE = 6, 17, 33, 132, 136

NEVER = Match("proto", Numbers(()))
"""A match that no packet meets."""


@dataclass(slots=True)
class Use:
    """An extension in a rule: the options given, and what it needs to know of the rule."""

    extension: Extension
    text: str
    given: dict[str, Given] = field(default_factory=dict)
    family: int = 4
    protocol: int = 0
    protocol_negated: bool = False
    sets: Mapping[str, IpSet] = field(default_factory=dict)
    syn: bool = False
    """For a target: the rule asks for the SYN flag."""
    hooks: frozenset[Hook] = EVERYWHERE
    """Where the kernel lets it stand, which options may narrow."""
    protocol_then: int = 0
    """The protocol of the rule when the last option was read: some options want it in front."""

    def __contains__(self, name: str) -> bool:
        """Whether an option was given."""
        return name in self.given

    def match(self, name: str, selector: Selector, value: MatchValue, absent: bool = False) -> Match:
        """A match that is written as one of the options."""
        return Match(selector, value, absent, self.given[name].text)

    def negated(self, name: str) -> bool:
        """Whether an option was inverted."""
        return self.given[name].negated

    def whole_text(self) -> str:
        """How it was written, with all options."""
        return " ".join([self.text, *(given.text for given in self.given.values())])

    def unknown(self, *names: str) -> Unknown:
        """What cannot be simulated: these options of it, or all of it."""
        if not names:
            return Unknown(self.whole_text())
        return Unknown(" ".join([self.text, *(self.given[name].text for name in names)]))


@dataclass(frozen=True, slots=True)
class Extension:
    """A match or a target, as `-m` or `-j` loads it."""

    name: str
    options: dict[str, Option]
    """By every name; an alias is there twice."""
    steps: Callable[[Use], Steps]
    protocols: tuple[int, ...]
    tables: tuple[str, ...]
    hooks: frozenset[Hook]
    foreign: bool = False
    """Its options are not known."""
    bound: tuple[Option, ...] = ()
    """Its options that must be given, or that go with some others only."""


MATCHES: dict[tuple[str, int], Extension] = {}
TARGETS: dict[tuple[str, int], Extension] = {}
"""By name and family."""

PROTOCOL_MATCHES = {
    6: "tcp", 17: "udp", 132: "sctp", 33: "dccp", 1: "icmp", 58: "icmp6", 50: "esp", 51: "ah", 108: "ipcomp", 135: "mh",
}  # fmt: skip
"""The matches that an option of theirs loads."""

Builder: TypeAlias = Callable[[Use], Steps]


def _declare(
    known: dict[tuple[str, int], Extension],
    name: str,
    declarations: tuple[str, ...],
    families: tuple[int, ...],
    protocols: tuple[int, ...],
    tables: tuple[str, ...],
    hooks: Iterable[Hook],
) -> Callable[[Builder], Builder]:
    """Remember an extension."""
    distinct = [option(declaration) for declaration in declarations]
    options = {word: declared for declared in distinct for word in declared.names}
    bound = tuple(declared for declared in distinct if declared.needed or declared.excludes or declared.requires)

    def declare(builder: Builder) -> Builder:
        for family in families:
            known[name, family] = Extension(name, options, builder, protocols, tables, frozenset(hooks), bound=bound)
        return builder

    return declare


def match(
    name: str,
    *options: str,
    families: tuple[int, ...] = (4, 6),
    protocols: tuple[int, ...] = (),
    tables: tuple[str, ...] = (),
    hooks: Iterable[Hook] = EVERYWHERE,
) -> Callable[[Builder], Builder]:
    """Declare a match."""
    return _declare(MATCHES, name, options, families, protocols, tables, hooks)


def target(
    name: str,
    *options: str,
    families: tuple[int, ...] = (4, 6),
    protocols: tuple[int, ...] = (),
    tables: tuple[str, ...] = (),
    hooks: Iterable[Hook] = EVERYWHERE,
) -> Callable[[Builder], Builder]:
    """Declare a target."""
    return _declare(TARGETS, name, options, families, protocols, tables, hooks)


FOREIGN_MATCHES = frozenset(
    [
        "account",
        "asn",
        "condition",
        "dnetmap",
        "fuzzy",
        "geoip",
        "gradm",
        "iface",
        "ipp2p",
        "ipv4options",
        "layer7",
        "length2",
        "lscan",
        "ndpi",
        "pknock",
        "psd",
        "quota2",
        "random",
        "childlevel",
        "connrate",
        "dstlimit",
        "mport",
        "nth",
        "opendpi",
        "pool",
        "set6",
        "u16",
        "unclean",
        "webstr",
        "weburl",
    ]
)
FOREIGN_TARGETS = frozenset(
    [
        "ACCOUNT",
        "CHAOS",
        "DELUDE",
        "DHCPMAC",
        "DNETMAP",
        "ECHO",
        "FTOS",
        "IMQ",
        "IPMARK",
        "IPV4OPTSSTRIP",
        "LOGMARK",
        "MIRROR",
        "NDPI",
        "NETFLOW",
        "NFLOGMARK",
        "PROTO",
        "RAWDNAT",
        "RAWSNAT",
        "ROUTE",
        "SAME",
        "STEAL",
        "SYSRQ",
        "TARPIT",
        "XOR",
        "FLOWOFFLOAD",
        "FULLCONENAT",
    ]
)
"""Extensions that exist outside the kernel and iptables: what they do is not known here."""


def foreign_match(name: str) -> Extension | None:
    """A match of which no more than the name is known."""
    if name not in FOREIGN_MATCHES:
        return None
    return Extension(name, {}, lambda use: (use.unknown(),), (), (), EVERYWHERE, True)


def foreign_target(name: str) -> Extension | None:
    """A target of which no more than the name is known."""
    if name not in FOREIGN_TARGETS:
        return None
    return Extension(name, {}, lambda use: (Verdict("unknown", text=use.whole_text()),), (), (), EVERYWHERE, True)
