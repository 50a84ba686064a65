"""The work of `fwsim conntrack`: run to where the user wants to look, list the table, or tell its events.

Read first: `fwsim.cli.partly`, `fwsim.report.conntrack_listing`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any, cast

import click

from fwsim.capture import Captures
from fwsim.cli.events import Event, Watch
from fwsim.cli.frame_numbers import single_frame
from fwsim.cli.options import InputOptions, Moment
from fwsim.cli.partly import End, Partly, Until, behind, never, one_by_one
from fwsim.cli.runs import Run, damage, start
from fwsim.cli.streams import check_target, opened
from fwsim.errors import UsageError
from fwsim.report.cells import seconds_text
from fwsim.report.conntrack_listing import event, listed, record
from fwsim.report.figures import counted, moment
from fwsim.report.safe import safe
from fwsim.result import Result
from fwsim.tracker import connections_listing

MODES = ("stateful",)


def show_table(
    inputs: InputOptions, at: Moment | None, after: str | None, output: str, *, as_json: bool, verbose: bool
) -> int:
    """Run, and list the connections that are there then."""
    check_target(output, inputs.sources)
    end = _end(inputs, at, after)
    run = start(inputs, MODES)
    part = Partly(run.captures, end)
    now = 0
    with opened(output) as out:
        for batch in Result(cast(Captures, part), run.simulator):
            now = int(batch.packets["now"][-1])
        _check_reached(part, after)
        if isinstance(end, Until):
            now = max(now, end.time or 0)
        stateful = run.simulator.stateful
        stateful.settle()
        there = [connection for connection in connections_listing(stateful.tracker) if connection["expires"] > now]
        _write_table(out, run, there, now, as_json=as_json, verbose=verbose)
    if not as_json:
        click.echo(f"{counted(len(there), 'connection')} at {moment(now)}", err=True)
    return damage(run)


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


def show_events(
    inputs: InputOptions, at: Moment | None, after: str | None, output: str, *, as_json: bool, verbose: bool
) -> int:
    """Run packet by packet, and tell what came, changed and went."""
    check_target(output, inputs.sources)
    end = _end(inputs, at, after)
    run = start(inputs, MODES)
    part = Partly(run.captures, end)
    with opened(output) as out:
        if as_json:
            separator = "[\n"
            for one in _events(run, part):
                out.write(separator + json.dumps(_event_record(one)))
                separator = ",\n"
            out.write("\n]\n" if separator == ",\n" else "[]\n")
        else:
            for one in _events(run, part):
                time = f"[{one.time // 1_000_000_000}.{one.time // 1000 % 1_000_000:06d}]\t" if verbose else ""
                out.write(f"{time}{event(one.kind, one.connection, one.time)}\n")
    _check_reached(part, after)
    return damage(run)


def _events(run: Run, part: Partly) -> Iterator[Event]:
    """All events, in order."""
    watch = Watch(run.simulator.stateful)
    for batch, row in one_by_one(run.simulator, part):
        yield from watch.look(int(batch.packets["now"][row]), batch.stateful[row])


def _event_record(one: Event) -> dict[str, Any]:
    """An event as an object."""
    return {"event": one.kind, "ts": seconds_text(one.time), **record(one.connection, one.time)}


def _end(inputs: InputOptions, at: Moment | None, after: str | None) -> End:
    """Where to stop."""
    if after is not None:
        return behind(single_frame(after, inputs.files, "--after"))
    return Until(at.since_epoch) if at is not None else never


def _check_reached(part: Partly, after: str | None) -> None:
    """A packet that is not there is a mistake of the request."""
    if after is not None and not part.reached:
        raise UsageError(f"--after {after}: the capture ends before it")
