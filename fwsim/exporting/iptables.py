"""A ruleset in the terms of netfilter as the text of `iptables-save` or `ip6tables-save`.

Read first: `iptables_rules`. `iptables_text` does it, for one family: the two have files of their own. A base chain
must stand where iptables has one: at the hook and the priority of one of its five tables. Sets are written out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fwsim.errors import UsageError
from fwsim.lower.needs import every_step
from fwsim.netfilter.model import ANY_FAMILY, Chain, Netfilter, Table
from fwsim.terms import Hook, Verdict

from .drafting import is_shared
from .iptables_rules import IptDrafting
from .iptables_words import BUILTIN, PLACES, ChainNames, comment
from .reaching import hooks_of, targets_of
from .saying import CannotSay, Refusals, rule_title

FORM = {4: "iptables", 6: "ip6tables"}


def families_of(netfilter: Netfilter) -> tuple[int, ...]:
    """The families whose packets the rules see."""
    seen = {table.sees for table in netfilter.tables if table.chains}
    return (4, 6) if ANY_FAMILY in seen or not seen else tuple(sorted(seen))


def iptables_text(netfilter: Netfilter, family: int | None = None) -> str:
    """The ruleset for `iptables-restore`, or `ip6tables-restore` with the family 6.

    Raises RulesetError with all that iptables cannot say, UsageError if the family must be chosen.
    """
    if family is None:
        families = families_of(netfilter)
        if len(families) > 1:
            raise UsageError(
                "the rules see IPv4 and IPv6, and each has a file of its own: --family 4 for iptables-restore, "
                "--family 6 for ip6tables-restore"
            )
        (family,) = families
    return _Export(netfilter, family).text()


class _Export:
    """One family of a ruleset on its way to text."""

    def __init__(self, netfilter: Netfilter, family: int) -> None:
        """Nothing is written yet."""
        self.netfilter = netfilter
        self.family = family
        self.refusals = Refusals(FORM[family])
        self.tables = [table for table in netfilter.tables if table.sees in (ANY_FAMILY, family)]
        self.used: dict[tuple[str, Hook], Chain] = {}

    def text(self) -> str:
        """All tables that have a chain."""
        bases: dict[str, list[tuple[Table, Chain]]] = {place: [] for place in PLACES}
        for table in self.tables:
            for chain in table.chains.values():
                with self.refusals.within(f"chain {chain.title}", chain.location):
                    place = self._place(table, chain)
                    if place is not None:
                        bases[place].append((table, chain))
        lines = [line for place, chains in bases.items() if chains for line in self._table(place, chains)]
        self.refusals.check()
        return "\n".join([*lines, ""])

    def _place(self, table: Table, chain: Chain) -> str | None:
        """The table of iptables that a base chain belongs to; None for a chain that is jumped to."""
        if chain.other_hook is not None or table.family in ("arp", "bridge", "netdev"):
            raise CannotSay(f"a chain of a table of {table.family}, or at the hook {chain.other_hook}")
        if not chain.hooks:
            return None
        try:
            found = {self._place_at(chain, hook) for hook in chain.hooks}
        except CannotSay:
            if chain.kind == "nat" and not chain.rules and chain.policy == Verdict.ACCEPT:
                return None  # it does nothing
            raise
        if len(found) != 1:
            raise CannotSay("a chain at hooks of several tables")
        (place,) = found
        for hook in chain.hooks:
            other = self.used.setdefault((place, hook), chain)
            if other is not chain:
                raise CannotSay(f"iptables has one chain {BUILTIN[hook]} in {place}, and chain {other.title} is there")
        return place

    @staticmethod
    def _place_at(chain: Chain, hook: Hook) -> str:
        """The table with a chain at this hook and priority."""
        for place, priorities in PLACES.items():
            if priorities.get(hook) == chain.priority and (place == "nat") == (chain.kind == "nat"):
                if place == "nat" and chain.policy != Verdict.ACCEPT:
                    raise CannotSay("a policy other than accept in nat")
                return place
        raise CannotSay(f"no table of iptables has a chain at {hook.name.lower()} with the priority {chain.priority}")

    def _table(self, place: str, bases: Sequence[tuple[Table, Chain]]) -> list[str]:
        """One table: its chains with their policies, then the rules."""
        names = ChainNames()
        drafting = IptDrafting(place, self.family, self.netfilter.format, names)
        entries = list(self._entries(place, bases, names))
        policies = {BUILTIN[hook]: "ACCEPT" for hook in PLACES[place]}
        for _, chain in bases:
            policies |= {BUILTIN[hook]: chain.policy.name for hook in chain.hooks}
        for table, chain, chains in entries:
            self._chain(drafting, table, chain, chains)
        own = [sheet for sheet in drafting.sheets if sheet.name not in policies]
        return [
            f"*{place}",
            *(f":{name} {policy} [0:0]" for name, policy in policies.items()),
            *(f":{sheet.name} - [0:0]" for sheet in own),
            *(rule for sheet in drafting.sheets for rule in sheet.rules),
            "COMMIT",
        ]

    def _entries(
        self, place: str, bases: Sequence[tuple[Table, Chain]], names: ChainNames
    ) -> Iterator[tuple[Table, Chain, dict[str, str]]]:
        """The chains of a table of iptables: base chains, and all that they lead to, with the names of these."""
        for table in dict.fromkeys(id(table) for table, _ in bases):
            own = [(each, chain) for each, chain in bases if id(each) == table]
            reached = self._reached(own[0][0], [chain for _, chain in own])
            if own[0][0].name == place:
                reached += self._unused(own[0][0])
            chains = {chain.name: names.fresh(chain.name) for chain in reached if not chain.hooks}
            for chain in reached:
                yield own[0][0], chain, chains

    @staticmethod
    def _unused(table: Table) -> list[Chain]:
        """Chains that nothing leads to, in a table that is one of iptables."""
        reached = hooks_of(table)
        return [chain for name, chain in table.chains.items() if not reached[name]]

    @staticmethod
    def _reached(table: Table, bases: Sequence[Chain]) -> list[Chain]:
        """Base chains and those that they lead to."""
        found = {chain.name: chain for chain in bases}
        pending = list(bases)
        while pending:
            for name in targets_of(pending.pop(), table):
                if name not in found and name in table.chains:
                    found[name] = table.chains[name]
                    pending.append(found[name])
        return list(found.values())

    def _chain(self, drafting: IptDrafting, table: Table, chain: Chain, chains: dict[str, str]) -> None:
        """The rules of one chain, at each of its hooks; in a chain of its own if they count something together."""
        reached = hooks_of(table)[chain.name]
        hooks: tuple[Hook | None, ...] = chain.hooks or (None,)
        if len(hooks) > 1 and any(is_shared(step) for rule in chain.rules for step in every_step(rule.steps)):
            chains = {**chains, chain.name: drafting.fresh(chain.name)}
            for hook in chain.hooks:
                drafting.open(BUILTIN[hook]).rules.append(f"-A {BUILTIN[hook]} -j {chains[chain.name]}")
            hooks = (None,)
        for place in hooks:
            drafting.begin(table, chains, reached if place is None else frozenset({place}))
            drafting.open(chains[chain.name] if place is None else BUILTIN[place])
            for number, rule in enumerate(chain.rules, start=1):
                with self.refusals.within(rule_title(chain, number, rule), rule.location):
                    drafting.comment = comment(rule.name) if rule.name else ""
                    drafting.add(rule.steps)
            drafting.comment = ""
