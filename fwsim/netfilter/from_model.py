"""Our own rulesets in the terms of netfilter: every key of a rule as steps.

Read first: `fwsim.ruleset.model` (Rule), `steps`. One table holds all chains, and sees both families. Values that are
equal are one object, since a set of a hundred thousand elements may stand in every rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fwsim.ruleset import words
from fwsim.ruleset.values import MARK_MASK, MatchValue, Numbers, SetMark, source_text

from .model import Chain, Netfilter, NetfilterRule, Table
from .steps import Assign, Effectless, Match, NoTrack, Rate, SetHelper, Step, Term, Verdict

if TYPE_CHECKING:
    from fwsim.ruleset.model import Rule, Ruleset

FIELDS = {
    "ct_state": "ct_state", "family": "family", "iif": "iif", "oif": "oif", "src": "src", "dst": "dst",
    "proto": "proto", "sport": "sport", "dport": "dport", "tcp_flags": "tcp_flags",
    "icmp_type": "icmp_type", "icmp_code": "icmp_code", "icmpv6_type": "icmp_type", "icmpv6_code": "icmp_code",
    "dscp": "dscp", "ttl": "ttl", "length": "length", "fragment": "fragment", "vlan": "vlan", "mark": "mark",
    "ct_direction": "ct_direction", "ct_status": "ct_status", "ct_mark": "ct_mark",
}  # fmt: skip
"""The field of each match of a rule, in the order in which they are asked, which no verdict depends on."""

ORDER: dict[object, int] = {field: place for place, field in enumerate(FIELDS.values())}

TABLE = "fwsim"


def netfilter_of(ruleset: Ruleset) -> Netfilter:
    """The ruleset as one table."""
    reading = _Reading(ruleset)
    chains = {
        name: Chain(
            name=name,
            title=name,
            hooks=chain.hook,
            priority=chain.priority,
            policy=chain.policy,
            rules=tuple(map(reading.rule, chain.rules)),
            location=chain.location,
            registered=number,
        )
        for number, (name, chain) in enumerate(ruleset.all_chains.items())
    }
    table = Table("inet", TABLE, chains, location=ruleset.location)
    return Netfilter((table,), "yaml")


class _Reading:
    """The matches of one ruleset, each made once."""

    def __init__(self, ruleset: Ruleset) -> None:
        """Nothing is read yet."""
        self.ruleset = ruleset
        self.known: dict[tuple[str, MatchValue], Match] = {}

    def rule(self, rule: Rule) -> NetfilterRule:
        """One rule."""
        steps = (
            *self._matches(rule),
            *_statements(rule),
            Verdict(rule.verdict.kind, rule.verdict.target, rule.reject_with, _verdict_text(rule)),
        )
        return NetfilterRule(steps, rule.name, rule.location)

    def _matches(self, rule: Rule) -> list[Match]:
        """What it asks, and what that implies."""
        given = [(key, getattr(rule, key)) for key in rule.model_fields_set & FIELDS.keys()]
        matches = [self._match(key, value) for key, value in given if value is not None]
        return sorted([*matches, *_implied(rule)], key=lambda match: ORDER[match.selector])

    def _match(self, key: str, value: MatchValue) -> Match:
        """One match, the sets put in."""
        match = self.known.get((key, value))
        if match is None:
            resolved = self.ruleset.resolved(key, value)
            match = self.known[key, value] = Match(FIELDS[key], resolved, text=source_text(value.source))
        return match


def _implied(rule: Rule) -> Iterator[Match]:
    """The family and protocol that other matches imply."""
    for field, number, names in (
        ("family", rule.implied_family, words.FAMILIES),
        ("proto", rule.implied_proto, words.PROTOCOLS),
    ):
        if number is not None:
            name = next(name for name, value in names.items() if value == number)
            yield Match(field, Numbers(((number, number),)), text=name)


def _statements(rule: Rule) -> Iterator[Step]:
    """What it does, in the order of the keys."""
    if rule.limit is not None:
        yield Rate(rule.limit, text=source_text(rule.limit.source))
    if rule.counter:
        yield Effectless("counter", counter=True)
    if rule.log is not None:
        yield Effectless("log", log_prefix=rule.log.prefix)
    if rule.set_mark is not None:
        yield _assigned("mark", rule.set_mark)
    if rule.set_ct_mark is not None:
        yield _assigned("ct_mark", rule.set_ct_mark)
    if rule.notrack:
        yield NoTrack("notrack")
    if rule.helper is not None:
        yield SetHelper(rule.helper, rule.helper)


def _assigned(target: str, mark: SetMark) -> Assign:
    """`(old & ~mask) | value`."""
    terms = (Term(target, MARK_MASK & ~mark.mask),) if mark.mask != MARK_MASK else ()
    return Assign(target, mark.value, terms, source_text(mark.source), lenient=True)


def _verdict_text(rule: Rule) -> str:
    """The verdict as the rule writes it."""
    return rule.verdict.kind if rule.verdict.target is None else f"{rule.verdict.kind} {rule.verdict.target}"
