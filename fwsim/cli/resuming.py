"""`--checkpoint` and `--resume`: a run that is saved now and then, and one that goes on where another was saved.

Read first: `fwsim.checkpoint`. The file is there as long as its run is not complete. It is refused if anything is not
as it was, and what that is is told: the program, the options, the files that were read, what was written.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import IO, Any

from fwsim import __version__
from fwsim.capture import Captures, CaptureWriter, Input, open_captures
from fwsim.checkpoint import container
from fwsim.checkpoint.fragments import restore_fragments, save_fragments
from fwsim.checkpoint.held import EVIDENCE, limits_of, restore_held, save_held
from fwsim.checkpoint.identity import Mark, digest_of, is_regular, marks, program
from fwsim.checkpoint.lock import locked, unlock
from fwsim.checkpoint.modes import restore_modes, save_modes
from fwsim.checkpoint.places import restore_topology, save_topology
from fwsim.checkpoint.reading import Again, reopen_captures, save_captures
from fwsim.checkpoint.saved import DamagedError, Saved
from fwsim.cli.options import Every, InputOptions, KeepingOptions, OutputOptions, SelectionOptions
from fwsim.cli.runs import Run
from fwsim.errors import UsageError
from fwsim.holding import Held
from fwsim.whole_files import PART, part_of

CHANGES_NOTHING = ("captures", "named", "quiet", "verbose")
"""Options that may differ, or whose difference is told otherwise: captures by their names."""
WRITTEN_AS = {
    "rules": "-r", "interfaces": "--interface", "settings": "--set", "count": "-c", "expression": "-Y",
    "begin": "--from", "end": "--to", "output": "-o", "write": "-w", "stateless_rules": "--stateless-rules",
}  # fmt: skip
"""Options whose name is not that of their field."""


FORMATS = ("text", "json", "jsonl", "csv")
"""What can be written from the middle on."""

CHUNK_ROWS = 1000
"""Packets of a chunk of a run that is kept, compiled or not: so that every part of it cuts in the same places."""


class Keeping:
    """The checkpoint of one run; without a file, nothing is kept."""

    def __init__(
        self,
        options: KeepingOptions,
        inputs: InputOptions,
        selecting: SelectionOptions,
        output: OutputOptions,
        *,
        modes: tuple[str, ...],
        lines: bool,
        stopped: Callable[[], bool],
    ) -> None:
        """Refuse what cannot be kept; open the checkpoint, if the run is to go on with one that is there."""
        self.path = options.checkpoint
        self.every = options.every
        self.inputs = inputs
        self.stopped = stopped
        self.lines = lines
        self.options = asked_for(inputs, selecting, output, modes=modes, lines=lines)
        self.saved: Saved | None = None
        self._digests: dict[str, str | None] = {}
        self._opened: container.Opened | None = None
        self._reopened: Captures | None = None
        self._held: Held | None = None
        self._lock: IO[bytes] | None = None
        self._last = time.monotonic()
        if self.path is None:
            if options.resume or options.every != Every():
                raise UsageError(f"{'--resume' if options.resume else '--every'} needs --checkpoint FILE")
            return
        refuse(inputs, output, self.path, lines=lines)
        self._digests = digests_of(inputs)
        self._lock = locked(self.path)
        try:
            self._go_on(self.path, resume=options.resume)
        except BaseException:
            self.__exit__()
            raise

    def _go_on(self, path: str, *, resume: bool) -> None:
        """Open the checkpoint, if there is one."""
        if not os.path.exists(path):
            return
        if not resume:
            raise UsageError(
                f"{path}: a file is there: go on with it if it is a checkpoint (--resume), or name another"
            )
        self._open(path)

    def __enter__(self) -> Keeping:
        """Keep a run in a `with` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close what was opened to go on."""
        if self._reopened is not None:
            self._reopened.close()
        if self._held is not None:
            self._held.close()
        if self._opened is not None:
            self._opened.close()
        if self._lock is not None and self.path is not None:
            unlock(self.path, self._lock)
            self._lock = None

    # --- going on --------------------------------------------------------------------------------------------------

    def _open(self, path: str) -> None:
        """Read the checkpoint."""
        try:
            self._opened = container.Opened(path)
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from None
        except Exception as error:  # whatever zipfile and json make of bytes that are not theirs
            raise UsageError(f"{path}: is damaged, or no checkpoint of fwsim ({error})") from None
        self._check(path, self._opened.tree)

    def _check(self, path: str, tree: Any) -> None:
        """Refuse a checkpoint that does not belong to this run."""
        with self._readable():
            saved = Saved(tree)
            if saved.text("fwsim") != __version__ or saved.text("program") != program():
                raise UsageError(
                    f"{path}: was made by another version of fwsim ({saved.text('fwsim')}), which must go on with it"
                )
            self._check_options(path, saved)
            self._check_files(path, saved)
            self.saved = saved

    def _check_options(self, path: str, saved: Saved) -> None:
        """Refuse other options, and name them."""
        then = saved.part("options")
        differing = [name for name, text in self.options.items() if then.text(name) != text]
        if differing:
            raise UsageError(f"{path}: was made with other options: {', '.join(differing)} must be as they were")

    def _check_files(self, path: str, saved: Saved) -> None:
        """Refuse other files than those that were read."""
        for name, digest in self._digests.items():
            if saved.part("rulesets").text_or_none(name) != digest:
                raise UsageError(f"{path}: the file of {name} has changed since the checkpoint was made")
        read = saved.list("read")
        saved.must(len(read) == len(self.inputs.files), "read")
        for file, one in zip(self.inputs.files, read, strict=True):
            if one is not None and not Mark.saved(Saved(one)).fits(file):
                raise UsageError(f"{path}: {file} is not the capture that was read when the checkpoint was made")

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Say of which file something is not what it should be."""
        try:
            yield
        except DamagedError as error:
            raise UsageError(f"{self.path}: is damaged ({error})") from None

    def open_captures(self, files: list[Input], **options: Any) -> Captures:
        """Open the captures, to be read from the start or from where the run stood."""
        if self.saved is None:
            rows = CHUNK_ROWS if self.path is not None else None
            return open_captures(files, stopped=self.stopped, chunk_rows=rows, **options)
        options.pop("limit")
        with self._readable():
            self._reopened = reopen_captures(
                Again(files, stopped=self.stopped, chunk_rows=CHUNK_ROWS, **options), self.saved.part("captures")
            )
        return self._reopened

    def offset(self, name: str, path: str | None) -> int | None:
        """Where to go on writing in a file (`output` or `write`), once it was seen to be what was written."""
        if self.saved is None or path is None or self.saved.is_none(name):
            return None
        with self._readable():
            mark = Mark.saved(self.saved.part(name))
        if not mark.fits(path):
            raise UsageError(f"{self.path}: {path} does not hold what was written before the checkpoint was made")
        return mark.place

    def restore_run(self, run: Run) -> None:
        """Put back what the run remembers, of which nothing has happened yet."""
        if self.saved is None:
            return
        saved = self.saved
        with self._readable():
            if saved.text_or_none("guessed") != run.guessed:
                raise UsageError(f"{self.path}: another ruleset was guessed when the checkpoint was made")
            for option, digest in digests_of_sources(run).items():
                if saved.part("sources").text(option) != digest:
                    what = f"a file that {option} includes has changed since the checkpoint was made"
                    raise UsageError(f"{self.path}: {what}")
            restore_topology(run.simulator.topology, saved.part("topology"), run.captures.interfaces)
            restore_modes(run.simulator, saved.part("modes"))
            limits = limits_of(run.simulator, len(run.captures.files), len(run.captures.interfaces))
            self._held = run.result.held
            held = restore_held(self._held, saved.part("held"), limits)
            if run.simulator.defragmenter is not None:
                restore_fragments(run.simulator.defragmenter, saved.part("fragments"), held, limits, EVIDENCE)
            run.result.packets = saved.number("packets", 0)

    def restore_output(self, counters: Counters, writer: CaptureWriter | None) -> None:
        """Put back what was counted and written."""
        if self.saved is None:
            return
        with self._readable():
            counters.restore(self.saved.part("counted"))
            if writer is not None:
                writer.restore(described(self.saved), self.saved.number("written", 0))

    @property
    def advice(self) -> str:
        """What to say behind how far an interrupted run came."""
        return f"; --resume goes on from {self.path}" if self.path is not None else ""

    # --- saving ----------------------------------------------------------------------------------------------------

    def is_due(self, read: int) -> bool:
        """Whether it is time to save, so many packets after the last time."""
        if self.path is None:
            return False
        if self.every.packets is not None:
            return read >= self.every.packets
        return time.monotonic() - self._last >= self.every.seconds

    def save(self, run: Run, counters: Counters, out: Any, writer: CaptureWriter | None) -> None:
        """Save a run at rest; what was written is safe on the disk before."""
        if self.path is None:
            return
        try:
            container.write(self.path, self._tree(run, counters, out, writer))
        except OSError as error:
            raise UsageError(f"{error.filename or self.path}: cannot be saved: {error.strerror or error}") from error
        self._last = time.monotonic()

    def _tree(self, run: Run, counters: Counters, out: Any, writer: CaptureWriter | None) -> dict[str, Any]:
        """All that is saved."""
        defragmenter = run.simulator.defragmenter
        return {
            "fwsim": __version__,
            "program": program(),
            "options": self.options,
            "rulesets": self._digests,
            "read": [mark and mark.save() for mark in marks(run.captures)],
            "guessed": run.guessed,
            "sources": digests_of_sources(run),
            "captures": save_captures(run.captures),
            "topology": save_topology(run.simulator.topology),
            "modes": save_modes(run.simulator),
            "held": save_held(run.result.held),
            "fragments": None if defragmenter is None else save_fragments(defragmenter),
            "packets": run.result.packets,
            "counted": counters.save(),
            "output": written(out) if self.lines else None,
            "write": None if writer is None else written(writer.file),
            "described": [] if writer is None else writer.described(),
            "written": 0 if writer is None else writer.packets,
        }

    def finish(self) -> None:
        """The run is complete."""
        if self.path is not None:
            container.remove(self.path)


