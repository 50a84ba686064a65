"""Selected packets of a capture, compared with what is expected.

Read first: `fwsim.selection`, `fwsim.result`. All cases about a capture are done in one pass; a second one, as far as
it must, explains the first failure of each. Of packets that are seen twice, coming in and going out, the first counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fwsim.capture import Captures, Input, open_captures
from fwsim.errors import CaptureError, RulesetError, UsageError
from fwsim.expectations.expected import Difference, Expected, differences, expected_of
from fwsim.expectations.model import Case, Inputs
from fwsim.expectations.playing import decider
from fwsim.expectations.preparing import Prepared
from fwsim.expectations.reading import placed, resolved
from fwsim.expectations.results import CaseResult, Failure
from fwsim.explain import explain
from fwsim.naming import DECISION_SOURCES, Naming
from fwsim.report.line import headers
from fwsim.result import Result
from fwsim.run_names import naming_of
from fwsim.selection import Selection
from fwsim.simulator import MODES, Batch
from fwsim.tables import plain
from fwsim.terms import Reason

COUNTED_APART = "A packet is selected by each of its words of evidence; the table of fwsim compare counts it under one."
FAILURES_TOLD = 3
"""Packets of one case; the others are counted."""

Place = tuple[int, int]
"""The number of a file, and that of a frame in it."""


@dataclass
class Asked:
    """A case about a capture, on its way."""

    case: Case
    title: str
    selection: Selection
    expected: Expected
    failed: list[tuple[Place, str, list[Difference]]] = field(default_factory=list)
    packets: int = 0
    wrong: int = 0
    reached: set[tuple[str, int]] = field(default_factory=set)
    known: dict[tuple[int, ...], list[Difference]] = field(default_factory=dict)
    """What is not as expected, by decision."""

    @property
    def wants_copies(self) -> bool:
        """Whether second sightings of a packet count, which are not evaluated: if such a verdict is expected."""
        return any("not_evaluated" in facts.get("verdict", ()) for facts in self.expected.modes.values())

    def take(self, batch: Batch, naming: Naming) -> None:
        """Compare the selected rows of a batch."""
        copies = batch.stateful["reason"] == Reason.EGRESS_COPY
        for row in self.selection.rows(batch, naming).tolist():
            if copies[row] and not self.wants_copies:
                continue
            self.packets += 1
            found = self._differences(batch, row, naming)
            if not found:
                continue
            self.wrong += 1
            if len(self.failed) < FAILURES_TOLD:
                frame = plain(batch.frames[row])
                told = headers(plain(batch.packets[row]), frame["length"])
                self.failed.append(((frame["file"], frame["number"]), told, found))

    def _differences(self, batch: Batch, row: int, naming: Naming) -> list[Difference]:
        """What is not as expected of a row; alike decisions are compared once."""
        key = [int(batch.frames[row]["evidence"])]
        for mode in MODES:
            decision = plain(batch.decisions(mode)[row])
            key += [decision[name] for name in DECISION_SOURCES]
            number = decider(decision, len(naming.rules[mode].rules))
            if number is not None:
                self.reached.add((mode, number))
        translated = any("nat" in facts for facts in self.expected.modes.values())
        if translated or tuple(key) not in self.known:
            self.known[tuple(key)] = differences(self.expected, batch, row, naming)
        return self.known[tuple(key)]


def play_capture(inputs: Inputs, cases: Sequence[tuple[int, Case, str]], prepared: Prepared) -> dict[int, CaseResult]:
    """Play all cases about a capture (number in the file, case, title); what came of each, by number."""
    first = cases[0][0]
    asked = {
        number: Asked(case, title, Selection(case.select or "", MODES), expected_of(case))
        for number, case, title in cases
    }
    captures = _opened(inputs, prepared, first)
    simulator = prepared.simulator.anew()
    naming = naming_of(captures, simulator)
    for batch in Result(captures, simulator):
        for one in asked.values():
            one.take(batch, naming)
    warnings = tuple(f"{file.path}: {warning}" for file in captures.files for warning in file.warnings)
    wanted = {one.failed[0][0] for one in asked.values() if one.failed}
    told = _explained(wanted, _opened(inputs, prepared, first), prepared) if wanted else {}
    return {number: _result(one, prepared, naming, told, warnings) for number, one in asked.items()}


def _opened(inputs: Inputs, prepared: Prepared, number: int) -> Captures:
    """The captures, opened; what cannot be opened is told where it is named."""
    file = prepared.file
    here = file.cases[number].capture is not None
    try:
        for name, _ in inputs:
            if name is not None:
                prepared.simulator.topology.check_declared(name, f"interface {name}")
        named = [Input(resolved(file, path), interface=name) for name, path in inputs]
        return open_captures(named, merge=len(named) > 1, digest=False)
    except (CaptureError, UsageError) as error:
        path = ("cases", number, "capture") if here else ("capture",)
        raise RulesetError([placed(file, path, str(error))]) from None


def _explained(wanted: set[Place], captures: Captures, prepared: Prepared) -> dict[Place, str]:
    """What decided about these frames, step by step."""
    simulator = prepared.simulator.anew()
    naming = naming_of(captures, simulator)
    told: dict[Place, str] = {}
    for chunk in captures:
        simulator.topology.locate(captures, chunk)
        places = list(zip(chunk.frames["file"].tolist(), chunk.frames["number"].tolist(), strict=True))
        if wanted.isdisjoint(places):
            simulator.run(chunk)
            continue
        batch = simulator.undecided(chunk)
        for row, place in enumerate(places):
            if place in wanted:
                told[place] = explain(simulator, batch, row, naming)
            else:
                simulator.step(batch, row)
            if len(told) == len(wanted):
                captures.close()
                return told
    return told


def _result(
    one: Asked, prepared: Prepared, naming: Naming, told: dict[Place, str], warnings: tuple[str, ...]
) -> CaseResult:
    """What came of a case."""
    line = one.case.location.line
    failures: list[Failure] = []
    for place, text, found in one.failed:
        explanation = told.get(place, "") if not failures else ""
        failures.append(Failure(f"packet {_numbered(place, naming)}: {text}", line, tuple(found), explanation))
    failures += _miscounted(one, line)
    more = one.wrong - len(one.failed)
    path = prepared.file.location.path
    reached = frozenset(one.reached)
    return CaseResult(one.case, path, one.title, tuple(failures), one.packets, more, reached, warnings)


def _numbered(place: Place, naming: Naming) -> str:
    """The number of a packet, with the name of its capture if there are several."""
    return f"{naming.file(place[0])}:{place[1]}" if len(naming.files) > 1 else str(place[1])


def _miscounted(one: Asked, line: int) -> list[Failure]:
    """The failure that another number of packets was selected than expected."""
    wanted: Any = one.case.count
    if one.packets == wanted or (wanted is None and one.packets):
        return []
    difference = Difference("", "count", "at least 1" if wanted is None else str(wanted), str(one.packets))
    told = COUNTED_APART if "evidence" in (one.case.select or "") else ""
    return [Failure(f"packets selected by {one.case.select}", line, (difference,), told)]
