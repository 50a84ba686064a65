"""`--state-in` and `--state-out`: a run that begins with connections, and leaves them behind.

Read first: `fwsim.states`. Connections are loaded when the first packet is known, since it tells the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from fwsim.capture import Chunk
from fwsim.cli.asides import Aside
from fwsim.cli.options import InputOptions, OutputOptions
from fwsim.cli.runs import Run
from fwsim.cli.state_options import StateOptions
from fwsim.cli.streams import opened, warn
from fwsim.errors import UsageError
from fwsim.report.conntrack_listing import listed
from fwsim.report.figures import counted
from fwsim.states.as_json import json_lines
from fwsim.states.loading import loaded, saved
from fwsim.states.model import State
from fwsim.states.reading import read_state
from fwsim.tracker import connections_listing

TEXT = "text"


def state_asides(inputs: InputOptions, output: OutputOptions, states: StateOptions) -> list[Aside]:
    """What goes along with a run for the sake of these options."""
    if (states.state_in or states.state_out) is None:
        if states.state_format == TEXT:
            raise UsageError("--state-format needs --state-out FILE")
        return []
    if states.state_in is not None and inputs.jobs > 1:
        raise UsageError(f"--state-in: fills one connection table, which --jobs {inputs.jobs} divides")
    if states.state_in == "-" and "-" in inputs.sources:
        raise UsageError("standard input (-) can be read only once")
    found: list[Aside] = []
    if states.state_in is not None:
        found.append(Loading(states.state_in))
    if states.state_out is not None:
        found.append(Leaving(states.state_out, states.state_format))
    return found


class Loading(Aside):
    """Puts the connections of a file into the table of a run."""

    option = "--state-in"

    def __init__(self, path: str) -> None:
        """Read the file."""
        self.path = self.source = path
        self.state: State = read_state(path)

    def begin(self, run: Run) -> None:
        """Wait for the first packet."""
        if not run.simulator.lowered["stateful"].tracking:
            warn([f"{self.path}: the ruleset asks for no state, so connections change nothing"], "note")
        run.result.through = lambda chunks: self._through(run, chunks)

    def _through(self, run: Run, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Load before the first chunk is decided."""
        first = next(chunks, None)
        if first is None:
            return
        stateful = run.simulator.stateful
        begins = int(first.packets["now"][0])
        if self.state.at_ns is not None and self.state.at_ns > begins:
            warn([f"{self.path}: is of a time after the first packet"], "note")
        tracker = loaded(stateful.tracker, self.state, begins, self.path)
        stateful.replace(tracker, stateful.ghosts)
        yield first
        yield from chunks


class Leaving(Aside):
    """Writes the connections that are left at the end."""

    option = "--state-out"

    def __init__(self, path: str, form: str) -> None:
        """No packet has come yet."""
        self.path = self.target = path
        self.form = form
        self.now = 0

    def add(self, batch: Any) -> None:
        """Take note of the time."""
        if len(batch):
            self.now = max(self.now, int(np.max(batch.packets["now"])))

    def finish(self, run: Run) -> None:
        """Write the file."""
        stateful = run.simulator.stateful
        stateful.settle()
        if self.form == TEXT:
            lines: Sequence[str] | Iterator[str] = [
                listed(connection, self.now) + "\n"
                for connection in connections_listing(stateful.tracker)
                if connection["expires"] > self.now
            ]
        else:
            state, untold = saved(stateful.tracker, self.now)
            if untold:
                what = "of which not all is known (translation, state or mark)"
                warn([f"{self.path}: {counted(untold, 'connection')} {what} cannot be told there, and are left out"])
            lines = json_lines(state)
        with opened(self.path, whole=True) as out:
            out.writelines(lines)