class Counters:
    """What has been counted and said for the output, to be saved and put back (`fwsim.cli.showing`)."""

    def save(self) -> dict[str, Any]:
        """What is saved of it."""
        raise NotImplementedError

    def restore(self, saved: Saved) -> None:
        """Put it back."""
        raise NotImplementedError


def described(saved: Saved) -> list[tuple[str | None, int, int | None]]:
    """The interfaces that are described in the capture that is written."""
    found = saved.list("described")
    for one in found:
        saved.must(isinstance(one, list) and len(one) == 3 and type(one[1]) is int, "described")
        saved.must(isinstance(one[0], str | None) and isinstance(one[2], int | None), "described")
    return [tuple(one) for one in found]


def written(file: Any) -> dict[str, object]:
    """The mark of a file that is being written, all of which is on the disk now."""
    file.flush()
    os.fsync(file.fileno())
    return Mark.of(file.name, os.fstat(file.fileno()).st_size).save()


def refuse(inputs: InputOptions, output: OutputOptions, path: str, *, lines: bool) -> None:
    """Refuse what can be read only once, or cannot be taken back once it is written."""
    if inputs.jobs > 1:
        raise UsageError(f"--checkpoint: keeps one connection table, which --jobs {inputs.jobs} divides")
    if inputs.live:
        raise UsageError("--checkpoint: --live may find another machine when it goes on, expected --topology FILE")
    for source in inputs.sources:
        if source == "-":
            raise UsageError("--checkpoint: standard input can be read only once, expected a file")
        if os.path.exists(source) and not is_regular(source):
            raise UsageError(f"--checkpoint: {source} is no regular file, and can be read only once")
    if output.format not in FORMATS:
        raise UsageError(
            f"--checkpoint: expected --format {', '.join(FORMATS)}; {output.format} cannot be gone on with"
        )
    if lines:
        refuse_target(output.output)
    if output.write is not None:
        refuse_target(output.write)
    refuse_place(path, (*inputs.sources, output.output, output.write))


