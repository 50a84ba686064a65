"""A ruleset as nft text: one table that means the same to the kernel.

Read first: `nft(8)`; `ruling`. `to_nft` does it; what cannot be said exactly is a `RulesetError` with its place.

* A chain at one hook is a base chain. One at several hooks becomes a chain with the rules and a base chain for each
  hook that jumps to it, so that its limits and counters stay common.
* Of chains with equal priority the kernel runs the one first that was registered last, and `fwsim.lower.bases` does
  the same: the chains stand in the order of the ruleset.
* The kernel tracks as soon as a rule has a ct expression. `tracking: on` without one gets a chain that nothing calls.
  A chain at priority -200 comes before tracking if packets are tracked already when the file is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fwsim.errors import Problem, RulesetError, UsageError
from fwsim.lower import needs_tracking
from fwsim.netfilter import NetfilterRule
from fwsim.ruleset import Chain, Ruleset
from fwsim.ruleset.chain_checks import DEEPEST_JUMP
from fwsim.ruleset.rule_checks import ALWAYS_THERE
from fwsim.terms import Hook, word
from fwsim.topology.settings import declared_settings

from .identifiers import Identifiers, remark_of
from .matching import TRANSPORT, Interfaces, Matching
from .named_sets import NamedSets
from .observing import DECIDED_BY_POLICY, Observe, log_statement, observers
from .ruling import ChainText, Ruling
from .sysctls import sysctls

TABLE = "inet fwsim"
REASSEMBLY = -400
"""NF_IP_PRI_CONNTRACK_DEFRAG: where packets are tracked, chains behind it see no fragments."""
TRACKING = "ct state new"
"""A rule that makes the kernel track; it does nothing, in a chain that nothing calls."""

ABSENT = {
    Hook.PREROUTING: {"oif"}, Hook.INPUT: {"oif"}, Hook.FORWARD: set(), Hook.OUTPUT: {"iif"}, Hook.POSTROUTING: {"iif"},
}  # fmt: skip
"""The interfaces that a packet may lack at each hook."""


def to_nft(ruleset: Ruleset, *, devices: Mapping[str, str] | None = None, observe: Observe | None = None) -> str:
    """The ruleset for `nft -f`. It takes the place of an earlier table of the same name.

    `devices` are the Linux devices of the interfaces, where they are called otherwise; with `observe` every decision
    is told by a log message (see `observing`).
    """
    return _Export(ruleset, devices or {}, observe).text()


class _Export:
    """One ruleset on its way to text."""

    def __init__(self, ruleset: Ruleset, devices: Mapping[str, str], observe: Observe | None) -> None:
        """Name the chains; nothing is written yet."""
        self.ruleset = ruleset
        self.observe = observe
        self.identifiers = Identifiers()
        self.chains = {name: self.identifiers.fresh(name) for name in ruleset.all_chains}
        self.sets = NamedSets()
        matching = Matching(ruleset, _interfaces(ruleset, devices), self.sets)
        self.ruling = Ruling(matching, self.chains, self.identifiers, observe)
        self.rules = [rule for chain in ruleset.all_chains.values() for rule in chain.rules]
        self.absent = _absent(ruleset, fragments=not self._is_tracked())

    def text(self) -> str:
        """Everything; raises RulesetError with all that nft cannot say."""
        self.ruling.problems += _untracked_but_asked(self.ruleset)
        settings = sysctls(self.ruleset, only_given=True) | declared_settings(self.ruleset, self.ruleset.interfaces)
        chains = self._chains()
        self.ruling.problems += _too_deep(chains)
        if self.ruling.problems:
            raise RulesetError(self.ruling.problems)
        title = [remark_of(self.ruleset.name)] if self.ruleset.name else []
        lines = [
            *title,
            *(f"# sysctl -w {name}={value}" for name, value in settings.items()),
            f"table {TABLE}",
            f"delete table {TABLE}",
            f"table {TABLE} {{",
            *self.sets.written,
            *self.ruling.objects,
            *(line for chain in chains for line in chain.lines()),
            "}",
        ]
        return "\n".join([*lines, ""])

    def _chains(self) -> list[ChainText]:
        """All chains of the table, in the order in which they are to be registered."""
        result: list[ChainText] = []
        first = 0
        for number, (name, chain) in enumerate(self.ruleset.all_chains.items()):
            written = self._written(number, name, chain)
            self._fill(written[0], name, chain, first)
            first += len(chain.rules)
            result += written
        result += self.ruling.extra
        tracked = self._is_tracked()
        if tracked and not self.ruling.asks_ct:
            result.append(ChainText(self.identifiers.fresh("tracking"), rules=[TRACKING]))
        for observer in observers(self.observe, tracked=tracked) if self.observe is not None else ():
            base = _base(observer.hook, observer.priority, "accept")
            result.append(ChainText(self.identifiers.fresh(observer.name), base, list(observer.rules)))
        return result

    def _is_tracked(self) -> bool:
        """Whether packets are tracked, as `fwsim.lower` decides it."""
        tracking = self.ruleset.tracking
        return tracking == "on" or (tracking == "auto" and any(map(needs_tracking, _run(self.ruleset))))

    def _written(self, number: int, name: str, chain: Chain) -> list[ChainText]:
        """A chain, still without rules, and the base chains that jump to it."""
        own = ChainText(self.chains[name], at=chain.location)
        policy = word(chain.policy)
        told = self.observe.decisions if self.observe is not None else None
        if len(chain.hook) == 1 and told is None:
            own.base = _base(chain.hook[0], chain.priority, policy)
            return [own]
        result = [own]
        for hook in chain.hook:
            rules = [f"jump {own.name}"]
            if told is not None:
                rules.append(log_statement(f"{DECIDED_BY_POLICY}{number}", told))
            called = self.identifiers.fresh(f"{name}-{word(hook)}")
            result.append(ChainText(called, _base(hook, chain.priority, policy), rules, [own.name], chain.location))
        return result

    def _fill(self, text: ChainText, name: str, chain: Chain, first: int) -> None:
        """Write the rules of a chain, whose numbers begin with `first`."""
        for position, rule in enumerate(chain.rules):
            title = f"rule {position + 1} of chain {name}" if rule.name is None else f"rule {rule.name!r}"
            self.ruling.add(text, first + position, rule, title, self.absent[name])


def _base(hook: Hook, priority: int, policy: str) -> str:
    """What makes a chain a base chain."""
    return f"type filter hook {word(hook)} priority {priority}; policy {policy};"


def _interfaces(ruleset: Ruleset, devices: Mapping[str, str]) -> Interfaces:
    """The devices of the interfaces; refuses one of an interface that is not declared, or that is another's as well."""
    declared = tuple(ruleset.interfaces)
    for name in devices:
        if declared and name not in (*declared, ALWAYS_THERE):
            raise UsageError(f"no interface is called {name!r}, declared are {', '.join(declared)}")
    every = {name: devices.get(name, name) for name in (*declared, *devices)}
    for name, device in devices.items():
        if device.endswith("*"):
            _check_wildcard(name, device, every)
    return Interfaces(devices, declared or tuple(devices) or None)


