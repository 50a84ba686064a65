"""Rules: their statements as steps, and where they go in a chain.

Read first: `statements`, `ruleset`.
"""

from __future__ import annotations

from fwsim.netfilter.model import NetfilterRule
from fwsim.nft import block_tree, rule_tree
from fwsim.nft.tree import Node

from .reading import Reading
from .ruleset import ChainState, Ruleset, RuleState, TableState, location
from .statements import statement
from .values import refuse


def read_rule(ruleset: Ruleset, table: TableState, chain: ChainState, node: rule_tree.Rule) -> RuleState:
    """A rule; chains without a name that it jumps to are read with it."""
    reading = Reading(ruleset, table, chain, ruleset.constants)
    for each in node.statements:
        statement(reading, each)
    rule = NetfilterRule(tuple(reading.steps), node.comment, location(node))
    found = RuleState(table.next_handle(), rule, node, tuple(reading.bound), reading.any_ports)
    while ruleset.waiting:
        inner_table, inner, block = ruleset.waiting.pop()
        inner.rules += [read_rule(ruleset, inner_table, inner, each) for each in block.rules]
    return found


def place_of(chain: ChainState, target: block_tree.Target, node: Node, insert: bool) -> int:
    """Where a rule goes in its chain: behind or before another one, or to its end or beginning."""
    if target.index is not None:
        if target.index >= len(chain.rules):
            raise refuse(target, f"the chain '{chain.name}' has {len(chain.rules)} rules only")
        return target.index if insert else target.index + 1
    if target.handle is not None or target.position is not None:
        raise refuse(target, "no rule has a handle before the script is loaded, expected an index")
    return 0 if insert else len(chain.rules)


def by_handle(chain: ChainState, handle: int, node: Node) -> int:
    """The place of the rule with a handle."""
    for place, each in enumerate(chain.rules):
        if each.handle == handle:
            return place
    raise refuse(node, f"the chain '{chain.name}' has no rule with handle {handle}")
