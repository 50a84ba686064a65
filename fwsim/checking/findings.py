"""Findings on a ruleset: each with its place, the rules involved, and a packet that shows it.

Read first: `kinds`, `fwsim.lower` (`RuleInfo.not_simulated`), `fwsim.netfilter.model` (Remark). What is told of packets
is exact over all of them (`fwsim.space`); where that would take too many steps, that is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial

from fwsim.checking.own_addresses import needed_addresses
from fwsim.exporting.reaching import hooks_of
from fwsim.lower import Lowered, RuleInfo, lower
from fwsim.lower.needs import tracks
from fwsim.netfilter.model import Set, Table, every_step
from fwsim.netfilter.steps import Choose, Effectless, Lookup, Match, Step, Unknown
from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host
from fwsim.terms import word
from fwsim.topology import Topology, settled
from fwsim.topology.fib import where
from fwsim.topology.unplaced import interfaces_without_network

from .kinds import Finding, Kind, finding, fingerprinted
from .spoofed import gaps
from .telling import Telling, told

NOT_OF_PACKETS = frozenset((Kind.NOT_SIMULATED, Kind.REMARK, Kind.NO_NETWORK, Kind.NO_ADDRESS, Kind.MISTAKE))
"""Kinds for which no packet has to be looked at."""
PARTS = ("v4", "v6", "intervals", "choices", "names", "prefixes")
"""Where values of all types keep what they hold."""
EVERY = frozenset(Kind)
FEW = 500
"""Rules of a ruleset whose anti-spoofing gaps are looked for without being asked: that takes longer than the rest."""


def findings_of(ruleset: Ruleset, path: str, host: Host | None = None, only: Collection[Kind] = EVERY) -> list[Finding]:
    """The findings of some kinds on a ruleset, in the order of the file; `host` describes the machine it is for."""
    topology = Topology.build(ruleset, host=host)
    names, places = names_of(ruleset, topology), settled(topology.places)
    lowered = lower(ruleset, interfaces=names, routes=partial(where, topology), places=places)
    found = [*_not_simulated(lowered, ruleset, path), *_remarks(ruleset, path), *_needed(ruleset, topology, path)]
    told_of = frozenset(only) | {Kind.UNKNOWN} if set(only) - NOT_OF_PACKETS else frozenset(only)
    wanted = EVERY if set(only) == {Kind.UNKNOWN} else told_of  # to know what is unknown, everything has to be asked
    at_last: list[Finding] = []
    if Kind.SPOOFING in wanted and (len(lowered.rules) <= FEW or wanted != EVERY):
        gap = list(gaps(ruleset, path, host, asked=wanted != EVERY))
        found += (one for one in gap if one.line)
        at_last += (one for one in gap if not one.line)
    if wanted - NOT_OF_PACKETS - {Kind.SPOOFING, Kind.UNKNOWN}:
        more, waiting = (rules_that(ruleset, lowered, test) for test in (_doing_more, _waiting))
        telling = Telling(lowered, path, more, waiting, _alone_tracking(ruleset, lowered))
        found += told(telling, wanted)
        at_last += telling.not_found_out()
    found.sort(key=lambda one: (one.path, one.line, one.column))
    every = [*found, *at_last, *_unplaced(ruleset, topology, path)]
    return fingerprinted(one for one in every if one.kind in told_of)


def names_of(ruleset: Ruleset, topology: Topology) -> tuple[str, ...]:
    """The interfaces, and one for each beginning of names that rules ask for: any that is called so and not named."""
    known = set(topology.names)
    more = [name for name in dict.fromkeys(ruleset.netfilter.interfaces) if name.endswith("*") and name not in known]
    return (*topology.names, *more)


def _doing_more(table: Table, steps: list[Step]) -> bool:
    """Whether a rule does something that no packet shows: it writes a log, for example. Counting is not enough."""
    return any(isinstance(step, Effectless) and not step.counter for step in steps)


def _waiting(table: Table, steps: list[Step]) -> bool:
    """Whether a rule asks for a set of the table that is empty as it is written."""
    empty = {name for name, one in table.sets.items() if not one.elements and not one.cases and not _is_filled(one)}
    return not empty.isdisjoint(name for step in steps for name in _sets_of(step))


def _alone_tracking(ruleset: Ruleset, lowered: Lowered) -> frozenset[int]:
    """The rule without which packets would not be tracked, if there is just one."""
    asking = rules_that(ruleset, lowered, lambda _, steps: any(map(tracks, steps)))
    return asking if ruleset.tracking == "auto" and len(asking) == 1 else frozenset()


def _is_filled(one: Set) -> bool:
    """Whether a set that is kept as one value has any."""
    return any(getattr(one.value, part, ()) for part in PARTS)


def _sets_of(step: Step) -> Iterator[str]:
    """The sets and maps that a step names."""
    if isinstance(step, Match):
        yield from getattr(step.value, "sets", ())
    named = step.set if isinstance(step, Lookup) else step.map if isinstance(step, Choose) else None
    if named is not None:
        yield named


def rules_that(ruleset: Ruleset, lowered: Lowered, test: Callable[[Table, list[Step]], bool]) -> frozenset[int]:
    """The rules of which something is true, by their numbers."""
    found = set()
    for table in ruleset.netfilter.tables:
        for chain in table.chains.values():
            for position, rule in enumerate(chain.rules, 1):
                if test(table, list(every_step(rule.steps))):
                    found.add((chain.title, position))
    return frozenset(rule.number for rule in lowered.rules if (lowered.chains[rule.chain].name, rule.position) in found)


def _not_simulated(lowered: Lowered, ruleset: Ruleset, path: str) -> Iterator[Finding]:
    """What rules ask or do that is not simulated; a remark if it has an answer wherever packets meet the rule."""
    idle = _answered_here(ruleset) if any(rule.not_simulated for rule in lowered.rules) else {}
    for rule in lowered.rules:
        for construct in rule.not_simulated:
            name = f'rule "{rule.name}"' if rule.name else f"rule {rule.position}"
            chain = lowered.chains[rule.chain].name
            hooks = idle.get((chain, rule.position, construct))
            kind = Kind.NOT_SIMULATED if hooks is None else Kind.REMARK
            what = construct if hooks is None else f"{construct}: never so at {hooks}"
            yield finding(kind, rule.path or path, rule.line or 0, _column(rule), what, f"{name} of {chain}", rule.text)


def _answered_here(ruleset: Ruleset) -> dict[tuple[str, int, str], str]:
    """What cannot be simulated at some hooks, but is false at those from which its rule is reached: at which.

    By the title of the chain, the rule's position and the construct.
    """
    found = {}
    for table in ruleset.netfilter.tables:
        reached = hooks_of(table)
        for name, chain in table.chains.items():
            for position, rule in enumerate(chain.rules, 1):
                for step in every_step(rule.steps):
                    if isinstance(step, Unknown) and not step.elsewhere and reached[name].isdisjoint(step.hooks):
                        words = ", ".join(word(hook) for hook in sorted(reached[name]))
                        found[chain.title, position, step.construct] = words
    return {key: hooks for key, hooks in found.items() if hooks}


def _column(rule: RuleInfo) -> int:
    """Where a rule begins in its line."""
    return rule.column if rule.line else 0


def _remarks(ruleset: Ruleset, path: str) -> Iterator[Finding]:
    """What the reader of the ruleset had to say."""
    for remark in ruleset.netfilter.remarks:
        at = remark.location
        yield finding(Kind.REMARK, at.path or path, at.line, at.column, remark.what, text=at.text)


def _needed(ruleset: Ruleset, topology: Topology, path: str) -> Iterator[Finding]:
    """The own addresses that rules translate to, and nobody has told."""
    for needed in needed_addresses(ruleset.netfilter, topology):
        at = needed.location
        yield finding(Kind.NO_ADDRESS, at.path or path, at.line, at.column, needed.text(), needed.rule, at.text)


def _unplaced(ruleset: Ruleset, topology: Topology, path: str) -> Iterator[Finding]:
    """The interfaces of the rules behind which no network is known."""
    for name in interfaces_without_network(ruleset.netfilter, topology):
        what = f"nothing is known to lie behind {name}: --interface {name.rstrip('*')}=CIDR, --topology FILE or --live"
        yield finding(Kind.NO_NETWORK, path, 0, 0, what)
