"""The naive twin of the matcher: the model itself walked with plain Python, no tables, no index, nothing shared.

A packet is a dict of PACKET fields without those that it does not have; `src` and `dst` are `ipaddress` objects.
It knows no unknown: what may be unknown is tried out value by value (`completions`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.ruleset import Chain, Rule, Ruleset
from fwsim.ruleset.values import Addresses, Limit, Masked, Names, SetMark
from fwsim.tables import PACKET, V6, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Hook, RejectWith, Verdict

Packet = dict[str, Any]
Address = IPv4Address | IPv6Address

NUMERIC = ("family", "proto", "sport", "dport", "dscp", "ttl", "length", "fragment", "vlan", "ct_direction")
BITS = {"tcp_flags": "flags", "ct_state": "ct_state", "ct_status": "ct_status", "mark": "mark", "ct_mark": "ct_mark"}
ICMP = {
    "icmp_type": (4, 1, "icmp_type"),
    "icmp_code": (4, 1, "icmp_code"),
    "icmpv6_type": (6, 58, "icmp_type"),
    "icmpv6_code": (6, 58, "icmp_code"),
}


@dataclass
class Outcome:
    """What became of a packet; `rule` is None if the policy decided."""

    verdict: Verdict
    chain: str | None = None
    rule: int | None = None
    reject_with: int = 0
    tried: int = 0


class Ended(Exception):  # noqa: N818  # a verdict is no error
    """A terminal verdict."""

    def __init__(self, verdict: Verdict, chain: str, rule: int, reject_with: int) -> None:
        self.outcome = Outcome(verdict, chain, rule, reject_with)


@dataclass
class Bucket:
    """A token bucket in ns, as in nft_limit.c."""

    tokens: int | None = None
    last: int = 0

    def matches(self, limit: Limit, packet: Packet) -> bool:
        if limit.unit == "packets":
            cost = limit.per_ns // limit.rate
            most = cost * limit.burst
        else:
            cost = limit.per_ns * packet["length"] // limit.rate
            most = limit.per_ns * (limit.rate + limit.burst) // limit.rate
        tokens = most if self.tokens is None else min(most, self.tokens + packet["now"] - self.last)
        self.last = packet["now"]
        self.tokens = tokens
        if tokens >= cost:
            self.tokens -= cost
            return not limit.over
        return limit.over


@dataclass
class Oracle:
    """A ruleset, and what its limits remember."""

    ruleset: Ruleset
    interfaces: Sequence[str]
    buckets: dict[int, Bucket] = field(default_factory=dict)
    tried: int = 0

    def __post_init__(self) -> None:
        numbers = itertools.count()
        self.numbers = {name: [next(numbers) for _ in chain.rules] for name, chain in self.chains.items()}

    @property
    def chains(self) -> Mapping[str, Chain]:
        return self.ruleset.all_chains

    def decide(self, packet: Packet, hook: Hook, lowest: int, highest: int) -> Outcome:
        """The verdict of all base chains at a hook; marks are set in `packet`."""
        self.tried = 0
        here = [name for name, chain in self.chains.items() if hook in chain.hook]
        # equal priorities: the one declared last first
        here.sort(key=lambda name: (self.chains[name].priority, -list(self.chains).index(name)))
        outcome = Outcome(Verdict.ACCEPT)
        for name in here:
            if lowest <= self.chains[name].priority < highest:
                try:
                    self.run(name, packet)
                    policy = self.chains[name].policy
                    if policy != Verdict.ACCEPT or outcome.rule is None:  # else a rule has said more
                        outcome = Outcome(policy, name)
                except Ended as ended:
                    outcome = ended.outcome
                if outcome.verdict != Verdict.ACCEPT:
                    break
        outcome.tried = self.tried
        return outcome

    def run(self, name: str, packet: Packet) -> None:
        """One chain: it returns, or ends with a verdict."""
        for number, rule in zip(self.numbers[name], self.chains[name].rules, strict=True):
            self.tried += 1
            if not self.applies(number, rule, packet):
                continue
            set_marks(rule, packet)
            kind, target = rule.verdict.kind, rule.verdict.target
            if kind in ("accept", "drop", "reject"):
                answer = rule.reject_with or RejectWith.ICMPX_PORT_UNREACHABLE if kind == "reject" else RejectWith.NONE
                raise Ended(Verdict[kind.upper()], name, number, answer)
            if target is not None:
                self.run(target, packet)
            if kind in ("return", "goto"):
                return

    def applies(self, number: int, rule: Rule, packet: Packet) -> bool:
        """Whether all matches hold, and the limit, which is asked last."""
        if not self.matches(rule, packet):
            return False
        return rule.limit is None or self.buckets.setdefault(number, Bucket()).matches(rule.limit, packet)

    def matches(self, rule: Rule, packet: Packet) -> bool:
        for key in Rule.model_fields:
            value = getattr(rule, key)
            if value is None:
                continue
            if key in ("src", "dst"):
                held = address_matches(self.ruleset.resolved(key, value), packet.get(key))
            elif key in ("iif", "oif"):
                held = name_matches(self.ruleset.resolved(key, value), packet.get(key), self.interfaces)
            elif key in NUMERIC:
                held = number_matches(self.ruleset.resolved(key, value), packet.get(key))
            elif key in ICMP:
                family, proto, name = ICMP[key]
                held = packet.get("family") == family and packet.get("proto") == proto
                held = held and number_matches(self.ruleset.resolved(key, value), packet.get(name))
            elif key in BITS:
                held = bits_match(self.ruleset.resolved(key, value), packet.get(BITS[key]))
                held = held and (key != "tcp_flags" or packet.get("proto") == 6)
            else:
                continue
            if not held:
                return False
        return True


def address_matches(value: Any, address: Address | None) -> bool:
    assert isinstance(value, Addresses)
    if address is None:
        return False
    kind, spans = (IPv4Address, value.v4) if isinstance(address, IPv4Address) else (IPv6Address, value.v6)
    if not spans:
        return False  # this family is not meant
    return any(kind(low) <= address <= kind(high) for low, high in spans) != value.negated  # type: ignore[operator]


def name_matches(value: Any, number: int | None, interfaces: Sequence[str]) -> bool:
    assert isinstance(value, Names)
    if number is None:
        return False
    name = interfaces[number] if number < len(interfaces) else ""
    return (name in value.names or any(name.startswith(p) for p in value.prefixes)) != value.negated


def number_matches(value: Any, number: int | None) -> bool:
    if number is None:
        return False
    return bool(any(number in range(low, high + 1) for low, high in value.intervals) != value.negated)


def bits_match(value: Any, bits: int | None) -> bool:
    assert isinstance(value, Masked)
    if bits is None:
        return False
    return any(choice.low <= (bits & choice.mask) <= choice.high for choice in value.choices) != value.negated


def set_marks(rule: Rule, packet: Packet) -> None:
    """Do what a rule does to the packet and its connection."""
    if rule.set_mark is not None:
        packet["mark"] = new_mark(packet["mark"], rule.set_mark)
    if rule.set_ct_mark is not None and "ct_mark" in packet:
        packet["ct_mark"] = new_mark(packet["ct_mark"], rule.set_ct_mark)
    if rule.notrack and packet["ct_state"] == 1:
        packet["ct_state"] = 64


def new_mark(old: int, change: SetMark) -> int:
    kept = "".join(b if m == "0" else "0" for b, m in zip(f"{old:032b}", f"{change.mask:032b}", strict=True))
    return int(kept, 2) | change.value


def row_of(packet: Packet, unknown: Sequence[str] = ()) -> npt.NDArray[np.void]:
    """The packet as a table of one row of PACKET; the `unknown` fields are not known."""
    table = empty(PACKET, 1)
    row = table[0]
    for name in PACKET.names or ():
        row[name] = packet.get(name, ABSENT)
    for key in ("src", "dst"):
        address = packet.get(key)
        words = (ABSENT, 0, 0, 0) if address is None else words_of(address)
        for n, word in enumerate(words):
            row[f"{key}{n}"] = word
    for name in unknown:
        row[f"{name}0" if name in ("src", "dst") else name] = UNKNOWN_VALUE
    return table


def words_of(address: Address) -> tuple[int, int, int, int]:
    """The four fields of an address."""
    if isinstance(address, IPv4Address):
        return int(address), 0, 0, 0
    first, *rest = (int.from_bytes(address.packed[n : n + 4], "big") for n in (0, 4, 8, 12))
    return (V6 + first, *rest)  # type: ignore[return-value]


def completions(packet: Packet, candidates: Mapping[str, Sequence[Any]]) -> Iterator[Packet]:
    """The packet with every combination of values of some fields; None stands for a field that is not there."""
    for values in itertools.product(*candidates.values()):
        result = {**packet, **dict(zip(candidates, values, strict=True))}
        yield {name: value for name, value in result.items() if value is not None}
