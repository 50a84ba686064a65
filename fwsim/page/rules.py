"""The ruleset with its hits, as the page shows it.

Read first: `fwsim.report.comparison.rule_table`, whose rows these are, in both modes.
"""

from __future__ import annotations

from typing import Any

from fwsim.naming import Naming
from fwsim.page.texts import shown
from fwsim.report.about import About
from fwsim.report.comparison import RuleRow, rule_table
from fwsim.report.tally import Tally

MOST = 2_000
"""Rules that are shown; of longer rulesets, those without hits are left out first."""


def told(tally: Tally, naming: Naming, about: About) -> dict[str, Any]:
    """For the page: the rules in their order, and how many are left out."""
    table = rule_table(tally, naming)
    rows = table
    if len(rows) > MOST:
        rows = [row for row in table if any(map(sum, row.verdicts))][:MOST]
    texts = _texts(naming)
    translated = {(one.chain, one.rule): one.connections for one in about.translations}
    return {
        "rows": [_row(row, texts, translated.get((row.chain or "", row.name))) for row in rows],
        "left_out": len(table) - len(rows),
    }


def _texts(naming: Naming) -> dict[tuple[str | None, str | None], str]:
    """Every rule as it was written, by its chain and name."""
    texts: dict[tuple[str | None, str | None], str] = {}
    for names in naming.rules.values():
        for number, rule in enumerate(names.rules):
            texts.setdefault((names.chain(rule.chain), names.rule(number)), rule.text)
    return texts


def _row(row: RuleRow, texts: dict[tuple[str | None, str | None], str], connections: int | None) -> dict[str, Any]:
    """One rule, policy, or lack of either."""
    return {
        "chain": shown(row.chain or ""),
        "name": shown(row.name),
        "line": row.line or 0,
        "text": shown(texts.get((row.chain, row.name), "")),
        "hits": [list(verdicts) for verdicts in row.verdicts],
        "mirrored": list(row.mirrored),
        "translates": connections,
        "of_ruleset": row.of_ruleset,
    }
