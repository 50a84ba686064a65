"""The answer: whether two rulesets are equivalent, for each mode and as a whole.

Read first: `grouping`, `accepting`. Equivalent is what was proved over all packets. Different is what a witness shows.
Unknown is all else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host

from .accepting import key_of, key_of_setting
from .differences import MODES, Comparison
from .grouping import Group, groups_of
from .settings import Setting
from .universe import FAMILIES
from .walking import STEPS

EQUIVALENT, ACCEPTED, DIFFERENT, UNKNOWN = "equivalent", "accepted", "different", "unknown"
EXIT = {EQUIVALENT: 0, ACCEPTED: 0, DIFFERENT: 1, UNKNOWN: 3}


@dataclass(frozen=True)
class Named:
    """A ruleset with the name by which it was given."""

    path: str
    ruleset: Ruleset

    @property
    def rules(self) -> int:
        """How many rules it has."""
        return sum(len(chain.rules) for table in self.ruleset.netfilter.tables for chain in table.chains.values())


class Answer:
    """Two rulesets, compared."""

    def __init__(
        self,
        old: Named,
        new: Named,
        *,
        host: Host | None = None,
        modes: Sequence[str] = MODES,
        accepted: Mapping[str, str] | None = None,
        steps: int = STEPS,
        most: int | None = 0,
        families: Sequence[int] = FAMILIES,
    ) -> None:
        """Compare them; `accepted` are changes that are meant, by key."""
        self.old, self.new, self.modes = old, new, tuple(modes)
        self.comparison = Comparison(old.ruleset, new.ruleset, host, steps=steps, most=most, families=families)
        self.groups: list[Group] = groups_of(self.comparison, self.modes)
        self.settings: list[Setting] = self.comparison.settings
        self.accept(accepted or {})

    def accept(self, accepted: Mapping[str, str]) -> None:
        """From now on these changes are meant, by key."""
        self._accepted = dict(accepted)

    def is_accepted(self, group: Group) -> bool:
        """Whether a change is meant."""
        return group.witness is not None and key_of(group) in self._accepted

    def is_setting_accepted(self, setting: Setting) -> bool:
        """Whether a setting is meant to differ."""
        return key_of_setting(setting) in self._accepted

    @property
    def accepted_no_more(self) -> list[str]:
        """Changes that were accepted and are not there."""
        here = {*map(key_of, self.groups), *map(key_of_setting, self.settings)}
        return [change for key, change in self._accepted.items() if key not in here]

    @cached_property
    def reasons(self) -> list[str]:
        """Why it is not known whether there are more differences."""
        found = list(self.comparison.left_out)
        if self.comparison.budget.exceeded:
            found.append("there are too many cases to look at all of them: --steps N looks at more")
        return found

    @property
    def count(self) -> dict[str, int]:
        """How many changes are certain and not accepted, certain and accepted, and not known."""
        found = dict.fromkeys((DIFFERENT, ACCEPTED, UNKNOWN), 0)
        for group in self.groups:
            found[UNKNOWN if group.witness is None else ACCEPTED if self.is_accepted(group) else DIFFERENT] += 1
        return found

    @cached_property
    def doubts(self) -> list[str]:
        """On what it hangs whether there are differences that are not known: rules and their places."""
        return list(dict.fromkeys(doubt for group in self.groups if group.witness is None for doubt in group.doubts))

    def status_of(self, mode: str) -> str:
        """What is known of a mode."""
        shared = self.comparison.stateless_is_the_same and len(self.modes) > 1
        groups = [group for group in self.groups if group.mode == mode or shared]
        if self.reasons or any(group.witness is None for group in groups):
            return UNKNOWN
        if not all(map(self.is_accepted, groups)) or not all(map(self.is_setting_accepted, self.settings)):
            return DIFFERENT
        return ACCEPTED if groups or self.settings else EQUIVALENT

    @property
    def status(self) -> str:
        """What is known as a whole: the worst of all modes."""
        found = {self.status_of(mode) for mode in self.modes}
        return next(status for status in (UNKNOWN, DIFFERENT, ACCEPTED, EQUIVALENT) if status in found)

    @property
    def exit_status(self) -> int:
        """0 equivalent or accepted, 1 different, 3 unknown."""
        return EXIT[self.status]
