"""What the numbers in frames and decisions stand for: files, interfaces, chains, rules.

Read first: `DECISION` in `fwsim.tables`. A decision names its rule by number; only a run's ruleset knows the name.
Used by selection, report and explain; computes no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fwsim.tables import CAME, LEFT, RULE_POLICY, RULE_SEVERAL, V6
from fwsim.terms import CtState, Direction, Hook, Proto, Reason, RejectWith, SctpState, TcpState, Verdict, word

TCP_STATE_WORDS = {int(state): state.name for state in TcpState}
"""TCP states as `conntrack -L` prints them."""

STATE_WORDS = {int(Proto.TCP): TCP_STATE_WORDS, int(Proto.SCTP): {int(state): state.name for state in SctpState}}
"""The same by protocol, of those that have states."""

DECISION_WORDS: dict[str, dict[int, str]] = {
    "verdict": {int(verdict): word(verdict) for verdict in Verdict},
    "reason": {int(reason): word(reason) for reason in Reason},
    "reject_with": {int(kind): word(kind).replace("_", "-") for kind in RejectWith if kind},
    "hook": {int(hook): word(hook) for hook in Hook},
    "ct_state": {int(state): word(state) for state in (CtState.NEW, CtState.ESTABLISHED, CtState.RELATED)}
    | {int(state): word(state) for state in (CtState.INVALID, CtState.UNTRACKED, CtState.NONE)},
    "ct_direction": {int(direction): word(direction) for direction in Direction},
    "tcp_state_before": TCP_STATE_WORDS,
    "tcp_state": TCP_STATE_WORDS,
}
"""The word of each number in a decision; a number that is not there has no word (nothing to say, or not known)."""

PROTO_WORDS: dict[int, str] = {int(proto): word(proto) for proto in Proto}
"""IP protocols that have a name in output; the others are written as numbers."""

FRAME_FIELDS = (
    "n", "file", "ts", "len", "src", "dst", "proto", "sport", "dport", "flags", "seq", "ack", "win",
    "icmp_type", "icmp_code", "vlan", "iif", "oif", "connection", "evidence",
)  # fmt: skip
"""What is told of a frame, in this order (DESIGN section 5)."""

DECISION_FIELDS = (
    "verdict", "reason", "reject_with", "hook", "chain", "rule", "line", "mirror",
    "ct_state", "ct_direction", "tcp_state_before", "tcp_state",
)  # fmt: skip
"""What is told of a decision, in this order."""

DECISION_SOURCES = tuple(name for name in DECISION_FIELDS if name != "line")
"""The fields of a DECISION row that it is told from."""

NAT = "nat"
"""The name under which is told, behind a decision, how a packet looked on the other side, if it was translated."""
NAT_FIELDS = ("side", "src", "dst", "sport", "dport", "icmp_id")
"""What is told of that, in this order, from a row of DEPARTURE."""
SIDES = {LEFT: "out", CAME: "in"}
"""How it looked going out; of what was captured there, coming in."""


SEVERAL = "one of several rules"
"""Who decided, where it is not known which rule (or policy) did, though all that it can have been say the same."""

MAPPED = 0xFFFF
"""The third word of an IPv6 address that maps an IPv4 address; the first two are 0 (RFC 4291 section 2.5.5.2)."""


def address_text(words: Sequence[int]) -> str:
    """An address in its usual form: dotted IPv4, or IPv6 as RFC 5952 writes it.

    One that maps an IPv4 address ends in it (section 5), which Python writes so from 3.13 on only.
    """
    first = words[0]
    if first < V6:
        return _dotted(first)
    if first == V6 and words[1] == 0 and words[2] == MAPPED:
        return f"::ffff:{_dotted(words[3])}"
    from ipaddress import IPv6Address

    return str(IPv6Address((first - V6) << 96 | words[1] << 64 | words[2] << 32 | words[3]))


def departed(values: Sequence[int]) -> list[Any] | None:
    """The values of `NAT_FIELDS` for those of a row of DEPARTURE, in its order; None if there is nothing to tell."""
    left, *words = values
    if left not in SIDES:
        return None
    addresses = [address_text(four) if four[0] >= 0 else None for four in (words[:4], words[4:8])]
    return [SIDES[left], *addresses, *(number if number >= 0 else None for number in words[8:])]


def _dotted(word: int) -> str:
    """An IPv4 address."""
    return f"{word >> 24}.{word >> 16 & 255}.{word >> 8 & 255}.{word & 255}"


def proto_text(family: int, proto: int) -> str | int | None:
    """The name of an IP protocol, or its number; nothing if it is not IP or not known."""
    return PROTO_WORDS.get(proto, proto) if family > 0 and proto >= 0 else None


class NamedRule(Protocol):
    """What is asked of a rule here (`fwsim.lower` gives more)."""

    @property
    def name(self) -> str | None:
        """The name its author gave it."""

    @property
    def position(self) -> int:
        """Its place in its chain, from 1."""

    @property
    def chain(self) -> int:
        """The number of its chain."""

    @property
    def line(self) -> int | None:
        """The line in its file, from 1."""

    @property
    def path(self) -> str:
        """Its file, empty if it was made in Python."""

    @property
    def text(self) -> str:
        """As it was written."""

    @property
    def not_simulated(self) -> tuple[str, ...]:
        """What it asks that cannot be answered."""


class NamedChain(Protocol):
    """What is asked of a chain here."""

    @property
    def name(self) -> str:
        """The name of the chain."""

    @property
    def line(self) -> int | None:
        """The line of its policy (or of the chain, if the policy is not written)."""


@dataclass(frozen=True)
class RuleNames:
    """The names in one ruleset, for the `chain` and `rule` of its decisions."""

    rules: Sequence[NamedRule]
    chains: Sequence[NamedChain]
    anywhere: frozenset[int] = frozenset()
    """The rules that do not ask by which interface a packet came in: where a spoofed source gets through."""

    def rule(self, rule: int) -> str | None:
        """The rule's name, or its position in the chain; `policy` if that decided; None: nobody, or not known."""
        if rule >= 0:
            return self.rules[rule].name or str(self.rules[rule].position)
        return "policy" if rule == RULE_POLICY else None

    def title(self, rule: int, chain: int) -> str | None:
        """In a sentence: `"public web"`, `rule 3 of forward`, `policy of forward`; or that it is one of several."""
        if rule >= 0:
            named = self.rules[rule]
            return f'"{named.name}"' if named.name else f"rule {named.position} of {self.chains[named.chain].name}"
        if rule == RULE_SEVERAL:
            return SEVERAL + (f" of {self.chain(chain)}" if chain >= 0 else "")
        return f"policy of {self.chain(chain)}" if rule == RULE_POLICY else None

    def chain(self, chain: int) -> str | None:
        """The name of the chain that decided."""
        return self.chains[chain].name if chain >= 0 else None

    def line(self, rule: int, chain: int) -> int | None:
        """The line of the rule, or of the policy, in the ruleset's file."""
        if rule >= 0:
            return self.rules[rule].line
        return self.chains[chain].line if rule == RULE_POLICY and chain >= 0 else None


@dataclass(frozen=True)
class Naming:
    """The names of one run. `files` may grow while the run reads its captures."""

    files: Sequence[str]
    interfaces: Sequence[str]
    rules: dict[str, RuleNames] = field(default_factory=dict)
    """By mode: `stateless` (which may have a ruleset of its own) and `stateful`."""

    def file(self, number: int) -> str:
        """The capture, as the user named it."""
        return self.files[number]

    def interface(self, number: int) -> str | None:
        """The name of a declared interface; None if not known."""
        return self.interfaces[number] if number >= 0 else None

    def decision(self, mode: str, values: Sequence[int]) -> list[Any]:
        """The values of `DECISION_FIELDS` for those of `DECISION_SOURCES` in a DECISION row."""
        numbers = dict(zip(DECISION_SOURCES, values, strict=True))
        names = self.rules[mode]
        found: dict[str, Any] = {name: words.get(numbers[name]) for name, words in DECISION_WORDS.items()}
        found["chain"] = names.chain(numbers["chain"])
        found["rule"] = names.rule(numbers["rule"])
        found["line"] = names.line(numbers["rule"], numbers["chain"])
        found["mirror"] = bool(numbers["mirror"])
        return [found[name] for name in DECISION_FIELDS]
