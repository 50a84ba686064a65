"""A rule of the model as instructions: its matches, its limit, what it sets.

Read first: `fwsim.ruleset.model` (Rule), INSTRUCTION and LIMIT in `fwsim.tables`. Where a match lies (`boundaries`)
is worked out here once; the index and the instructions are built from it. Counter and log need no instruction: every
match is counted, and a log entry changes no verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fwsim.engine.program import (
    OP_ADDRESS,
    OP_CHOICE,
    OP_LIMIT,
    OP_NOTRACK,
    OP_SET_CT_MARK,
    OP_SET_HELPER,
    OP_SET_MARK,
    OP_VALUE,
)
from fwsim.errors import Problem
from fwsim.ruleset import words
from fwsim.ruleset.model import Rule, Ruleset
from fwsim.ruleset.values import Addresses, Choice, Limit, Masked, MatchValue, Names, source_text
from fwsim.tables import PACKET, number_of

from .boundaries import WHOLE, Boundaries, intersection, of_addresses, of_choices, of_names, of_numbers
from .stretches import Stretches

FIELDS = {
    "ct_state": "ct_state", "family": "family", "iif": "iif", "oif": "oif", "src": "src0", "dst": "dst0",
    "proto": "proto", "sport": "sport", "dport": "dport", "tcp_flags": "flags",
    "icmp_type": "icmp_type", "icmp_code": "icmp_code", "icmpv6_type": "icmp_type", "icmpv6_code": "icmp_code",
    "dscp": "dscp", "ttl": "ttl", "length": "length", "fragment": "fragment", "vlan": "vlan", "mark": "mark",
    "ct_direction": "ct_direction", "ct_status": "ct_status", "ct_mark": "ct_mark",
}  # fmt: skip
"""The PACKET field of each match of a rule, in the order in which they are asked, which no verdict depends on."""

ORDER = {key: place for place, key in enumerate(FIELDS)}

ADDRESSES = ("src0", "dst0")
"""The fields that are four words wide."""

HIGHEST = {"ct_state": 0x7F, "flags": 0xFF, "mark": 0xFFFFFFFF, "ct_status": 0xFFFFFFFF, "ct_mark": 0xFFFFFFFF}
"""The greatest value of the fields that are matched by mask."""

CT_KEYS = ("ct_state", "ct_direction", "ct_status", "ct_mark")
"""The matches that need tracking."""

MOST_TOKENS = 1 << 62
"""A bucket of more ns would pass 63 bits (the kernel refuses beyond 64, nft_limit_init)."""

Operands = tuple[int, int, int, int, int, int, int]
"""A row of INSTRUCTION."""
LimitRow = tuple[int, int, int, int, int, int, int]
"""A row of LIMIT."""


class Ask(NamedTuple):
    """What an instruction asks, for explanations: the rule's key, the PACKET field (a limit: None), what it wants."""

    key: str
    field: str | None
    wanted: str


class Meaning(NamedTuple):
    """What a match accepts: values of the field under `mask`, None if that is no manageable set; or `choices`."""

    boundaries: Boundaries | None
    mask: int = WHOLE
    choices: tuple[Choice, ...] = ()
    negate: bool = False


class Match(NamedTuple):
    """One match of a rule, and what it means."""

    key: str
    field: str
    wanted: str
    means: Meaning

    @property
    def boundaries(self) -> Boundaries | None:
        """The set of values that it accepts."""
        return self.means.boundaries


Meanings = dict[tuple[str, MatchValue], Meaning]
"""What each value of a key means, worked out once: a set of a hundred thousand elements may stand in every rule."""


def matches_of(rule: Rule, ruleset: Ruleset, interfaces: Sequence[str], known: Meanings) -> list[Match]:
    """What a rule asks of a packet, at most one set for each field; those that the index can answer come first."""
    found: dict[str, Match] = {}
    rest: list[Match] = []
    every = [*_written(rule, ruleset, interfaces, known), *_implied(rule)]
    for match in sorted(every, key=lambda match: ORDER[match.key]):
        if match.boundaries is None:
            rest.append(match)
        elif match.field in found:
            found[match.field] = _both(found[match.field], match)
        else:
            found[match.field] = match
    return [*found.values(), *rest]


