"""Files of expectations, run: each case against a firewall that has seen nothing; and which rules they reach.

Read first: `playing`, `selected`. A case does not depend on the cases before it, nor on which others are chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fwsim.errors import FwsimError, Problem, RulesetError, UsageError
from fwsim.expectations.model import Case, Expectations, Inputs
from fwsim.expectations.playing import play
from fwsim.expectations.preparing import NO_OVERRIDES, Overrides, Prepared, captures_of, missing_files, prepare
from fwsim.expectations.reading import PartlyReadError, inputs_of, read_expectations
from fwsim.expectations.results import CaseResult, Coverage, Line, Reached, Report
from fwsim.expectations.selected import play_capture
from fwsim.simulator import MODES

Chooser = Callable[[str, str, Case], bool]
"""Says whether a case is to be run, by the file's path, the case's title, and the case."""


class Suite:
    """One file and its firewall. Cases about the same capture are run together, when the first is asked for."""

    def __init__(self, file: Expectations, overrides: Overrides = NO_OVERRIDES) -> None:
        """Load the ruleset; raises RulesetError."""
        self.file = file
        self.path = file.location.path
        self.prepared: Prepared = prepare(file, overrides)
        self.titles = titles_of(file.cases)
        self._captured: dict[int, CaseResult] = {}

    def result(self, number: int) -> CaseResult:
        """What comes of the case of this number, from 0."""
        case = self.file.cases[number]
        if case.select is None:
            return play(case, number, self.prepared, self.titles[number])
        if number not in self._captured:
            inputs = self._inputs(case)
            alike = [
                (other, one, self.titles[other])
                for other, one in enumerate(self.file.cases)
                if one.select is not None and self._inputs(one) == inputs
            ]
            self._captured |= play_capture(inputs, alike, self.prepared)
        return self._captured[number]

    def chosen(self, choose: Chooser | None) -> list[int]:
        """The numbers of the cases that are chosen."""
        return chosen_of(self.file, self.titles, choose)

    def _inputs(self, case: Case) -> Inputs:
        """The captures that a case selects from."""
        return case.capture or self.file.capture or ()


def titles_of(cases: Sequence[Case]) -> list[str]:
    """The names of cases, each once: of those that have none, what they are about, numbered where it is the same."""
    titles: list[str] = []
    taken = {case.name for case in cases if case.name is not None}
    for case in cases:
        title, number = case.title, 1
        while case.name is None and (title in taken or title in titles):
            number += 1
            title = f"{case.title} ({number})"
        titles.append(title)
    return titles


def run_files(paths: Iterable[str], overrides: Overrides = NO_OVERRIDES, choose: Chooser | None = None) -> Report:
    """Run the cases that are chosen of all files, in order; every file is read before any case is run.

    A file with mistakes is none of the others' business: it has them in `Report.refused`, and no results.
    """
    refused: dict[str, FwsimError] = {}
    suites: dict[str, Suite] = {}
    inputs: list[str] = []
    files = list(paths)
    for path in files:
        try:
            suites[path] = opened(path, overrides, choose, inputs)
        except FwsimError as error:
            refused[path] = error
    results: list[CaseResult] = []
    left_out = 0
    reached: dict[str, Reached] = {}
    for path, suite in list(suites.items()):
        chosen = suite.chosen(choose)
        try:
            found = [suite.result(number) for number in chosen]
        except FwsimError as error:
            refused[path] = error
            del suites[path]
            continue
        results += found
        left_out += len(suite.file.cases) - len(chosen)
        name = suite.prepared.ruleset
        reached[name] = reached.get(name, frozenset()).union(*(result.reached for result in found))
    by_ruleset = {suite.prepared.ruleset: suite.prepared for suite in suites.values()}
    coverage = [coverage_of(one, reached.get(name, frozenset())) for name, one in by_ruleset.items()]
    told = [suites[path].path if path in suites else path for path in files]
    inputs += [path for one in coverage for path in (one.ruleset, *(line.path for line in one.lines)) if path]
    return Report(told, results, coverage, left_out, refused, list(dict.fromkeys(inputs)))


def opened(path: str, overrides: Overrides, choose: Chooser | None, inputs: list[str]) -> Suite:
    """A file with its firewall; `RulesetError` with all of its mistakes, whatever they are about.

    The files that it names are added to `inputs`.
    """
    problems: list[Problem] = []
    try:
        file = read_expectations(path)
        inputs += inputs_of(file.root)
    except PartlyReadError as error:
        inputs += inputs_of(error.root)
        if error.rest is None:
            raise
        file, problems = error.rest, error.problems
    titles = titles_of(file.cases)
    numbers = chosen_of(file, titles, choose)
    problems = problems + missing_files(file, captures_of(file, numbers))
    try:
        suite = Suite(file, overrides)
    except RulesetError as error:
        problems = problems + error.problems
    except UsageError:
        if not problems:
            raise
    if problems:
        raise RulesetError(list(dict.fromkeys(problems)))
    return suite


def chosen_of(file: Expectations, titles: Sequence[str], choose: Chooser | None) -> list[int]:
    """The numbers of the cases that are chosen."""
    path = file.location.path
    return [n for n, case in enumerate(file.cases) if choose is None or choose(path, titles[n], case)]


def coverage_of(prepared: Prepared, reached: Reached) -> Coverage:
    """Which rules and policies of a ruleset were reached, in either mode."""
    simulator = prepared.simulator
    lowered = simulator.lowered["stateful"]
    modes = [mode for mode in MODES if simulator.lowered[mode] is lowered]
    met = {number for mode, number in reached if mode in modes}
    lines = []
    for number, rule in enumerate(lowered.rules):
        chain = lowered.chains[rule.chain].name
        title = f'"{rule.name}"' if rule.name else f"rule {rule.position} of {chain}"
        lines.append(Line(title, rule.path, rule.line, is_policy=False, reached=number in met))
    for number, one in enumerate(lowered.chains):
        if one.hooks and one.kind == "filter":
            place = len(lowered.rules) + number
            lines.append(Line(f"policy of {one.name}", "", one.line, is_policy=True, reached=place in met))
    return Coverage(prepared.ruleset, tuple(lines))
