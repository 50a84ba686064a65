"""Questions about routes, as alternatives of matches that exclude each other.

Read first: `fwsim.netfilter.fields` (Fib), `fwsim.topology.fib`, which answers them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol, TypeAlias

from fwsim.netfilter.fields import Fib
from fwsim.netfilter.steps import AtHook, Match, Step, Unknown
from fwsim.ruleset.values import Addresses, MatchValue
from fwsim.terms import Hook

Ways: TypeAlias = "tuple[tuple[Match, ...], ...]"
"""Alternatives, of each of which all matches must hold."""


class Where(Protocol):
    """For which packets a match on routes is true, for which it may be, and what of these is not known."""

    @property
    def true(self) -> Ways:
        """Those for which it is true."""

    @property
    def unknown(self) -> Ways:
        """Those for which it is not known."""

    @property
    def why(self) -> str:
        """What is not known."""


Routes: TypeAlias = Callable[[Fib, MatchValue, Hook], Where]
"""What answers questions about routes, at a hook."""


def routed(fib: Fib, step: Match, hooks: Iterable[Hook], family: int, routes: Routes) -> list[list[Step]]:
    """The alternatives of a match in a chain that is walked at these hooks, by packets of this family (0: both)."""
    answers: dict[tuple[Ways, Ways, str], list[Hook]] = {}
    for hook in sorted(hooks):
        answer = routes(fib, step.value, hook)
        answers.setdefault((answer.true, answer.unknown, answer.why), []).append(hook)
    ways: list[list[Step]] = []
    for (true, unknown, why), at in answers.items():
        here: list[Step] = [AtHook(frozenset(at))] if len(answers) > 1 else []
        ways += [[*here, *(replace(match, text=step.text) for match in way)] for way in true if _is_of(family, way)]
        lost = Unknown(f"{step.text}: {why}" if step.text else why)
        ways += [[*here, *way, lost] for way in unknown if _is_of(family, way)]
    return ways


def _is_of(family: int, way: Iterable[Match]) -> bool:
    """Whether packets of a family can take this way."""
    values = [match.value for match in way if isinstance(match.value, Addresses)]
    return family == 0 or all(value.v4 if family == 4 else value.v6 for value in values)
