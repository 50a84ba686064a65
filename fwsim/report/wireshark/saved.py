"""The filters that are saved, and those with a button beside the filter's line.

Read first: `expressions`. Those of rules are of one ruleset; all others are always the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from fwsim.harmless import safe
from fwsim.naming import RuleNames
from fwsim.report.annotations import said
from fwsim.report.widths import shortened
from fwsim.terms import EVIDENCE_GROUPS, CtState, Evidence, Verdict, ct_state_words, word

from . import expressions as ask
from .colours import COLOURS

RULES_MOST = 200
"""Rules that get a filter, in each mode: nobody looks through a longer list."""
LONGEST_NAME = 100


class Filter(NamedTuple):
    """A saved filter."""

    name: str
    expression: str


class Button(NamedTuple):
    """A button: what stands on it, and beside it."""

    label: str
    expression: str
    comment: str


BUTTONS = (
    Button("differ", ask.DIFFER, "one mode admits the packet, and the other does not"),
    Button("only stateless", ask.ONLY_STATELESS, "the stateless mode admits it, and state keeps it out"),
    Button("only stateful", ask.ONLY_STATEFUL, "only keeping state lets it in"),
    Button("neither", ask.NEITHER, "rules of both modes keep it out"),
    Button("suspicious", ask.SUSPECT, "evidence speaks against the packet"),
    Button("suspicious, both admit", ask.both(ask.BOTH_ADMIT, ask.SUSPECT), "no mode helps"),
    Button("unknown", ask.UNKNOWN, "the verdict hangs on something that is not simulated"),
)
STATES = (CtState.NEW, CtState.ESTABLISHED, CtState.RELATED, CtState.INVALID, CtState.UNTRACKED)


def filters(rules: dict[str, RuleNames]) -> dict[str, str]:
    """All filters, by name; of two with one name the first. `rules` are those of each mode."""
    found: dict[str, str] = {}
    for name, expression in [*_always(), *_of_rules(rules)]:
        found.setdefault(name, expression)
    return found


def _always() -> Iterator[Filter]:
    """The filters that ask for nothing of a ruleset."""
    yield Filter("the modes differ", ask.DIFFER)
    yield from (
        Filter(*pair)
        for pair in (
            ("both admit", ask.BOTH_ADMIT),
            ("only stateless admits", ask.ONLY_STATELESS),
            ("only stateful admits", ask.ONLY_STATEFUL),
            ("neither admits", ask.NEITHER),
        )
    )
    yield from (Filter(one.name, one.expression) for one in COLOURS if one.name.endswith(", suspicious"))
    yield Filter("unknown", ask.UNKNOWN)
    yield Filter("suspicious", ask.SUSPECT)
    for group, mask in EVIDENCE_GROUPS.items():
        yield Filter(f"evidence of the group {group}", ask.evidence(mask))
    yield from (Filter(f"evidence {word(bit)}", ask.evidence(bit)) for bit in Evidence if bit)
    for mode in ask.MODES:
        yield from (Filter(f"{mode}: {word(one)}", ask.says(mode, word(one))) for one in Verdict)
        yield Filter(f"{mode}: decided by a policy", ask.says(f"{mode}.rule", "policy"))
    yield Filter("stateless: through the mirror", ask.says("stateless.mirror", "yes"))
    yield from (
        Filter(f"ct state {ct_state_words(state)}", ask.says("stateful.ct_state", ct_state_words(state)))
        for state in STATES
    )
    yield Filter("annotated", ask.ANNOTATED)


def _of_rules(rules: dict[str, RuleNames]) -> Iterator[Filter]:
    """A filter for each rule, by its chain and its name or place."""
    for mode, names in [(mode, rules[mode]) for mode in ask.MODES if mode in rules]:
        for number, rule in enumerate(islice(names.rules, RULES_MOST)):
            chain, name = names.chain(rule.chain) or "", names.rule(number) or ""
            title = shortened(safe(f"{mode}: rule {name} of {chain}"), LONGEST_NAME)
            yield Filter(title, ask.holds(" ".join([said(f"{mode}.chain", chain), said(f"{mode}.rule", name)])))
