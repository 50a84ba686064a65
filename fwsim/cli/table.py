"""The work of `fwsim conntrack`: run to where the user wants to look, list the table, or tell its events.

Read first: `fwsim.cli.partly`, `fwsim.report.conntrack_listing`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, cast

import click

from fwsim.capture import Captures
from fwsim.cli.events import Event, Watch
from fwsim.cli.options import InputOptions, Moment, SelectionOptions
from fwsim.cli.partly import End, Partly, Until, behind, never, one_by_one
from fwsim.cli.runs import Run, Window, damage, start
from fwsim.cli.streams import Compiling, opened, warn
from fwsim.cli.summing_up import unknowns_of
from fwsim.cli.targets import check_target
from fwsim.errors import UsageError
from fwsim.explain.frame_numbers import single_frame
from fwsim.harmless import safe
from fwsim.reasons import SENTENCES
from fwsim.report.cells import seconds_text
from fwsim.report.conntrack_listing import event, listed, record
from fwsim.report.figures import counted, moment
from fwsim.report.unknown import Unknowns
from fwsim.result import Result
from fwsim.simulator import Batch
from fwsim.terms import Reason
from fwsim.tracker import connections_listing

MODES = ("stateful",)
UNKNOWN_VERDICTS = 3
"""The exit status if a verdict is unknown: then the table may be another one."""


@dataclass(frozen=True)
class View:
    """What of the table is wanted, in which form, and where to."""

    at: Moment | None
    after: str | None
    selecting: SelectionOptions
    output: str
    as_json: bool
    verbose: bool


class Selected:
    """The numbers of the connections that a selected packet belongs to; all of them without a selection."""

    def __init__(self, view: View) -> None:
        """Raises UsageError where the expression is wrong."""
        self.window = Window(view.selecting, MODES)
        self.all = not view.selecting.given
        self.numbers: set[int] = set()

    def add(self, run: Run, batch: Batch) -> None:
        """Look at a batch that is decided."""
        if not self.all:
            rows = self.window.rows(batch, run.naming)
            self.numbers.update(batch.stateful["connection"][rows].tolist())

    def __contains__(self, connection: dict[str, Any]) -> bool:
        """Whether a connection is selected."""
        return self.all or connection["number"] in self.numbers


def show_table(inputs: InputOptions, view: View) -> int:
    """Run, and list the connections that are there then."""
    check_target(view.output, inputs.sources)
    end = _end(inputs, view)
    selected = Selected(view)
    run = start(inputs, MODES, jobs=inputs.jobs)
    part = Partly(run.captures, end)
    unknowns = unknowns_of(run)
    now = 0
    result = Result(cast(Captures, part), run.simulator)
    result.on_compiling = Compiling()
    with opened(view.output) as out:
        for batch in result:
            now = int(batch.packets["now"][-1])
            selected.add(run, batch)
            unknowns.add(batch)
        _check_reached(part, view)
        if isinstance(end, Until):
            now = max(now, end.time or 0)
        there = [known for known in _listing(run) if known["expires"] > now and known in selected]
        _write_table(out, run, there, now, as_json=view.as_json, verbose=view.verbose)
    _tell_untracked(run)
    _tell_too_early(end, view)
    if not view.as_json:
        click.echo(f"{counted(len(there), 'connection')} at {moment(now)}", err=True)
    return _status(run, unknowns)


def _status(run: Run, unknowns: Unknowns) -> int:
    """The exit status, as of a replay: 2 if a capture is damaged, 3 if a verdict is unknown, and what on; else 0."""
    warn(unknowns.lines(), "unknown")
    return damage(run) or (UNKNOWN_VERDICTS if unknowns.counts else 0)


def _is_tracking(run: Run) -> bool:
    """Whether the kernel would track at all with this ruleset; evidence is gathered in a table either way."""
    return run.simulator.lowered["stateful"].tracking


def _tell_untracked(run: Run) -> None:
    """Say why the table is empty if nothing is tracked."""
    if not _is_tracking(run):
        not_needed = f"{SENTENCES[Reason.TRACKING_OFF]} (tracking: on makes it track)"
        why = "the ruleset says tracking: off" if run.ruleset.tracking == "off" else not_needed
        warn([f"there is no connection table: {why}"], "note")


def _tell_too_early(end: End, view: View) -> None:
    """Say so if the time asked for is before the first packet; a small number was hardly meant as one since 1970."""
    if not isinstance(end, Until) or end.time is None or end.time >= end.first or view.at is None:
        return
    number = view.at.text if view.at.text.isascii() and view.at.text.isdigit() else "N"
    meant = f"+{number} is {number} s into the capture, --after {number} is right after packet {number}"
    warn([f"--at {view.at.text} is before the first packet ({moment(end.first)}): {meant}"], "note")


def _listing(run: Run) -> list[dict[str, Any]]:
    """The connections that the kernel would have."""
    stateful = run.simulator.stateful
    stateful.settle()
    return list(connections_listing(stateful.tracker)) if _is_tracking(run) else []


def _write_table(
    out: IO[str], run: Run, connections: list[dict[str, Any]], now: int, *, as_json: bool, verbose: bool
) -> None:
    """One line for each connection, or one list of objects."""
    if as_json:
        out.write(json.dumps([record(connection, now) for connection in connections], indent=1) + "\n")
        return
    for connection in connections:
        out.write(listed(connection, now) + (f"  # {_frames(run, connection)}" if verbose else "") + "\n")


def _frames(run: Run, connection: dict[str, Any]) -> str:
    """The packets that opened and last touched a connection."""
    opened_by, last = (_frame(run, connection, end) for end in ("opened", "last"))
    return f"connection {connection['number']}, opened by packet {opened_by}, last seen in {last}"


def _frame(run: Run, connection: dict[str, Any], end: str) -> str:
    """A frame as the user would name it."""
    several = len(run.captures.files) > 1
    file = f"{safe(run.naming.file(connection[f'{end}_file']))}:" if several else ""
    return f"{file}{connection[f'{end}_frame']}"


def show_events(inputs: InputOptions, view: View) -> int:
    """Run packet by packet, and tell what came, changed and went."""
    check_target(view.output, inputs.sources)
    end = _end(inputs, view)
    selected = Selected(view)
    run = start(inputs, MODES)
    part = Partly(run.captures, end)
    unknowns = unknowns_of(run)
    with opened(view.output) as out:
        if view.as_json:
            separator = "[\n"
            for one in _events(run, part, selected, unknowns):
                out.write(separator + json.dumps(_event_record(one)))
                separator = ",\n"
            out.write("\n]\n" if separator == ",\n" else "[]\n")
        else:
            for one in _events(run, part, selected, unknowns):
                time = f"[{one.time // 1_000_000_000}.{one.time // 1000 % 1_000_000:06d}]\t" if view.verbose else ""
                out.write(f"{time}{event(one.kind, one.connection, one.time)}\n")
    _check_reached(part, view)
    _tell_untracked(run)
    _tell_too_early(end, view)
    return _status(run, unknowns)


def _events(run: Run, part: Partly, selected: Selected, unknowns: Unknowns) -> Iterator[Event]:
    """The events of the selected connections, in order.

    With a selection, nothing is told before the end: a later packet may select a connection.
    """
    if selected.all:
        yield from _all_events(run, part, selected, unknowns)
    else:
        yield from [one for one in list(_all_events(run, part, selected, unknowns)) if one.connection in selected]


def _all_events(run: Run, part: Partly, selected: Selected, unknowns: Unknowns) -> Iterator[Event]:
    """All events, in order: none if nothing is tracked."""
    watch = Watch(run.simulator.stateful)
    for batch, row in one_by_one(run.simulator, part):
        if _is_tracking(run):
            yield from watch.look(int(batch.packets["now"][row]), batch.stateful[row])
        if row == len(batch) - 1:
            selected.add(run, batch)
            unknowns.add(batch)


def _event_record(one: Event) -> dict[str, Any]:
    """An event as an object."""
    return {"event": one.kind, "ts": seconds_text(one.time), **record(one.connection, one.time)}


def _end(inputs: InputOptions, view: View) -> End:
    """Where to stop."""
    if view.after is not None:
        return behind(single_frame(view.after, inputs.files, "--after"))
    return Until(view.at.since_epoch) if view.at is not None else never


def _check_reached(part: Partly, view: View) -> None:
    """A packet that is not there is a mistake of the request."""
    if view.after is not None and not part.reached:
        raise UsageError(f"--after {view.after}: the capture ends before it")
