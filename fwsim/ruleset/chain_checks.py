"""Chains that call chains: unknown targets, loops, too many levels, rejects where none can be sent.

Read first: `scope`. What is refused is what nft and the kernel refuse (measured on 6.18).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fwsim.terms import Hook

from .mistakes import KEY, Path, seen, unknown
from .scope import Finding, Scope, chains_of
from .words import SHORTHAND

if TYPE_CHECKING:
    from .model import Chain

DEEPEST_JUMP = 15
"""How many chains may be nested below a base chain: NFT_JUMP_STACK_SIZE is 16, and the 16th level is refused."""


@dataclass(frozen=True)
class Jump:
    """A rule that jumps or goes to a chain."""

    path: Path
    source: str
    target: str


def check_chains(scope: Scope) -> Iterator[Finding]:
    """Everything that is wrong with the chains."""
    ruleset = scope.ruleset
    if SHORTHAND in ruleset.chains and {"rules", "policy"} & ruleset.model_fields_set:
        yield (
            ("chains", SHORTHAND, KEY),
            f"the chain name {seen(SHORTHAND)} is taken by 'rules' and 'policy' at the top level",
        )
    jumps: list[Jump] = []
    for path, name, chain in chains_of(ruleset):
        yield from _without_hook(scope, path, chain)
        yield from _repeated_names(path, chain)
        jumps += _jumps(path, name, chain)
    yield from (finding for jump in jumps for finding in _bad_target(scope, jump))
    known = [jump for jump in jumps if jump.target in ruleset.all_chains]
    levels, loops = _levels(list(ruleset.all_chains), known)
    yield from loops
    if not loops:
        yield from _too_deep(scope, known, levels)
    yield from _misplaced_rejects(scope, known)


def _without_hook(scope: Scope, path: Path, chain: Chain) -> Iterator[Finding]:
    """`policy` and `priority` mean nothing in a chain that no packet enters by itself."""
    if chain.hook or scope.is_broken(*path, "hook"):
        return
    for key in ("policy", "priority"):
        if key in chain.model_fields_set:
            yield (*path, key, KEY), f"{key!r} needs a 'hook': only a chain at a hook has one"


def _repeated_names(path: Path, chain: Chain) -> Iterator[Finding]:
    """Two rules of one chain with the same name could not be told apart in any output."""
    first: dict[str, int] = {}
    for position, rule in enumerate(chain.rules):
        if rule.name is not None and first.setdefault(rule.name, position) != position:
            other = chain.rules[first[rule.name]].location.line
            where = f"in line {other}" if other else f"number {first[rule.name] + 1}"
            yield (
                (*path, "rules", position, "name"),
                f"the name {seen(rule.name)} is taken by the rule {where}",
            )


def _jumps(path: Path, name: str, chain: Chain) -> Iterator[Jump]:
    """The jumps and gotos of a chain."""
    for position, rule in enumerate(chain.rules):
        if rule.verdict.target is not None:
            yield Jump((*path, "rules", position, "verdict"), name, rule.verdict.target)


def _bad_target(scope: Scope, jump: Jump) -> Iterator[Finding]:
    """A target that does not exist, or that has a hook of its own."""
    chain = scope.ruleset.all_chains.get(jump.target)
    if chain is None:
        known = scope.names("chains")
        if jump.target not in known:
            base = [name for name, other in scope.ruleset.chains.items() if other.hook]
            yield jump.path, unknown("chain", jump.target, [name for name in known if name not in base])
    elif chain.hook:
        yield jump.path, f"{seen(jump.target)} is a base chain (it has a hook), expected a chain without hook"


def _levels(names: list[str], jumps: list[Jump]) -> tuple[dict[str, int], list[Finding]]:
    """How deep below a chain without callers each chain can be called, and the jumps that close loops.

    Chains are taken when all their callers have been taken (Kahn); what remains is in or behind a loop.
    """
    callers = dict.fromkeys(names, 0)
    calls: dict[str, list[Jump]] = {name: [] for name in names}
    for jump in jumps:
        callers[jump.target] += 1
        calls[jump.source].append(jump)
    levels = dict.fromkeys(names, 0)
    ready = [name for name in names if not callers[name]]
    while ready:
        name = ready.pop()
        for jump in calls[name]:
            levels[jump.target] = max(levels[jump.target], levels[name] + 1)
            callers[jump.target] -= 1
            if not callers[jump.target]:
                ready.append(jump.target)
    return levels, _loops([name for name in names if callers[name]], calls)


def _loops(names: list[str], calls: dict[str, list[Jump]]) -> list[Finding]:
    """The loops among chains, each told at the jump that closes it (depth first, iteratively)."""
    found: list[Finding] = []
    done: set[str] = set()
    for start in names:
        way = [] if start in done else [start]
        pending = [iter(calls[start])]
        while way:
            jump = next(pending[-1], None)
            if jump is None:
                done.add(way.pop())
                pending.pop()
            elif jump.target in way:
                loop = [*way[way.index(jump.target) :], jump.target]
                found.append((jump.path, f"a loop of jumps: {' -> '.join(map(seen, loop[:9]))}"))
            elif jump.target not in done:
                way.append(jump.target)
                pending.append(iter(calls[jump.target]))
    return found


def _too_deep(scope: Scope, jumps: list[Jump], levels: dict[str, int]) -> Iterator[Finding]:
    """The jumps into the first level that is too deep."""
    for jump in jumps:
        if levels[jump.source] == DEEPEST_JUMP and levels[jump.target] == DEEPEST_JUMP + 1:
            yield jump.path, f"jumps are nested deeper than the {DEEPEST_JUMP} levels that the kernel allows"


def _misplaced_rejects(scope: Scope, jumps: list[Jump]) -> Iterator[Finding]:
    """No reject can be sent from postrouting (`nft_reject_inet_validate`)."""
    chains = scope.ruleset.all_chains
    reached = {name for name, chain in chains.items() if Hook.POSTROUTING in chain.hook}
    calls: dict[str, list[str]] = {}
    for jump in jumps:
        calls.setdefault(jump.source, []).append(jump.target)
    pending = list(reached)
    while pending:
        for target in calls.get(pending.pop(), ()):
            if target not in reached:
                reached.add(target)
                pending.append(target)
    for path, name, chain in chains_of(scope.ruleset):
        for position, rule in enumerate(chain.rules if name in reached else ()):
            if rule.verdict.kind == "reject":
                yield (*path, "rules", position, "verdict"), "reject cannot be used at postrouting, expected drop"
