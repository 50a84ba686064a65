"""`compare --against`: what another ruleset, or another version of this one, decides otherwise on the same traffic.

Read first: `fwsim.baseline.counted`. What is compared with is a baseline (`replay --save`); of a ruleset, one is made
on the way. Exit status 1 if anything changed, unless `--update` accepts it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, BinaryIO, cast

from fwsim.baseline.counted import Changes
from fwsim.baseline.rows import Rows
from fwsim.baseline.stored import Baseline, Writer, is_baseline
from fwsim.capture import CaptureWriter
from fwsim.cli.asides import Aside
from fwsim.cli.options import InputOptions, OutputOptions, SelectionOptions
from fwsim.cli.progress import with_progress
from fwsim.cli.runs import Run, Window, damage, start
from fwsim.cli.saving import Saving, about, digests, options_of
from fwsim.cli.streams import TEXT, Compiling, held_back, opened
from fwsim.cli.targets import check_targets
from fwsim.errors import UsageError
from fwsim.report.changes_json import ChangeLines, changes_json
from fwsim.report.changes_text import Told, code, details, summary_lines
from fwsim.simulator import Mode
from fwsim.terms import Verdict

FORMATS = ("text", "json", "jsonl")


@dataclass(frozen=True)
class Against:
    """What to compare with."""

    path: str
    update: bool = False
    mode: Mode | None = None


def show_against(
    inputs: InputOptions, selecting: SelectionOptions, output: OutputOptions, against: Against, other: bool
) -> int:
    """Run, compare and tell; `other` says whether options were given that have no meaning here."""
    baseline = is_baseline(against.path)
    _check(inputs, output, against, other=other, baseline=baseline)
    if against.update and selecting.given:
        raise UsageError("--update accepts all changes: expected no -Y, --from or --to with it")
    with ExitStack() as stack:
        mode = against.mode or "stateful"
        made = partial(baseline_of, replace(inputs, rules=against.path), mode, stack, hidden=output.quiet)
        path = against.path if baseline else made()
        was = stack.enter_context(Baseline(path))
        mode = _mode(was, against)
        window = Window(selecting, (mode,))
        run = start(inputs, (mode,), digest=True, jobs=inputs.jobs)
        run.result.on_compiling = Compiling(verbose=False)
        comparing = Comparing(run, was, window, mode)
        stack.callback(comparing.saving.close)
        out = stack.enter_context(opened(output.output, whole=output.format != "text"))
        writer = _capture(stack, output.write, run) if output.write else None
        held = stack.enter_context(tempfile.TemporaryFile("w+", **TEXT))  # whether the captures fit is known at the end
        lines = ChangeLines(run.naming, comparing.changes) if output.format == "jsonl" else None
        for batch, changed, columns in comparing.batches(hidden=output.quiet):
            if writer is not None:
                writer.write(batch.chunk, changed.tolist())
            if lines is not None:
                held.write(lines.lines(batch, changed, *columns))
        comparing.check()
        held.seek(0)
        shutil.copyfileobj(held, out)
        accepted = against.update and comparing.changes.changed > 0
        out.write(comparing.text(output, against, accepted=accepted))
        if against.update:
            comparing.saving.path = against.path
            comparing.saving.finish(run)
        return comparing.status(accepted=accepted)


def _capture(stack: ExitStack, path: str, run: Run) -> CaptureWriter:
    """The capture to write."""
    return stack.enter_context(CaptureWriter(cast(BinaryIO, stack.enter_context(held_back(path))), run.captures))


def _check(inputs: InputOptions, output: OutputOptions, against: Against, *, other: bool, baseline: bool) -> None:
    """Refuse what does not go together, before anything is read."""
    if other or output.by or output.verbose or output.format not in FORMATS:
        raise UsageError(
            f"--against: expected --format {', '.join(FORMATS)}, and none of -v, --by, --engine, --checkpoint"
        )
    check_targets([("-o", output.output), ("-w", output.write)], [*inputs.sources, against.path])
    if against.update and not baseline:
        raise UsageError(f"--update rewrites a baseline, and {against.path} is none: expected one of replay --save")
    if against.path == "-" or (not baseline and "-" in inputs.files):
        raise UsageError("--against: standard input can be read only once, expected files")


def _mode(was: Baseline, against: Against) -> Mode:
    """The mode of a baseline, which must be the one that was asked for."""
    mode: Mode = "stateless" if was.about.mode == "stateless" else "stateful"
    if against.mode not in (None, mode):
        raise UsageError(f"{was.path}: is a baseline of {mode} decisions: expected no --mode {against.mode}")
    return mode


def baseline_of(inputs: InputOptions, mode: Mode, stack: ExitStack, *, hidden: bool) -> str:
    """A baseline of a run, made now, as long as the stack is open; returns its path."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    path = os.path.join(folder, "baseline")
    saving = Saving(path, mode)
    stack.callback(saving.close)
    run = start(inputs, (mode,), digest=True, jobs=inputs.jobs)
    run.result.on_compiling = Compiling(verbose=False)
    _save(run, saving, hidden=hidden)
    return path


