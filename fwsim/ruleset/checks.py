"""What must fit together in a ruleset: names that rules refer to, matches within a rule, chains that call chains.

Read first: `scope`, then `rule_checks`, `set_checks`, `chain_checks`. This is the last step of validating a `Ruleset`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .chain_checks import check_chains
from .mistakes import Mistakes
from .rule_checks import RuleChecks
from .scope import Finding, Scope, rules_of
from .set_checks import check_sets

if TYPE_CHECKING:
    from .model import Ruleset


def check(ruleset: Ruleset, context: Mapping[str, Any] | None) -> None:
    """Raise `Mistakes` with everything that does not fit together."""
    context = context or {}
    scope = Scope(ruleset, context.get("broken", frozenset()), context.get("open_interfaces", not ruleset.interfaces))
    found: list[Finding] = list(check_chains(scope))
    checks = RuleChecks(scope)
    for path, rule in rules_of(ruleset):
        found += checks.check(path, rule)
    found += check_sets(scope)
    if found:
        raise Mistakes(*dict.fromkeys(found))
