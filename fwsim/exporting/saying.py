"""What a format cannot say: a signal that becomes a located problem, and the titles that messages give to rules.

Read first: `fwsim.errors`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fwsim.errors import Problem, RulesetError
from fwsim.netfilter.model import Chain, NetfilterRule
from fwsim.ruleset.values import Location

UNLIKE_BUCKETS = "nft counts a limit in nanoseconds, iptables in ticks of its clock: they let different packets through"
"""Why no limit of the one is a limit of the other, not even for the same rate and burst: iptables counts whole ticks
(of 4 ms), so that a packet close to when the rate allows it again may pass by the one and not by the other."""


class CannotSay(Exception):  # noqa: N818 - a signal within this package: it becomes a located Problem
    """A construct that the format has no words for; the message names it."""


def rule_title(chain: Chain, number: int, rule: NetfilterRule) -> str:
    """What messages call a rule, whose `number` counts from 1."""
    return f"rule {rule.name!r}" if rule.name else f"rule {number} of chain {chain.title}"


class Refusals:
    """All that cannot be written, told at once at the end."""

    def __init__(self, form: str) -> None:
        """`form` is the format, as messages call it."""
        self.form = form
        self.problems: list[Problem] = []

    @contextmanager
    def within(self, title: str, at: Location) -> Iterator[None]:
        """Whatever cannot be said in here is a problem of this rule, chain or set."""
        try:
            yield
        except CannotSay as error:
            what = f"{title} cannot be written as {self.form}: {error}"
            self.problems.append(Problem(at.path, at.line, at.column, what))

    def check(self) -> None:
        """Raise what there is."""
        if self.problems:
            raise RulesetError(list(dict.fromkeys(self.problems)))
