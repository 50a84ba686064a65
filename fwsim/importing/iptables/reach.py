"""Which hooks reach which chain: loops are refused, and rules that the kernel does not let stand there.

Read first: `machine`. As in the kernel (`x_tables.c`, mark_source_chains), what no hook reaches is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.errors import Problem
from fwsim.terms import Hook

from .machine import ChainState, Entry, TableState


def problems_of(table: TableState) -> Iterator[Problem]:
    """What is wrong with the chains of a table as a whole."""
    reached: dict[str, set[Hook]] = {}
    for chain in table.chains.values():
        if chain.base is not None:
            yield from _walk(table, chain, chain.base.hook, reached)
    for name, hooks in reached.items():
        for entry in table.chains[name].entries:
            wrong = hooks - entry.hooks
            if wrong:
                yield _problem(entry, wrong)


def _problem(entry: Entry, wrong: set[Hook]) -> Problem:
    """A rule that stands where an extension of it does not work."""
    place, rule = entry.location, entry.rule
    names = [use.text for use in (*rule.uses, rule.use) if use and wrong - (use.extension.hooks & use.hooks)]
    hooks = ", ".join(hook.name.lower() for hook in sorted(wrong))
    return Problem(place.path, place.line, place.column, f"{' and '.join(names)} has no place at {hooks}")


def _walk(table: TableState, base: ChainState, hook: Hook, reached: dict[str, set[Hook]]) -> Iterator[Problem]:
    """Follow all jumps from a base chain."""
    reached.setdefault(base.name, set()).add(hook)
    done: set[str] = set()
    path: dict[str, None] = {base.name: None}
    stack = [iter([entry for entry in base.entries if entry.jump])]
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
            done.add(path.popitem()[0])
            continue
        target = entry.jump
        assert target is not None
        if target in path:
            place = entry.location
            yield Problem(place.path, place.line, place.column, f"the jump to `{target}` makes a loop")
        elif target not in done:
            reached.setdefault(target, set()).add(hook)
            path[target] = None
            stack.append(iter([entry for entry in table.chains[target].entries if entry.jump]))
