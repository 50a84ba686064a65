"""Declared chains: their type, hook, priority and policy.

Read first: `ruleset`. Which types and hooks a family has is the kernel's (`nft_chain_filter.c` and its like).
"""

from __future__ import annotations

from fwsim.nft import block_tree
from fwsim.nft.priorities import priority_number
from fwsim.nft.tree import Expression, List, Node, SetLiteral, Symbol, Variable

from .ruleset import ChainState, Ruleset, TableState
from .values import refuse, unveiled

FIVE = frozenset(["prerouting", "input", "forward", "output", "postrouting"])
NAT = FIVE - {"forward"}
ROUTE = frozenset(["output"])
TYPES: dict[str, dict[str, frozenset[str]]] = {
    "ip": {"filter": FIVE, "nat": NAT, "route": ROUTE}, "ip6": {"filter": FIVE, "nat": NAT, "route": ROUTE},
    "inet": {"filter": FIVE | {"ingress"}, "nat": NAT, "route": ROUTE}, "bridge": {"filter": FIVE},
    "arp": {"filter": frozenset(["input", "output"])}, "netdev": {"filter": frozenset(["ingress", "egress"])},
}  # fmt: skip
"""By family: the types of base chains, and the hooks of each."""

TRACKING = -200
"""Addresses are translated behind connection tracking (NF_IP_PRI_CONNTRACK)."""


def declare(
    ruleset: Ruleset, table: TableState, node: Node, name: str, body: block_tree.Chain | None, exclusive: bool
) -> ChainState:
    """A chain as it is declared; one that is there may only be told its policy anew."""
    found = table.chains.get(name)
    if found is not None and exclusive:
        raise refuse(node, f"there is a chain '{name}' already")
    if found is None:
        found = ChainState(name, node, table.next_handle())
        if body is not None and body.base is not None:
            _hook(ruleset, table, found, body, body.base)
        table.chains[name] = found
    elif body is not None and body.base is not None:
        _same(ruleset, table, found, body, body.base)
    if body is not None:
        _policy(table, found, body)
    return found


def _hook(
    ruleset: Ruleset, table: TableState, chain: ChainState, body: block_tree.Chain, base: block_tree.Base
) -> None:
    """Hook a chain up."""
    types = TYPES[table.family]
    if not any(base.hook in hooks for hooks in types.values()):
        raise refuse(base, f"tables of {table.family} have no hook {base.hook}")
    if base.type not in types or base.hook not in types[base.type]:
        raise refuse(base, f"tables of {table.family} have no chain of type {base.type} at {base.hook}")
    chain.kind, chain.hook = base.type, base.hook
    chain.priority = priority_number(base.priority, table.family, base.hook)
    if base.type == "nat" and chain.priority <= TRACKING:
        raise refuse(
            base.priority, f"a chain of type nat stands behind connection tracking, expected more than {TRACKING}"
        )
    _devices(table, chain, body, base)
    chain.registered = ruleset.next_base()


def _devices(table: TableState, chain: ChainState, body: block_tree.Chain, base: block_tree.Base) -> None:
    """The devices of an ingress or egress chain."""
    names = [name for each in (*base.devices, *body.devices) for name in device_names(each)]
    needed = base.hook in ("ingress", "egress")
    if names and not needed:
        raise refuse(base, "a chain at this hook belongs to no device")
    if not names and needed:
        raise refuse(base, f"a chain at {base.hook} needs a device")
    chain.devices = tuple(dict.fromkeys(names))


def device_names(node: Expression) -> list[str]:
    """The names of devices: a word, or a variable that holds words."""
    node = unveiled(node)
    if isinstance(node, Symbol):
        return [node.name]
    if isinstance(node, SetLiteral):
        return [name for each in node.elements for name in device_names(each.key)]
    if isinstance(node, List):
        return [name for each in node.items for name in device_names(each)]
    raise refuse(node, "expected the name of an interface")


def _same(
    ruleset: Ruleset, table: TableState, chain: ChainState, body: block_tree.Chain, base: block_tree.Base
) -> None:
    """A chain that is declared again must be hooked up alike."""
    other = ChainState(chain.name, body)
    _hook(ruleset, table, other, body, base)
    ruleset.bases -= 1
    if (other.kind, other.hook, other.priority) != (chain.kind, chain.hook, chain.priority):
        raise refuse(base, f"the chain '{chain.name}' is another one already")
    chain.devices = tuple(dict.fromkeys((*chain.devices, *other.devices)))


def _policy(table: TableState, chain: ChainState, body: block_tree.Chain) -> None:
    """The policy of a base chain."""
    policy = body.policy
    if policy is None:
        return
    if isinstance(policy, Variable):
        value = unveiled(policy)
        if not isinstance(value, Symbol) or value.name not in ("accept", "drop"):
            raise refuse(policy, "expected a policy: accept or drop")
        policy = value.name
    if chain.hook is None:
        raise refuse(body, f"the chain '{chain.name}' is not hooked up, expected no policy")
    chain.policy = policy
    chain.policy_line = policy_line(body)


def policy_line(body: block_tree.Chain) -> int:
    """The line that says the policy."""
    end = body.rules[0].start if body.rules else body.end
    place = body.source.text.find("policy", body.start, end)
    while place >= 0 and body.base is not None and body.base.start <= place < body.base.end:
        place = body.source.text.find("policy", place + 1, end)
    return body.source.place(place)[0] if place >= 0 else body.line