def _both(one: Match, other: Match) -> Match:
    """Two matches on the same field as one."""
    assert one.boundaries is not None
    assert other.boundaries is not None
    boundaries = intersection(one.boundaries, other.boundaries)
    wanted = one.wanted if boundaries == one.boundaries else f"{one.wanted} and {other.wanted}"
    return Match(one.key, one.field, wanted, Meaning(boundaries))


def _written(rule: Rule, ruleset: Ruleset, interfaces: Sequence[str], known: Meanings) -> list[Match]:
    """The matches that stand in the rule."""
    result = []
    for key in rule.model_fields_set & FIELDS.keys():
        value = getattr(rule, key)
        if value is None:
            continue
        meaning = known.get((key, value))
        if meaning is None:
            meaning = known[key, value] = _meaning(FIELDS[key], ruleset.resolved(key, value), interfaces)
        result.append(Match(key, FIELDS[key], source_text(value.source), meaning))
    return result


def _meaning(field: str, value: MatchValue, interfaces: Sequence[str]) -> Meaning:
    """What a value accepts, the sets put in."""
    if isinstance(value, Masked):
        return Meaning(*of_choices(value, HIGHEST[field]), value.choices, value.negated)
    if isinstance(value, Names):
        return Meaning(of_names(value, interfaces))
    if isinstance(value, Addresses):
        return Meaning(of_addresses(value))
    return Meaning(of_numbers(value))


def _implied(rule: Rule) -> list[Match]:
    """The protocol and family that other matches imply, as nft puts them in front."""
    result = []
    for key, number, names in (
        ("family", rule.implied_family, words.FAMILIES),
        ("proto", rule.implied_proto, words.PROTOCOLS),
    ):
        if number is not None:
            name = next(name for name, value in names.items() if value == number)
            result.append(Match(key, key, name, Meaning((number, number + 1))))
    return result


def instruction_of(match: Match, stretches: Stretches) -> Operands:
    """A match as a row of INSTRUCTION."""
    number = number_of(PACKET, match.field)
    if match.means.choices or match.boundaries is None:
        return OP_CHOICE, number, *stretches.of_choices(match.means.choices), 0, 0, int(match.means.negate)
    if match.field in ADDRESSES:
        first, narrow, wide = stretches.of_addresses(match.boundaries)
        return OP_ADDRESS, number, first, narrow, 0, wide, 0
    return OP_VALUE, number, *stretches.of_values(match.boundaries), 0, 0, 0


def statements_of(rule: Rule, limits: list[LimitRow]) -> list[Operands]:
    """What a rule does behind its matches, as rows of INSTRUCTION; its limit is added to `limits`."""
    result: list[Operands] = []
    if rule.limit is not None:
        result.append((OP_LIMIT, 0, len(limits), 0, 0, 0, 0))
        limits.append(limit_row(rule.limit))
    if rule.set_mark is not None:
        result.append((OP_SET_MARK, 0, 0, 0, rule.set_mark.mask, rule.set_mark.value, 0))
    if rule.set_ct_mark is not None:
        result.append((OP_SET_CT_MARK, 0, 0, 0, rule.set_ct_mark.mask, rule.set_ct_mark.value, 0))
    if rule.notrack:
        result.append((OP_NOTRACK, 0, 0, 0, 0, 0, 0))
    if rule.helper is not None:
        result.append((OP_SET_HELPER, 0, 0, 0, 0, words.HELPERS[rule.helper], 0))
    return result


def limit_problems(rules: Sequence[Rule]) -> list[Problem]:
    """A message for each limit whose bucket is too large to count in ns."""
    what = "the limit is too large to be counted, expected a shorter time, a smaller burst or a higher rate"
    return [
        Problem(rule.location.path, rule.location.line, rule.location.column, what)
        for rule in rules
        if rule.limit is not None and limit_row(rule.limit)[0] > MOST_TOKENS
    ]


def limit_row(limit: Limit) -> LimitRow:
    """A limit in tokens of one ns, as nft_limit_init works them out."""
    over = int(limit.over)
    cost = limit.per_ns // limit.rate
    if limit.unit == "packets":
        return cost * limit.burst, cost, 0, 0, 0, 0, over
    capacity = limit.per_ns * (limit.rate + limit.burst) // limit.rate
    # floor(per_ns * length / rate) <= capacity
    longest = ((capacity + 1) * limit.rate - 1) // limit.per_ns
    return capacity, cost, limit.per_ns % limit.rate, limit.rate, 1, longest, over