def refuse_place(path: str, others: Iterable[str | None]) -> None:
    """Refuse to keep a checkpoint where it cannot be read again, or in the place of something else."""
    if path == "-" or (os.path.exists(path) and not is_regular(path)):
        raise UsageError(f"--checkpoint {path}: is read again, expected a regular file")
    used = [os.path.realpath(other) for other in others if other is not None]
    if os.path.realpath(path) in used or os.path.realpath(part_of(path, PART)) in used:
        raise UsageError(f"--checkpoint {path}: is used for something else")


def refuse_target(target: str) -> None:
    """Refuse to write packet by packet where that cannot be taken back."""
    if target == "-":
        raise UsageError(
            "--checkpoint: what is written packet by packet cannot go to standard output, expected -o FILE"
        )
    if os.path.exists(target) and not is_regular(target):
        raise UsageError(f"--checkpoint: {target} is no regular file, and what is written there cannot be taken back")


def digests_of(inputs: InputOptions) -> dict[str, str | None]:
    """The digests of the files that say what is to be done, by the option; None where there is none."""
    files = {"-r": inputs.rules, "--stateless-rules": inputs.stateless_rules, "--sysctl": inputs.sysctl}
    files |= {f"--topology {path}": path for path in inputs.topology}
    return {name: digest_of(file) if file is not None and is_regular(file) else None for name, file in files.items()}


def digests_of_sources(run: Run) -> dict[str, str]:
    """For each ruleset a digest of all texts that its rules were read from, those that others include too."""
    rulesets = {"-r": run.ruleset, "--stateless-rules": run.by_hand}
    read = {option: ruleset.netfilter.sources for option, ruleset in rulesets.items() if ruleset is not None}
    return {option: hashlib.sha256(repr(sources).encode()).hexdigest() for option, sources in read.items()}


def asked_for(
    inputs: InputOptions, selecting: SelectionOptions, output: OutputOptions, *, modes: tuple[str, ...], lines: bool
) -> dict[str, str]:
    """The options that change what comes out, each as a text, by their names."""
    found = {"the captures": repr(inputs.captures), "--in": repr(inputs.named), "the command or --mode": repr(modes)}
    for options in (inputs, selecting, output):
        for one in fields(options):
            if one.name not in CHANGES_NOTHING:
                name = WRITTEN_AS.get(one.name, f"--{one.name.replace('_', '-')}")
                found[name] = repr(getattr(options, one.name))
    found["-q or -v"] = repr((output.quiet, output.verbose, lines))
    return found
