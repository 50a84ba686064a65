"""What `compare` and `replay` share: run, select, count, write, and say how it went.

Read first: `fwsim.cli.runs`. One pass over the batches feeds the tally, the table of `--by`, the records or lines, and
the capture of `-w`; the summary comes at the end.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import IO, Any

import click
import numpy as np

from fwsim.arrow import require_pyarrow
from fwsim.capture import CaptureWriter
from fwsim.checkpoint.identity import is_regular
from fwsim.checkpoint.legs import Legs
from fwsim.checkpoint.saved import Saved
from fwsim.cli import INTERRUPTED
from fwsim.cli.asides import Aside, begun, check_asides, targets_of
from fwsim.cli.clustered import Counts, check_cluster, clustered, is_folder, write_folder
from fwsim.cli.interrupting import Interruption
from fwsim.cli.options import EngineOptions, InputOptions, KeepingOptions, OutputOptions, SelectionOptions
from fwsim.cli.progress import with_progress
from fwsim.cli.resuming import Counters, Keeping
from fwsim.cli.runs import Run, Window, start, status_of
from fwsim.cli.streams import Compiling, can_write, colours, opened, warn
from fwsim.cli.summing_up import about, unknowns_of
from fwsim.cli.targets import check_target, check_targets
from fwsim.cluster.storing import Folder
from fwsim.errors import UsageError
from fwsim.harmless import safe
from fwsim.lower import families_of_one
from fwsim.report.about import About
from fwsim.report.about_run import advice_of
from fwsim.report.annotations import Annotations
from fwsim.report.comparison import unchained_notes
from fwsim.report.conntrack_listing import record
from fwsim.report.figures import roughly
from fwsim.report.frames import Csv, JsonLines
from fwsim.report.groups import Groups, groups_csv, groups_jsonl, groups_records, groups_text
from fwsim.report.line import Lines
from fwsim.report.records import Records
from fwsim.report.saved_counts import (
    restore_groups,
    restore_tally,
    restore_unknowns,
    save_groups,
    save_tally,
    save_unknowns,
)  # fmt: skip
from fwsim.report.sparkline import BLOCKS
from fwsim.report.summary_json import summary_json, summary_object
from fwsim.report.summary_text import summary
from fwsim.report.tally import Tally
from fwsim.tracker import connections_listing

IN_THIS_PROCESS = EngineOptions()

FORMATS: dict[str, type[JsonLines | Csv]] = {"jsonl": JsonLines, "csv": Csv}
NOTHING_KEPT = KeepingOptions()


def show(
    inputs: InputOptions,
    selecting: SelectionOptions,
    output: OutputOptions,
    modes: tuple[str, ...],
    engine: EngineOptions = IN_THIS_PROCESS,
    *,
    lines: bool,
    keeping: KeepingOptions = NOTHING_KEPT,
    asides: Sequence[Aside] = (),
) -> int:
    """Run and write; `lines` for a line per packet in the text. Returns the exit status."""
    window = Window(selecting, modes)
    check_asides(asides, engine, keeping)
    if engine.engine == "dask":
        if keeping != NOTHING_KEPT:
            raise UsageError("--checkpoint: a run on a cluster cannot be saved, expected it without --engine dask")
        return show_from_cluster(inputs, window, output, modes, engine, lines=lines)
    read = [*inputs.sources, *(aside.source for aside in asides if aside.source is not None)]
    check_targets(targets_of(output, keeping, asides), read)
    parquet = output.format == "parquet"
    if parquet:
        check_parquet(output.output)
    each = is_written_packet_by_packet(output, lines=lines)
    with (
        Interruption() as interruption,
        Keeping(keeping, inputs, selecting, output, modes=modes, lines=each, stopped=interruption.is_set) as keeper,
    ):
        digest, opening = output.format == "json" or any(aside.digests for aside in asides), keeper.open_captures
        run = start(inputs, modes, digest=digest, opening=opening, jobs=inputs.jobs, metered=output.resources)
        legs = Legs(run.captures, run.simulator, due=keeper.is_due, stopped=interruption.is_set)
        run.result = legs
        legs.on_compiling = Compiling(verbose=output.verbose)
        with begun(asides, run):
            showing = _show(
                run, legs, window, selecting, output, keeper, lines=lines, interruption=interruption, asides=asides
            )
            for aside in () if showing.interrupted else asides:
                aside.finish(run)
    warn(showing.unknowns.lines(), "unknown")
    status = status_of(run, showing.tally)
    if showing.interrupted:
        click.echo(f"interrupted{showing.interrupted}{keeper.advice}", err=True)
        return INTERRUPTED
    if run.captures.complete:
        keeper.finish()  # one that ends in the middle of a packet may still grow
    return status


def _show(
    run: Run,
    legs: Legs,
    window: Window,
    selecting: SelectionOptions,
    output: OutputOptions,
    keeper: Keeping,
    *,
    lines: bool,
    interruption: Interruption,
    asides: Sequence[Aside],
) -> Showing:
    """The run itself, from where it is to begin."""
    keeper.restore_run(run)
    with ExitStack() as stack:
        out = stack.enter_context(
            opened(
                output.output,
                whole=output.format == "parquet",
                offset=keeper.offset("output", output.output),
            )
        )
        offset = keeper.offset("write", output.write)
        writer = stack.enter_context(CaptureWriter(output.write, run.captures, offset)) if output.write else None
        showing = Showing(run, window, output, out, lines=lines, begun=keeper.saved is not None)
        stack.callback(showing.abandon)
        keeper.restore_output(showing, writer)
        legs.on_rest = lambda: keeper.save(run, showing, out, writer)
        hidden = output.quiet or (showing.tells_packets and out.isatty())
        left = functools.partial(to_come, run)
        for batch in with_progress(legs, hidden=hidden, to_come=left, ending=interruption.is_set, done=legs.packets):
            rows = showing.add(batch)
            for aside in asides:
                aside.add(batch)
            if writer is not None:
                chosen = written(batch, rows, selecting, run.modes, annotated=output.annotate)
                writer.write(batch.chunk, chosen.tolist(), showing.comments(batch, chosen))
        if interruption.is_set() and not (legs.ended and run.captures.complete):
            more = left()
            told = f", about {roughly(more):,} were to come" if more is not None else ""
            showing.interrupted = f" after {legs.packets:,} packets{told}"
        showing.finish()
    return showing


def to_come(run: Run) -> int | None:
    """About how many packets are still to come; None if there is a pipe among the captures."""
    return run.captures.estimate_remaining() if all(map(is_regular, run.inputs.files)) else None


def is_written_packet_by_packet(output: OutputOptions, *, lines: bool) -> bool:
    """Whether each packet is written when it is decided; `lines` asks for that in text."""
    if output.format in FORMATS:
        return output.by is None
    return output.format == "text" and lines and not output.quiet


def show_from_cluster(
    inputs: InputOptions,
    window: Window,
    output: OutputOptions,
    modes: tuple[str, ...],
    engine: EngineOptions,
    *,
    lines: bool,
) -> int:
    """The same with the work done by a Dask cluster."""
    check_cluster(inputs, output)
    if output.format == "parquet" and is_folder(output.output):
        return show_folder(inputs, window, output, modes, engine)
    check_target(output.output, inputs.sources)
    parquet = output.format == "parquet"
    if parquet:
        check_parquet(output.output)
    with ExitStack() as stack:
        run = stack.enter_context(clustered(inputs, modes, engine, whole=output.format == "json"))
        showing = Showing(run, window, output, stack.enter_context(opened(output.output, whole=parquet)), lines=lines)
        stack.callback(showing.abandon)
        for batch in run.result:
            showing.add(batch)
        showing.finish()
    warn(showing.unknowns.lines(), "unknown")
    return status_of(run, showing.tally)


def show_folder(
    inputs: InputOptions, window: Window, output: OutputOptions, modes: tuple[str, ...], engine: EngineOptions
) -> int:
    """Have the workers write a Parquet file for each capture, and print the summary."""
    require_pyarrow()
    folder = Folder(output.output)
    text = replace(output, format="text", output="-")
    with clustered(inputs, modes, engine) as run, opened("-") as out:
        showing = Showing(run, window, text, out, lines=False)
        counts = Counts(showing.tally, showing.unknowns, showing.groups)
        counts = write_folder(run, window.selecting, counts, folder)
        showing.tally, showing.unknowns, showing.groups = counts.tally, counts.unknowns, counts.groups
        showing.finish()
    warn(showing.unknowns.lines(), "unknown")
    return status_of(run, showing.tally)


def check_parquet(path: str) -> None:
    """Refuse what cannot come of it before anything is read."""
    require_pyarrow()
    if path == "-" and sys.stdout.isatty():
        raise UsageError("a Parquet file is nothing for a terminal: expected -o FILE, or a pipe")


def written(
    batch: Any, rows: Any, selecting: SelectionOptions, modes: tuple[str, ...], *, annotated: bool = False
) -> Any:
    """The rows that `-w` writes: those selected; else those on which the modes differ, or if `annotated`, all."""
    if selecting.given or len(modes) < 2 or annotated:
        return np.arange(len(batch))[rows]
    return np.flatnonzero(batch.stateless["verdict"] != batch.stateful["verdict"])


class Showing(Counters):
    """One run on its way to the output."""

    def __init__(
        self, run: Run, window: Window, output: OutputOptions, out: IO[str], *, lines: bool, begun: bool = False
    ) -> None:
        """Choose what is written while the run goes on, and write what stands before it, unless it was `begun`."""
        self.run = run
        self.window = window
        self.output = output
        self.out = out
        self.colour = colours(out)
        self.tally = Tally(run.modes, run.slots())
        self.unknowns = unknowns_of(run)
        self.groups = Groups(output.by, run.modes, run.naming) if output.by else None
        self.parquet = self._parquet() if output.format == "parquet" else None
        self.records = self._records()
        self.lines = self._lines(lines=lines)
        self.annotations = Annotations(run.modes, run.naming) if output.annotate else None
        self.advised = False
        self.interrupted = ""
        """How far the run came, if Ctrl-C ended it."""
        if self.records is not None and not begun:
            self.records.begin()

    def _records(self) -> Records | None:
        """What writes a record for each packet, if that is wanted."""
        if self.output.format not in FORMATS or not is_written_packet_by_packet(self.output, lines=False):
            return None
        return Records(FORMATS[self.output.format](self.run.modes, self.run.naming), self.out)

    def _parquet(self) -> Any:
        """What writes a row for each packet."""
        from fwsim.arrow.parquet import ParquetFile

        return ParquetFile(self.run.modes, self.run.naming, self.out.buffer)  # type: ignore[attr-defined]

    def abandon(self) -> None:
        """Leave a file that looks complete only behind a run that came to its end."""
        if self.parquet is not None:
            self.parquet.abandon()

    def _lines(self, *, lines: bool) -> Lines | None:
        """What tells every packet in the text, if that is wanted."""
        if self.output.format != "text" or not is_written_packet_by_packet(self.output, lines=lines):
            return None
        return Lines(self.run.modes, self.run.naming, colour=self.colour)

    @property
    def tells_packets(self) -> bool:
        """Whether every packet is written while the run goes on."""
        return self.records is not None or self.lines is not None

    def add(self, batch: Any) -> Any:
        """Count and write a batch; returns the selected rows."""
        rows = self.window.rows(batch, self.run.naming)
        self.tally.add(batch, rows)
        self.unknowns.add(batch, rows)
        if self.groups is not None:
            self.groups.add(batch, rows)
        if self.records is not None:
            self.records.write(batch, rows)
        if self.parquet is not None:
            self.parquet.write(batch, rows)
        if self.lines is not None:
            if not self.advised:
                self._advise()
            self.out.write(self.lines.lines(batch, rows))
        return rows

    def comments(self, batch: Any, rows: Any) -> dict[int, list[str]]:
        """What the frames that are written are commented with, by row."""
        return {} if self.annotations is None else self.annotations.by_row(batch, rows)

    def _advise(self) -> None:
        """Say before the first packet if the ruleset hardly fits the capture."""
        advice = advice_of(self.run.result)
        if advice:
            self.out.write(f"note: {safe(advice)}\n")
            self.advised = True

    def save(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        from fwsim.resources.kept import save_meter

        return {
            "tally": save_tally(self.tally),
            "unknowns": save_unknowns(self.unknowns),
            "groups": None if self.groups is None else save_groups(self.groups),
            "first": self.window.first,
            "advised": self.advised,
            "resources": save_meter(self.run.simulator),
        }

    def restore(self, saved: Saved) -> None:
        """Go on from there."""
        from fwsim.resources.kept import restore_meter

        restore_tally(self.tally, saved.part("tally"), self.run.naming)
        restore_unknowns(self.unknowns, saved.part("unknowns"))
        if self.groups is not None:
            restore_groups(self.groups, saved.part("groups"))
        self.window.first = saved.number_or_none("first")
        self.advised = saved.truth("advised")
        restore_meter(self.run.simulator, saved, "resources")

    def finish(self) -> None:
        """Write what is known only at the end."""
        if self.run.guessed is not None:
            self._show_guessed(self.run.guessed)
        told = about(self.run, self.tally, self.window, hint=not self.advised, interrupted=self.interrupted)
        families = families_of_one(
            self.run.simulator.lowered["stateful" if "stateful" in self.run.modes else "stateless"]
        )
        unchained = unchained_notes(self.tally, families, selected=told.selection is not None)
        told = replace(told, notes=told.notes + unchained)
        if self.output.format == "text":
            self._write_text(told)
        else:
            self._write_records(told)
        self.out.flush()

    def _write_text(self, told: About) -> None:
        """The summary for people."""
        if self.lines is not None and self.tally.frames:
            self.out.write("\n")
        table = groups_text(self.groups, self.output.top) if self.groups else ""
        style = {"colour": self.colour, "quiet": self.output.quiet, "bars": can_write(self.out, BLOCKS)}
        self.out.write(summary(self.tally, self.run.naming, told, groups=table, **style))

    def _write_records(self, told: About) -> None:
        """What stands behind the records, or instead of them."""
        warn(told.hint, "note")
        if self.output.format == "json":
            self.out.write(summary_json(self.tally, self.run.naming, told, self._connections(), self._group_records()))
        elif self.parquet is not None:
            self.parquet.finish({"summary": json.dumps(summary_object(self.tally, told))})
        elif self.groups is not None:
            table_of = {"csv": groups_csv, "jsonl": groups_jsonl}[self.output.format]
            self.out.write(table_of(self.groups, self.output.top))

    def _show_guessed(self, text: str) -> None:
        """Show the ruleset that was guessed, to be copied."""
        said = "no ruleset was given (-r): this one was guessed, and is yours to copy and to change"
        if self.output.format != "text":
            warn(["no ruleset was given (-r), so one was guessed; --format text shows it"], "note")
        elif not self.output.quiet:
            body = "".join(f"  {safe(line)}\n" for line in text.splitlines())
            self.out.write(f"{said}:\n\n{body}\n")

    def _connections(self) -> list[dict[str, Any]]:
        """The connections that are there at the end: none where the kernel would not track."""
        if "stateful" not in self.run.modes or not self.run.simulator.lowered["stateful"].tracking:
            return []
        stateful = self.run.simulator.stateful
        stateful.settle()
        return [record(connection, self.tally.last_ts) for connection in connections_listing(stateful.tracker)]

    def _group_records(self) -> list[dict[str, Any]] | None:
        """The table of `--by` as objects."""
        return None if self.groups is None else groups_records(self.groups, self.output.top)
