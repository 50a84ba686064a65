"""`replay --switch TIME=FILE`: another ruleset from some time on, with the connections that are there.

Read first: `fwsim.reloading`. What the reload changes is told beside what would have been decided without it: so the
captures are read once more before.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import click
import numpy as np

from fwsim.baseline.changes import Change
from fwsim.baseline.counted import Changes
from fwsim.baseline.deciders import Deciders, deciders_of
from fwsim.baseline.kinds import Kinds
from fwsim.baseline.rows import Rows
from fwsim.baseline.stored import Baseline
from fwsim.capture import Chunk
from fwsim.checkpoint.identity import is_regular
from fwsim.checkpoint.legs import Legs
from fwsim.cli.against import baseline_of
from fwsim.cli.asides import Aside
from fwsim.cli.options import InputOptions, Moment, OutputOptions, moment_of
from fwsim.cli.runs import Run, capture_inputs, rulesets
from fwsim.cli.streams import warn
from fwsim.errors import UsageError
from fwsim.reloading import Reloaded, cut_at, names_of_both, take_over
from fwsim.report.changes_text import Told, code, details, summary_lines
from fwsim.report.figures import counted, moment
from fwsim.simulator import Mode
from fwsim.tracker import connections_listing


def switching_asides(inputs: InputOptions, output: OutputOptions, mode: Mode, text: str | None) -> list[Aside]:
    """What goes along with a run for the sake of `--switch`."""
    if text is None:
        return []
    time, sign, path = text.partition("=")
    try:
        found = moment_of(click.Context(click.Command("replay")), click.Option(["--switch"]), time)
    except click.BadParameter as problem:
        raise UsageError(f"--switch {text}: {problem.message}") from None
    if not sign or not path or found is None:
        raise UsageError(f"--switch {text}: expected TIME=FILE")
    if inputs.jobs > 1:
        raise UsageError(f"--switch: hands on one connection table, which --jobs {inputs.jobs} divides")
    if inputs.rules is None or inputs.stateless_rules is not None:
        raise UsageError("--switch: expected a ruleset to begin with (-r), and no --stateless-rules")
    check_ruleset(path)
    for source in (*inputs.files, path):
        if not is_regular(source):
            raise UsageError(f"--switch: {source}: is read twice, expected a file")
    return [Switching(inputs, output, mode, found, path)]


def check_ruleset(path: str) -> None:
    """Refuse a ruleset to change to that is not there."""
    if os.path.isdir(path):
        raise UsageError(f"--switch: {path}: is a directory, expected a ruleset")
    if path != "-" and not os.path.exists(path):
        raise UsageError(f"--switch: {path}: no such file")


def check_switch(asides: Sequence[Aside]) -> None:
    """Refuse what would not hold for both rulesets."""
    options = [aside.option for aside in asides]
    if "--switch" in options and len({"--state-in", "--save"} & set(options)):
        raise UsageError("--switch: expected neither --state-in nor --save with it")


class Switching(Aside):
    """Changes the ruleset of a run, and tells what that does."""

    option = "--switch"

    def __init__(self, inputs: InputOptions, output: OutputOptions, mode: Mode, at: Moment, path: str) -> None:
        """Nothing was read yet."""
        self.inputs = inputs
        self.output = output
        self.mode: Mode = mode
        self.at = at
        self.path = self.source = path
        self.stack = ExitStack()
        self.due = False
        """Whether all packets before the change are read."""
        self.done = False
        self.when = 0
        self.live: set[int] = set()
        """The connections that were there when it happened."""
        self.seen: set[int] = set()
        """Those of them that had packets behind it."""

    def begin(self, run: Run) -> None:
        """Decide all of it by the ruleset before, and get ready for the change."""
        self.baseline = self.stack.enter_context(
            Baseline(baseline_of(self.inputs, self.mode, self.stack, hidden=self.output.quiet))
        )
        rules = rulesets(replace(self.inputs, rules=self.path), capture_inputs(self.inputs))
        self.new = Reloaded(rules.ruleset, interfaces=rules.interfaces, key=self.inputs.seed, host=rules.host)
        self.old = run.simulator
        if self.new.topology.names != self.old.topology.names:
            raise UsageError(f"{self.path}: speaks of other interfaces than {self.inputs.rules}: expected the same")
        before, after = (deciders_of(one.lowered[self.mode]) for one in (self.old, self.new))
        kinds = Kinds(Deciders([*before.rules, *after.rules], [*before.policies, *after.policies]))
        self.rows = Rows(self.mode, self.old, kinds)
        self.changes = Changes(self.mode, self.baseline.kinds, kinds.kinds)
        run.naming = names_of_both(run.naming, self.old, self.new)
        legs = run.result
        assert isinstance(legs, Legs)
        legs.defragmenter = self.old.defragmenter or self.new.defragmenter
        legs.through = self._through
        legs.asked = lambda: self.due and not self.done
        legs.at_rest = lambda: self._switch(legs)

    def _through(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        """Cut where the time has come."""
        first: int | None = None
        for chunk in chunks:
            if first is None and len(chunk):
                first = int(chunk.packets["now"][0])
                self.when = self.at.since_epoch(first)
            if self.due or not len(chunk) or int(chunk.packets["now"][-1]) < self.when:
                yield chunk
                continue
            row = int(np.searchsorted(chunk.packets["now"], self.when))
            before, after = cut_at(chunk, row)
            self.due = True
            yield before
            yield after

    def _switch(self, legs: Legs) -> None:
        """The change itself."""
        self.done = True
        take_over(self.new, self.old)
        stateful = self.new.stateful
        listed = connections_listing(stateful.tracker)
        self.live = {one["number"] for one in listed if one["expires"] > self.when}
        legs.simulator = self.new

    def add(self, batch: Any) -> None:
        """Compare with what would have been decided."""
        now = self.rows.columns(batch)
        was = self.baseline.take(len(batch))
        if len(was[0]) < len(batch):
            raise UsageError("--switch: the captures have changed while they were read")
        self.changes.add(batch, slice(None), was, now)
        if self.done:
            behind = batch.frames["ts"] >= self.when
            self.seen.update(self.live.intersection(np.unique(now[1][behind]).tolist()))

    def finish(self, run: Run) -> None:
        """Tell what the change did."""
        if not self.done:
            warn([f"--switch {self.at.text}: no packet comes at or behind that time, so nothing was changed"], "note")
            return
        told = Told(
            mode=self.mode,
            files=[file.path for file in run.captures.files],
            now=self.path,
            was=f"{code(str(self.inputs.rules))} if it had stayed",
        )
        lines = [self._reload(), *summary_lines(self.changes, told)]
        text = "\n".join(lines) + "\n"
        if not self.output.quiet:
            text += details(self.changes, told, self.output.top)
        beside = self.output.format == "text" and self.output.output == "-"
        (sys.stdout if beside else sys.stderr).write(text if self.output.quiet or not beside else f"\n{text}")

    def _reload(self) -> str:
        """The sentence about connections that were live."""
        lost = {key[1] for key, one in self.changes.connections.items() if one.packets[Change.BLOCKED] and key[0] == 0}
        lost &= self.live
        went_on, silent = len(self.seen - lost), len(self.live - self.seen)
        return (
            f"Reload at {moment(self.when)}: {counted(len(self.live), 'connection')} live; {went_on:,} went on, "
            f"{len(lost):,} lost packets, {silent:,} had no more packets."
        )

    def close(self) -> None:
        """Remove what was made on the way."""
        self.stack.close()
