"""A result counted while it streams by, and what is to be said about it then.

Read first: `fwsim.report.tally` and `fwsim.report.about_run`: the figures and words are those of `fwsim compare`.
"""

from __future__ import annotations

from dataclasses import replace

from fwsim.lower import families_of_one
from fwsim.report.about import About, AboutRuleset
from fwsim.report.about_run import (
    advice_of,
    capture_notes,
    captures_of,
    limit_notes,
    order_notes,
    policies,
    translations,
)
from fwsim.report.comparison import unchained_notes
from fwsim.report.tally import Slots, Tally
from fwsim.result import Result
from fwsim.run_names import naming_of
from fwsim.simulator import Batch
from fwsim.tracker import bytes_of_a_connection

IN_PYTHON = "(made in Python)"


class Counting:
    """The figures of a result, as far as it has been read."""

    def __init__(self, result: Result) -> None:
        """Nothing is counted yet."""
        self.result = result
        self.naming = naming_of(result.captures, result.simulator)
        names = self.naming.rules
        self.tally = Tally(
            result.modes, {mode: Slots(len(names[mode].rules), len(names[mode].chains)) for mode in names}
        )

    def add(self, batch: Batch) -> None:
        """Count a batch."""
        self.tally.add(batch)

    def about(self) -> About:
        """What is to be said besides the figures."""
        result, simulator, tally = self.result, self.result.simulator, self.tally
        counters = result.statistics
        advice = advice_of(result, tally)
        lowered = simulator.lowered["stateful" if "stateful" in result.modes else "stateless"]
        told = About(
            modes=result.modes,
            captures=captures_of(result.captures.files, broken_off=not result.read_whole),
            ruleset=self._ruleset(len(lowered.rules)),
            connections=counters["created"],
            peak_connections=counters["peak"],
            memory=counters["peak"] * bytes_of_a_connection(),
            tracking=simulator.lowered["stateful"].tracking,
            translations=tuple(translations(simulator, result.modes)),
            notes=(
                *simulator.topology.notes(),
                *order_notes(result.captures.files),
                *capture_notes(result.captures.notes),
                *limit_notes(simulator, tally),
                *unchained_notes(tally, families_of_one(lowered)),
            ),
            hint=(advice,) if advice else (),
        )
        return told if result.read_whole else replace(told, interrupted=f"read so far are {tally.frames:,} packets")

    def _ruleset(self, rules: int) -> AboutRuleset:
        """The ruleset, and that of the stateless mode if it has one of its own."""
        simulator = self.result.simulator
        by_hand = simulator.lowered["stateless"] is not simulator.lowered["stateful"]
        other = next((rule.path for rule in simulator.lowered["stateless"].rules if rule.path), IN_PYTHON)
        path = simulator.ruleset.location.path or IN_PYTHON
        said = policies(simulator, self.result.modes)
        return AboutRuleset(path, None, rules, said, other if by_hand else None)
