"""What parity is tested on: captures and fuzzed traffic, each with every ruleset and settings that it fits.

Read first: `RULESETS` and `SEEDS`. A ruleset fits a capture that was made for its addresses and interfaces; with others
every packet would meet the same policy.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fwsim.capture import Captures, Input, open_captures
from fwsim.fuzz import USUAL, Hosts, traffic
from fwsim.fuzz.captured import write_traffic
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.parity import Comparison, Firewall, compare_firewalls, frozen, standing_still
from fwsim.result import Result
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.simulator import Simulator

ROOT = Path(__file__).parent.parent.parent
PCAPS, RULES = ROOT / "pcaps", ROOT / "rulesets"

OFFICE, HOME, HOST = "the office", "the IPv6 home", "the single host"
"""Address plans. That of the office has all of the IPv6 home's."""

PLANS = {"host.pcap": HOST, "v6-router.pcapng": HOME}
"""Captures whose addresses are not those of the office."""

EVERY = "every-state"
TRACKING = ("defaults", "strict", "liberal")


@dataclass(frozen=True)
class Fit:
    """A ruleset: the address plans that it has, and the settings under which it is tried."""

    plans: tuple[str, ...]
    settings: tuple[str, ...] = TRACKING


RULESETS = {
    "office": Fit((OFFICE, HOME)),
    "office-stateless": Fit((OFFICE, HOME), ("untracked",)),
    "established-hole": Fit((OFFICE, HOME), ("untracked",)),
    "host": Fit((HOST,)),  # input and output of 192.0.2.10: in the other captures all is forwarded, past its chains
    "v6-router": Fit((HOME,)),  # IPv6 only, and a lan without the office's 10.1.0.0/16: IPv4 would all be policy
    EVERY: Fit((OFFICE, HOME)),  # forwarded packets only: a host has none
}

SETTINGS = {
    "defaults": {"conntrack.tcp_loose": "1"},  # the kernel's, also where the file says otherwise
    "strict": {"conntrack.tcp_loose": "0"},
    "liberal": {"conntrack.tcp_loose": "1", "conntrack.tcp_be_liberal": "1"},
    "untracked": {},
}

LIMITS = {"syn-flood.pcap.zst": 20_000}
"""Packets, where not all are played: the kernel's table (`nf_conntrack_max`) may hold fewer than 100,000."""
ONE_KIND = {"syn-flood.pcap.zst"}
"""Captures of which nearly every packet is a SYN: one setting shows as much as three."""

V4_ONLY = Hosts(((USUAL.sides[0][0], ()), (USUAL.sides[1][0], ())))
V6_ONLY = Hosts((((), USUAL.sides[0][1]), ((), USUAL.sides[1][1])))
FAMILIES = {"": USUAL, " v4": V4_ONLY, " v6": V6_ONLY}

SEEDS = {
    "5/0": "UDP-Lite: the checksum's pseudo-header has protocol 17 in it (nf_checksum_partial), so most are invalid",
    "1/0": "",
    "2/0": "",
    "3/0 v4": "",
    "4/0 v6": "",
}
"""Fuzzed traffic that is always tried; every seed that ever found a difference belongs here, with what it found."""

FUZZED_LIVE = 5_000
FUZZED_RECORDED = 20_000
RECORDED_SEEDS = (("5/0", "defaults"), ("1/0", "strict"), ("2/0", "liberal"))
"""One setting each."""
RECORDED_FLOOD = ("office",)
"""The rulesets with which the answers about captures of `ONE_KIND` are recorded."""


@dataclass(frozen=True)
class Source:
    """Packets: a capture in `pcaps/`, or as many fuzzed ones as are asked for."""

    name: str
    fuzzed: int = 0

    @property
    def file(self) -> str:
        """A name for files."""
        return "fuzzed-" * bool(self.fuzzed) + self.name.replace("/", "-").replace(" ", "-")

    @property
    def hosts(self) -> Hosts:
        """Who talks to whom in fuzzed traffic."""
        return FAMILIES[self.name[len(self.seed) :]]

    @property
    def seed(self) -> str:
        """Of fuzzed traffic."""
        return self.name.partition(" ")[0]

    def captures(self, folder: Path) -> Captures:
        """The packets, all at one time; fuzzed ones are written to the folder."""
        path = PCAPS / self.name
        if self.fuzzed:
            path = folder / f"{self.file}.pcapng"
            write_traffic(str(path), self.seed, self.fuzzed, hosts=self.hosts)
        return frozen(open_captures([Input(str(path))], limit=LIMITS.get(self.name), digest=False))

    def digest(self) -> str:
        """What changes if a packet does: SHA-256 of the capture, or of the fuzzed frames and their sides."""
        if not self.fuzzed:
            return hashlib.sha256((PCAPS / self.name).read_bytes()).hexdigest()
        whole = hashlib.sha256()
        for sent in traffic(self.seed, self.fuzzed, self.hosts):
            whole.update(len(sent.frame).to_bytes(4, "big") + bytes([sent.side]) + sent.frame)
        return whole.hexdigest()


@dataclass(frozen=True)
class Case:
    """Packets, a ruleset and settings."""

    source: Source
    rules: str
    settings: str

    def __str__(self) -> str:
        return f"{self.source.file}-{self.rules}-{self.settings}"

    def ruleset(self) -> Ruleset:
        """The ruleset, for a clock that stands still."""
        text = EVERY_STATE if self.rules == EVERY else (RULES / f"{self.rules}.yaml").read_text()
        return standing_still(load_ruleset(io.StringIO(text), overrides=SETTINGS[self.settings]))


def captures() -> Iterator[Source]:
    """The captures of the repository."""
    for path in sorted(PCAPS.iterdir()):
        if ".pcap" in path.name:
            yield Source(path.name)


def cases_of(source: Source) -> Iterator[Case]:
    """A capture with all that fits it."""
    plan = PLANS.get(source.name, OFFICE)
    for rules, fit in RULESETS.items():
        if plan in fit.plans:
            for settings in fit.settings[:1] if source.name in ONE_KIND else fit.settings:
                yield Case(source, rules, settings)


CAPTURED = [case for source in captures() for case in cases_of(source)]
FUZZED = [Case(Source(name, FUZZED_LIVE), EVERY, settings) for name in SEEDS for settings in TRACKING]
FUZZED_AT_LENGTH = [Case(Source(name, FUZZED_RECORDED), EVERY, settings) for name, settings in RECORDED_SEEDS]
RECORDED = [case for case in CAPTURED if case.source.name not in ONE_KIND or case.rules in RECORDED_FLOOD]
RECORDED += FUZZED_AT_LENGTH


def compared(captures: Captures, simulator: Simulator, other: Firewall) -> Comparison:
    """Both firewalls on the same packets."""
    simulator.forget_the_clock()
    return compare_firewalls(Result(captures, simulator), other)