def _check_wildcard(name: str, device: str, every: Mapping[str, str]) -> None:
    """Refuse a beginning of device names that stands for all of them, or for those of another interface."""
    beginning = device.removesuffix("*")
    if not beginning:
        raise UsageError(f"{name}={device}: every device: expected one, or the beginning of names before the *")
    for other, its in every.items():
        if other != name and its.removesuffix("*").startswith(beginning):
            raise UsageError(f"{name}={device}: that is {its}, the device of {other}, too")


def _absent(ruleset: Ruleset, *, fragments: bool) -> dict[str, frozenset[str]]:
    """For each chain what its packets may lack, from the base chains that they come from.

    Without tracking (`fragments`), and before reassembly at any rate, a packet may be a later fragment.
    """
    chains = ruleset.all_chains
    absent: dict[str, set[str]] = {}
    for name, chain in chains.items():
        absent[name] = {key for hook in chain.hook for key in ABSENT[hook]}
        if chain.hook and (fragments or chain.priority <= REASSEMBLY):
            absent[name].add(TRANSPORT)
    pending = list(chains)
    while pending:
        name = pending.pop()
        for target in {rule.verdict.target for rule in chains[name].rules}:
            if target is not None and not absent[name] <= absent[target]:
                absent[target] |= absent[name]
                pending.append(target)
    return {name: frozenset(own) for name, own in absent.items()}


def _run(ruleset: Ruleset) -> Iterator[NetfilterRule]:
    """The rules in the terms of netfilter."""
    for table in ruleset.netfilter.tables:
        for chain in table.chains.values():
            yield from chain.rules


def _untracked_but_asked(ruleset: Ruleset) -> Iterator[Problem]:
    """With `tracking: off` nothing may ask for ct: the kernel would track."""
    for rule in _run(ruleset) if ruleset.tracking == "off" else ():
        if needs_tracking(rule):
            at = rule.location
            what = "a rule with a ct key cannot be written as nft with 'tracking: off': the kernel would track"
            yield Problem(at.path, at.line, at.column, what)


def _too_deep(chains: list[ChainText]) -> Iterator[Problem]:
    """Chains nested deeper than the kernel allows, by those that were added here."""
    by_name = {chain.name: chain for chain in chains}
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        """How many levels of chains lie below one; the model has refused loops."""
        if name not in depths:
            depths[name] = max((depth(called) + 1 for called in by_name[name].calls), default=0)
        return depths[name]

    for chain in chains:
        if chain.base and depth(chain.name) > DEEPEST_JUMP:
            what = (
                f"chain {chain.name} cannot be written as nft: with the chains that it takes there, jumps are nested "
                f"deeper than the {DEEPEST_JUMP} levels that the kernel allows"
            )
            yield Problem(chain.at.path, chain.at.line, chain.at.column, what)
