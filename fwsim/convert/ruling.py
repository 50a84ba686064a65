"""The rules of a chain as nft rules: one for each alternative of their matches.

Read first: `matching`, `stating`. Alternatives exclude each other, so a packet meets one of them, and what a rule
counts or limits is shared by them through a named object. Where a mark is asked for in several ways and a rule goes on
behind it, the mark may have changed by the time the next alternative is tried: then they stand in a chain of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fwsim.errors import Problem
from fwsim.ruleset import Rule
from fwsim.ruleset.values import Action, Location

from .comparing import Alternative, Condition
from .identifiers import Identifiers, comment_of, remark_of
from .matching import Matching, NotInNft, connection_alternatives
from .observing import DECIDED_BY_RULE, Observe, log_statement
from .stating import FINAL, GIVES_HELPER, changes, helper_object, limit_text, log_text, verdict_text


@dataclass
class ChainText:
    """One chain of the table: its name, what makes it a base chain, its rules, and the chains that these call."""

    name: str
    base: str = ""
    rules: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    at: Location = field(default_factory=Location)

    def lines(self) -> list[str]:
        """The chain as text."""
        base = [f"\t\t{self.base}"] if self.base else []
        return [f"\tchain {self.name} {{", *base, *(f"\t\t{rule}" for rule in self.rules), "\t}"]


@dataclass
class Ruling:
    """Turns one rule after another into text. `chains` are nft's names of the chains."""

    matching: Matching
    chains: Mapping[str, str]
    identifiers: Identifiers
    observe: Observe | None
    objects: list[str] = field(default_factory=list)
    extra: list[ChainText] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    asks_ct: bool = False
    """Whether a rule written so far has a ct expression, which makes the kernel track; to give a helper is none."""
    helpers: list[str] = field(default_factory=list)
    """Those declared so far."""
    names: Identifiers = field(default_factory=Identifiers)
    """Of limits and counters."""

    def add(self, chain: ChainText, number: int, rule: Rule, title: str, absent: frozenset[str]) -> None:
        """Write a rule into a chain. `number` counts the rules of the ruleset, `title` names it in messages."""
        try:
            self._add(chain, number, rule, title, absent)
        except NotInNft as problem:
            at = rule.location
            self.problems.append(Problem(at.path, at.line, at.column, f"{title} cannot be written as nft: {problem}"))

    def _add(self, chain: ChainText, number: int, rule: Rule, title: str, absent: frozenset[str]) -> None:
        """The same; raises NotInNft."""
        variants = self._variants(rule, self.matching.condition(rule, absent))
        if not variants:
            chain.rules.append(remark_of(f"{title} can match no packet"))
            return
        action, behind = rule.verdict, ""
        if len(variants) > 1 and _goes_on_with_changed_marks(rule):
            selecting = ChainText(self.identifiers.fresh(f"{chain.name}-{number}"), at=rule.location)
            self.extra.append(selecting)
            chain.rules.append(f"jump {selecting.name}")
            chain.calls.append(selecting.name)
            chain, action, behind = selecting, Action("goto", rule.verdict.target), ""
            if rule.verdict.target is None:
                action = Action("return")
        self._declare_helper(rule)
        verdict = verdict_text(rule, action, self.chains)
        if action.target is not None:
            chain.calls.append(self.chains[action.target])
        counted = self._counted(rule, number, shared=len(variants) > 1)
        behind = comment_of(rule.name) if rule.name is not None else ""
        for matches, own_changes in variants:
            parts = [*matches, *counted, *self._logged(rule), *own_changes, *self._told(rule, number), verdict, behind]
            asking = [part for part in parts if part.startswith("ct ") and not part.startswith(GIVES_HELPER)]
            self.asks_ct = self.asks_ct or bool(asking)
            chain.rules.append(" ".join(part for part in parts if part))

    def _variants(self, rule: Rule, condition: Condition) -> list[tuple[Alternative, list[str]]]:
        """The matches of each nft rule, and what it sets."""
        masked = rule.set_ct_mark is not None and rule.set_ct_mark.mask != 0xFFFFFFFF
        if not masked:
            return [(matches, changes(rule, connection=True)) for matches in condition]
        result = []
        for further, connection in zip(connection_alternatives(rule), (True, False), strict=True):
            if further is not None:
                result += [((*matches, *further), changes(rule, connection=connection)) for matches in condition]
        return result

    def _counted(self, rule: Rule, number: int, *, shared: bool) -> list[str]:
        """The limit and the counter of a rule; those of several nft rules are objects of the table."""
        result = []
        if rule.limit is not None:
            limit = limit_text(rule.limit)
            result.append(self._object("limit", number, limit) if shared else f"limit {limit}")
        if rule.counter:
            result.append(self._object("counter", number, "") if shared else "counter")
        return result

    def _object(self, kind: str, number: int, body: str) -> str:
        """Declare a limit or counter; returns the statement that uses it."""
        name = self.names.fresh(f"rule-{number}-{kind}")
        inside = [f"\t\t{body}"] if body else []
        self.objects += [f"\t{kind} {name} {{", *inside, "\t}"]
        return f'{kind} name "{name}"'

    def _declare_helper(self, rule: Rule) -> None:
        """Declare the helper that a rule gives, once."""
        if rule.helper is not None and rule.helper not in self.helpers:
            self.helpers.append(rule.helper)
            self.objects += helper_object(rule.helper)

    def _logged(self, rule: Rule) -> list[str]:
        """The log of a rule; where the kernel is observed there are no other messages."""
        return [log_text(rule.log)] if rule.log is not None and self.observe is None else []

    def _told(self, rule: Rule, number: int) -> list[str]:
        """The message that this rule decides."""
        if self.observe is None or self.observe.decisions is None or rule.verdict.kind not in FINAL:
            return []
        return [log_statement(f"{DECIDED_BY_RULE}{number}", self.observe.decisions)]


def _goes_on_with_changed_marks(rule: Rule) -> bool:
    """Whether a packet comes back behind the rule with a mark that may not be the one the rule has asked for."""
    asks = any(value is not None and len(value.choices) + len(value.sets) > 1 for value in (rule.mark, rule.ct_mark))
    sets = rule.verdict.kind == "jump" or rule.set_mark is not None or rule.set_ct_mark is not None
    return asks and sets and rule.verdict.kind in ("continue", "jump")
