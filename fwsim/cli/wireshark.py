"""`report --wireshark`: a folder with a profile of Wireshark, and with the capture annotated for it.

Read first: `fwsim.report.wireshark.files`, `fwsim.cli.asides`.
"""

from __future__ import annotations

import os
import shlex
from typing import Any

import click
import numpy as np

from fwsim.capture import CaptureWriter
from fwsim.cli import INTERRUPTED
from fwsim.cli.asides import Aside
from fwsim.cli.options import EVERYTHING, InputOptions, OutputOptions
from fwsim.cli.runs import BOTH, Run, rulesets
from fwsim.cli.showing import show
from fwsim.cli.streams import opened, warn
from fwsim.cli.targets import check_target, place_of
from fwsim.errors import UsageError
from fwsim.harmless import safe
from fwsim.naming import RuleNames
from fwsim.report.annotations import Annotations
from fwsim.report.wireshark.files import COLOUR_FILE, OURS, RECENT, profile
from fwsim.simulator import Simulator

ANNOTATED = "annotated.pcapng"
GUESSED = "no ruleset was given (-r), so one was guessed; fwsim compare shows it"
HOME = "profiles"
"""The folder in which Wireshark looks for profiles."""


class Profile:
    """A folder for Wireshark."""

    def __init__(self, folder: str, inputs: InputOptions) -> None:
        """Refuse what cannot be written, or is another's."""
        self.folder = folder
        self.capture = os.path.join(folder, ANNOTATED)
        if not folder:
            raise UsageError("--wireshark: expected the name of a folder")
        if os.path.exists(folder) and not os.path.isdir(folder):
            raise UsageError(f"{folder}: is a file, expected a folder for the profile")
        for name in [*profile(), ANNOTATED]:
            path = os.path.join(folder, name)
            if os.path.isdir(folder):
                check_target(path, inputs.sources)
            if name != RECENT and os.path.exists(path) and not self._is_ours():
                expected = "expected a new folder, or one that fwsim has written"
                raise UsageError(f"{path}: is there already, in a folder that is not fwsim's: {expected}")

    def check_beside(self, output: str) -> None:
        """Refuse a page that would take the place of the folder, or of a file in it."""
        paths = [self.folder, *(os.path.join(self.folder, name) for name in [*profile(), ANNOTATED])]
        if output != "-" and place_of(output) in map(place_of, paths):
            raise UsageError(f"-o {output} and --wireshark {self.folder} cannot go to the same place")

    def _is_ours(self) -> bool:
        """Whether the folder's colour rules are those that are written here."""
        try:
            with open(os.path.join(self.folder, COLOUR_FILE), encoding="utf-8", errors="replace") as file:
                return file.readline().rstrip("\n") == OURS
        except OSError:
            return False

    def make(self) -> None:
        """Make the folder, if it is not there."""
        try:
            os.makedirs(self.folder, exist_ok=True)
        except OSError as problem:
            raise UsageError(f"{self.folder}: cannot be made: {problem.strerror}") from None

    def write(self, rules: dict[str, RuleNames]) -> None:
        """Write the profile, with filters for these rules."""
        self.make()
        for name, text in profile(rules).items():
            path = os.path.join(self.folder, name)
            if name == RECENT and os.path.exists(path):
                continue
            with opened(path, whole=True) as file:
                file.write(text)

    def next(self, *, annotated: bool) -> str:
        """What to do with it."""
        real = os.path.realpath(self.folder)
        at_home = os.path.basename(os.path.dirname(real)) == HOME
        capture = shlex.quote(safe(self.capture)) if annotated else ANNOTATED
        show = f"wireshark -C {shlex.quote(safe(os.path.basename(real)))} {capture}"
        make = "" if annotated else f"fwsim compare CAPTURE -r RULESET -w {ANNOTATED} --annotate; "
        where = (
            "" if at_home else f"; it finds profiles in ~/.config/wireshark/{HOME}, so copy {safe(self.folder)} there"
        )
        return f"Next: {make}{show}{where}"


class Annotating(Aside):
    """Writes the annotated capture while a run goes on, and the profile at its end."""

    option = "--wireshark"

    def __init__(self, made: Profile) -> None:
        """Nothing is written yet."""
        self.made = made
        self.guessed = False
        """Whether the ruleset had to be guessed."""
        self.writer: CaptureWriter | None = None
        self.annotations: Annotations | None = None

    def begin(self, run: Run) -> None:
        """Begin the capture."""
        self.made.make()
        self.guessed = run.guessed is not None
        self.annotations = Annotations(run.modes, run.naming)
        self.writer = CaptureWriter(self.made.capture, run.captures)

    def add(self, batch: Any) -> None:
        """Write the frames of a batch."""
        assert self.writer is not None
        assert self.annotations is not None
        rows = np.arange(len(batch))
        self.writer.write(batch.chunk, rows.tolist(), self.annotations.by_row(batch, rows))

    def finish(self, run: Run) -> None:
        """Write the profile."""
        self.made.write(run.naming.rules)

    def close(self) -> None:
        """Finish the capture, however much it holds."""
        if self.writer is not None:
            self.writer.close()


def rules_of(inputs: InputOptions) -> dict[str, RuleNames]:
    """The names of the rules of each mode, of a ruleset without captures."""
    if inputs.rules is None:
        return {}
    rules = rulesets(inputs, [])
    simulator = Simulator(
        rules.ruleset, interfaces=rules.interfaces, stateless_rules=rules.by_hand, key=inputs.seed, host=rules.host
    )
    return {mode: RuleNames(lowered.rules, lowered.chains) for mode, lowered in simulator.lowered.items()}


def annotate(inputs: InputOptions, folder: str, *, quiet: bool = False) -> int:
    """Write the profile, and the annotated capture if captures were named; returns the exit status."""
    made = Profile(folder, inputs)
    if not inputs.files:
        made.write(rules_of(inputs))
        if not quiet:
            click.echo(made.next(annotated=False))
        return 0
    answer = OutputOptions("text", "-", None, annotate=False, by=None, top=1, quiet=True, verbose=False)
    annotating = Annotating(made)
    status = show(inputs, EVERYTHING, answer, BOTH, lines=False, asides=[annotating])
    if quiet:
        return status
    warn([GUESSED] if annotating.guessed else [], "note")
    if status != INTERRUPTED:
        click.echo(made.next(annotated=True))
    return status
