"""What the kernel checks when all commands are done: jumps, and what stands at which hooks.

Read first: `ruleset`. As `nft_chain_validate` of the kernel: from every base chain along all jumps.
"""

from __future__ import annotations

from fwsim.errors import Problem
from fwsim.netfilter.model import every_step
from fwsim.netfilter.steps import Choose, Step, Verdict
from fwsim.nft.tree import Node

from .ruleset import ChainState, Ruleset, RuleState, TableState
from .values import refuse

MOST_JUMPS = 16
"""NFT_JUMP_STACK_SIZE: a chain this many jumps away from its base chain is too far."""

FIVE = frozenset(["prerouting", "input", "forward", "output", "postrouting"])
HOOKS: dict[str, frozenset[str]] = {
    "snat": frozenset(["postrouting", "input"]), "masquerade": frozenset(["postrouting"]),
    "dnat": frozenset(["prerouting", "output"]), "redirect": frozenset(["prerouting", "output"]),
    "reject": frozenset(["prerouting", "input", "forward", "output", "ingress"]),
    "tproxy": frozenset(["prerouting"]),
    "pkttype set": frozenset(["prerouting", "ingress"]), "synproxy": frozenset(["input", "forward"]),
    "flow": frozenset(["forward"]), "socket": frozenset(["prerouting", "input", "output"]),
    "osf": frozenset(["prerouting", "input", "forward"]),
    "rt mtu": frozenset(["forward", "output", "postrouting"]),
    "ipsec in": frozenset(["prerouting", "input", "forward"]),
    "ipsec out": frozenset(["forward", "output", "postrouting"]),
    "fib oif by none": frozenset(["prerouting", "input", "forward"]),
    "fib oif by iif": frozenset(["prerouting", "input", "forward"]),
    "fib oif by oif": frozenset(),
    "fib type by none": FIVE, "fib type by iif": frozenset(["prerouting", "input", "forward"]),
    "fib type by oif": frozenset(["output", "postrouting", "forward"]),
}  # fmt: skip
"""Where what is bound to hooks may stand."""

ONLY_NAT = frozenset(["snat", "dnat", "masquerade", "redirect"])
"""What stands in chains of type nat only."""

Jump = tuple[str, RuleState | None]


def check(ruleset: Ruleset) -> list[Problem]:
    """All mistakes of the whole, at most one for each chain and kind of chain it is reached from."""
    found: list[Problem] = []
    for table in ruleset.tables.values():
        found += Checking(table).problems()
    return found


class Checking:
    """Goes through a table."""

    def __init__(self, table: TableState) -> None:
        """The jumps of each chain are looked up once."""
        self.table = table
        self.jumps = {name: jumps_of(table, chain) for name, chain in table.chains.items()}
        self.found: dict[tuple[str, int, int, str], Problem] = {}

    def problems(self) -> list[Problem]:
        """The mistakes of a table."""
        for chain in self.table.chains.values():
            self.targets(chain)
        for chain in self.table.chains.values():
            if chain.hook is not None:
                self.depth(chain)
                self.bound(chain)
        return list(self.found.values())

    def refuse(self, node: Node, what: str) -> None:
        """A mistake, told once."""
        for problem in refuse(node, what).problems:
            self.found[problem.path, problem.line, problem.column, problem.what] = problem

    def targets(self, chain: ChainState) -> None:
        """Nothing jumps to a base chain."""
        for name, rule in self.jumps[chain.name]:
            target = self.table.chains.get(name)
            node = rule.node if rule is not None else chain.node
            if target is None:
                self.refuse(node, f"there is no chain '{name}' in {self.table.title}")
            elif target.hook is not None:
                self.refuse(node, f"'{name}' is a base chain, expected a chain without a hook")

    def reached(self, base: ChainState) -> list[ChainState]:
        """A base chain and all chains that can be reached from it."""
        seen = {base.name: base}
        waiting = [base]
        while waiting:
            for name, _ in self.jumps[waiting.pop().name]:
                target = self.table.chains.get(name)
                if target is not None and name not in seen:
                    seen[name] = target
                    waiting.append(target)
        return list(seen.values())

    def depth(self, base: ChainState) -> None:
        """Jumps go neither round in a circle nor too deep; each chain is entered once for every depth at most."""
        level: list[Jump] = [(base.name, None)]
        for _ in range(MOST_JUMPS):
            following: dict[str, RuleState | None] = {}
            for name, _ in level:
                following.update(jump for jump in self.jumps.get(name, ()) if jump[0] not in following)
            level = list(following.items())
            if not level:
                return
        name, rule = level[0]
        node = rule.node if rule is not None else self.table.chains[name].node
        self.refuse(node, f"more than {MOST_JUMPS - 1} jumps in a row from the chain '{base.name}', or in a circle")

    def bound(self, base: ChainState) -> None:
        """What is bound to hooks stands at its own."""
        for chain in self.reached(base):
            for rule in chain.rules:
                for node, what in rule.bound:
                    self.allowed(base, node, what)

    def allowed(self, base: ChainState, node: Node, what: str) -> None:
        """One thing that is bound to hooks, reached from a base chain."""
        if what in ONLY_NAT and base.kind != "nat":
            self.refuse(node, f"'{what}' stands in chains of type nat, the chain '{base.name}' is of type {base.kind}")
        elif base.hook not in HOOKS[what]:
            where = ", ".join(sorted(HOOKS[what])) or "no hook"
            self.refuse(node, f"'{what}' cannot be reached from {base.hook}, expected {where}")


def jumps_of(table: TableState, chain: ChainState) -> list[Jump]:
    """The chains that the rules of a chain jump to."""
    found: dict[str, RuleState | None] = {}
    for rule in chain.rules:
        for name in targets_in(table, rule.rule.steps):
            found.setdefault(name, rule)
    return list(found.items())


def targets_in(table: TableState, steps: tuple[Step, ...]) -> list[str]:
    """The chains that steps jump to, also by named maps."""
    names = []
    for step in every_step(steps):
        if isinstance(step, Verdict) and step.target is not None:
            names.append(step.target)
        elif isinstance(step, Choose) and step.map is not None and step.map in table.sets:
            names += table.sets[step.map].targets()
    return names
