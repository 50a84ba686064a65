"""A ruleset as tables: its interfaces and sets, and each chain with its rules and their lines.

Read first: `fwsim.ruleset.model` and `fwsim.netfilter.model`. Rules of nft and iptables are shown as they were written,
ours by what they ask and do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from fwsim.netfilter.model import Netfilter
from fwsim.notebook.markup import MOST, Markup, block, element, table, written
from fwsim.report.figures import counted
from fwsim.ruleset import Chain, Rule, Ruleset
from fwsim.ruleset.write import flow
from fwsim.terms import Hook, Verdict, word

DOING = ("verdict", "reject_with")
CHAINS = 50
"""Chains that are shown."""


def ruleset_html(ruleset: Ruleset) -> str:
    """The whole ruleset."""
    imported = ruleset.netfilter.format != "yaml"
    chains = list(_imported(ruleset.netfilter) if imported else _written(ruleset))
    rules = sum(number for _, _, number in chains)
    path = ruleset.location.path.rpartition("/")[2]
    named = " ".join(filter(None, [ruleset.name or "", f"({path})" if path else ""]))
    title = f"{counted(rules, 'rule')} in {counted(len(chains), 'chain')}"
    parts = [element("p", element("b", "Ruleset " + named if named else "Ruleset"), f": {title}")]
    parts += _declared(ruleset)
    parts += _sets(ruleset.netfilter) if imported else []
    for head, body, _ in chains[:CHAINS]:
        parts += [element("p", element("b", head)), body]
    parts += [element("p", f"... {len(chains) - CHAINS:,} more chains")] if len(chains) > CHAINS else []
    return block(*parts)


def _declared(ruleset: Ruleset) -> list[Markup]:
    """What stands beside the chains, as it was written."""
    said: Mapping[str, Any] = ruleset.model_dump(
        include={"interfaces", "conntrack", "stateless", "local", "tracking", "rp_filter", "sets"},
        exclude_unset=True, exclude_none=True,
    )  # fmt: skip
    rows: list[tuple[object, object, object]] = []
    for key, value in said.items():
        if isinstance(value, Mapping):
            rows += [(key, name, flow(item)) for name, item in value.items()]
        else:
            rows.append((key, "", flow(value)))
    return [table(("", "", ""), rows, "<<~")] if rows else []


def _sets(netfilter: Netfilter) -> list[Markup]:
    """Named sets of tables."""
    rows = [
        (f"{one.family} {one.name}", named.name, " . ".join(named.kinds), written(named.location.text))
        for one in netfilter.tables
        for named in one.sets.values()
    ]
    return [table(("table", "set", "of", ""), rows, "<<<~")] if rows else []


def _title(name: str, hooks: tuple[Hook, ...], policy: Verdict, priority: int) -> str:
    """A chain in a line."""
    if not hooks:
        return f"chain {name}, which rules jump to"
    where = "+".join(map(word, hooks))
    return f"chain {name} at {where}, priority {priority}, policy {word(policy)}"


def _written(ruleset: Ruleset) -> Iterator[tuple[str, Markup, int]]:
    """Chains of ours."""
    for name, chain in ruleset.all_chains.items():
        head = _title(name, chain.hook, chain.policy, chain.priority)
        rows = (_rule(number, rule) for number, rule in enumerate(islice(chain.rules, MOST), 1))
        yield head, _of_chain(rows, chain), len(chain.rules)


def _of_chain(rows: Iterator[tuple[str, str, str, Markup]], chain: Chain) -> Markup:
    """The rules of a chain."""
    return table(("line", "rule", "if", "then"), rows, "><~<", total=len(chain.rules))


def _rule(number: int, rule: Rule) -> tuple[str, str, str, Markup]:
    """A rule of ours: its line, its name, what it asks and what it does."""
    said = rule.model_dump(exclude_unset=True, exclude_none=True)
    asked = ", ".join(f"{key} {flow(value)}" for key, value in said.items() if key not in (*DOING, "name"))
    done = " ".join(flow(said[key]) for key in DOING if key in said)
    return str(rule.location.line or "-"), rule.name or str(number), asked, element("b", done)


def _imported(netfilter: Netfilter) -> Iterator[tuple[str, Markup, int]]:
    """Chains of nft and iptables."""
    for one in netfilter.tables:
        for chain in one.chains.values():
            head = _title(chain.title, chain.hooks, chain.policy, chain.priority)
            rows = [
                (str(rule.location.line or "-"), rule.name or str(number), written(rule.location.text))
                for number, rule in enumerate(chain.rules[:MOST], 1)
            ]
            yield head, table(("line", "rule", "as written"), rows, "><~", total=len(chain.rules)), len(chain.rules)