def _save(run: Run, saving: Aside, *, hidden: bool) -> None:
    """A run for the sake of what goes along with it."""
    saving.begin(run)
    for batch in with_progress(run.result, hidden=hidden):
        saving.add(batch)
    saving.finish(run)


class Comparing:
    """One run beside the baseline that it is compared with."""

    def __init__(self, run: Run, was: Baseline, window: Window, mode: Mode) -> None:
        """Nothing was read yet."""
        self.run = run
        self.was = was
        self.window = window
        self.mode: Mode = mode
        self.saving = Saving("", mode)
        self.saving.begin(run)
        assert self.saving.rows is not None
        self.rows: Rows = self.saving.rows
        self.changes = Changes(mode, was.kinds, self.rows.kinds.kinds)
        self.unknown = 0
        self.short = False

    def batches(self, *, hidden: bool) -> Iterator[tuple[Any, Any, Any]]:
        """Batch by batch, the rows that changed, and the columns then and now."""
        assert isinstance(self.saving.writer, Writer)
        for batch in with_progress(self.run.result, hidden=hidden):
            now = self.rows.columns(batch)
            self.saving.writer.add(*now)
            was = self.was.take(len(batch))
            if len(was[0]) < len(batch):
                self.short = True
                break
            selected = self.window.rows(batch, self.run.naming)
            self.unknown += int((getattr(batch, self.mode)["verdict"][selected] == Verdict.UNKNOWN).sum())
            yield batch, self.changes.add(batch, selected, was, now), (was, now)

    def check(self) -> None:
        """Refuse a baseline of other captures."""
        writer, was = self.saving.writer, self.was
        same = not self.short and writer is not None and writer.rows == was.packets
        if not same or [digest for _, digest in digests(self.run)] != [digest for _, digest in was.about.captures]:
            made_of = f"{was.packets:,} packets of {', '.join(path for path, _ in was.about.captures)}"
            raise UsageError(f"{was.path}: was made of other captures, or of more or fewer packets ({made_of})")

    def text(self, output: OutputOptions, against: Against, *, accepted: bool) -> str:
        """What is told at the end."""
        told = self.told(against, accepted=accepted)
        if output.format == "json":
            now, was = about(self.run, self.mode), {"path": self.was.about.ruleset, "sha256": self.was.about.digest}
            record = {"now": now["ruleset"], "was": was, "against": against.path}
            return changes_json(self.changes, told, record | {"captures": now["captures"], "complete": self.complete})
        if output.format == "jsonl":
            return ""
        text = "\n".join(summary_lines(self.changes, told)) + "\n"
        return text if output.quiet else text + details(self.changes, told, output.top)

    @property
    def complete(self) -> bool:
        """Whether no capture is damaged."""
        return self.run.captures.complete

    def told(self, against: Against, *, accepted: bool) -> Told:
        """What is told besides the figures."""
        was = self.was.about.ruleset
        made_of = code(was) if was == against.path else f"{code(against.path)}, a baseline of {code(was)}"
        return Told(
            mode=self.mode,
            files=[file.path for file in self.run.captures.files],
            now=self.run.inputs.rules or "(guessed)",
            was=made_of,
            accepted=accepted,
            selection=self.window.text,
            notes=self._notes(),
        )

    def _notes(self) -> tuple[str, ...]:
        """Options that are not those of the baseline."""
        now, then = options_of(self.run.inputs), self.was.about.options
        names = sorted(name for name in {*now, *then} if now.get(name) != then.get(name))
        return (f"other options than those of the baseline: {', '.join(names)}",) if names else ()

    def status(self, *, accepted: bool) -> int:
        """2 if a capture is damaged, 3 if a verdict is unknown, 1 if something changed that is not accepted."""
        if damage(self.run):
            return 2
        if self.unknown:
            return 3
        return 1 if self.changes.changed and not accepted else 0
