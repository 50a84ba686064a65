"""From options to a run: ruleset, captures, simulator, and what is to be said about them.

Read first: `fwsim.cli.options`, `fwsim.simulator`. Nothing is printed here.
"""

from __future__ import annotations

import hashlib
import io
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.capture import Captures, Input, open_captures
from fwsim.cli.guessing import guessed_ruleset
from fwsim.cli.options import InputOptions, SelectionOptions
from fwsim.cli.sysctl import conntrack_settings
from fwsim.errors import UsageError
from fwsim.lower import Lowered
from fwsim.naming import Naming, RuleNames
from fwsim.report.about import About, AboutCapture, AboutRuleset
from fwsim.report.comparison import changes
from fwsim.report.figures import counted
from fwsim.report.tally import Slots, Tally
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.selection import Selection
from fwsim.simulator import Result, Simulator
from fwsim.tables import CONNECTION, SIDE, TUPLE
from fwsim.terms import Verdict, word

BOTH = ("stateless", "stateful")
CONNECTION_BYTES = CONNECTION.itemsize + 2 * TUPLE.itemsize + 2 * SIDE.itemsize + 32
"""What a connection takes: its rows, two places in the expiry heap, two buckets."""

NOWHERE = 0.95
"""Of the packets: if more pass no chain at all, something about the firewall's own addresses is missing."""


@dataclass
class Run:
    """Everything that a command needs of a run."""

    inputs: InputOptions
    modes: tuple[str, ...]
    result: Result
    naming: Naming
    ruleset: Ruleset
    guessed: str | None
    """The ruleset as YAML, if there was none and it had to be guessed."""

    @property
    def captures(self) -> Captures:
        """What is read."""
        return self.result.captures

    @property
    def simulator(self) -> Simulator:
        """What decides."""
        return self.result.simulator

    def slots(self) -> dict[str, Slots]:
        """Where the hits of each mode are counted."""
        return {mode: Slots(len(names.rules), len(names.chains)) for mode, names in self.naming.rules.items()}


class _Paths(Sequence[str]):
    """The paths of captures, however many have been opened by now."""

    def __init__(self, captures: Captures) -> None:
        self.captures = captures

    def __len__(self) -> int:
        return len(self.captures.files)

    def __getitem__(self, number: Any) -> Any:
        return self.captures.files[number].path


def start(inputs: InputOptions, modes: tuple[str, ...]) -> Run:
    """Load the rulesets and open the captures; nothing is read of these yet."""
    files = capture_inputs(inputs)
    overrides = (conntrack_settings(inputs.sysctl) if inputs.sysctl else {}) | inputs.settings
    interfaces = {name: networks.split(",") for name, networks in inputs.interfaces.items()}
    guessed: str | None = None
    source: str | io.StringIO
    if inputs.rules is None:
        guessed = guessed_ruleset(files)
        source = io.StringIO(guessed)
    else:
        source = inputs.rules
    ruleset = load_ruleset(source, overrides=overrides, interfaces=interfaces, local=inputs.local)
    by_hand = None
    if inputs.stateless_rules:
        by_hand = load_ruleset(inputs.stateless_rules, interfaces=interfaces, local=inputs.local)
    captures = open_captures(files, checksum=inputs.checksum, merge=bool(inputs.named), limit=inputs.count)
    simulator = Simulator(ruleset, stateless_rules=by_hand, key=inputs.seed)
    return Run(inputs, modes, Result(captures, simulator), naming_of(captures, simulator), ruleset, guessed)


def naming_of(captures: Captures, simulator: Simulator) -> Naming:
    """The names of a run."""
    rules: dict[str, RuleNames] = {}
    for mode, lowered in simulator.lowered.items():
        rules[mode] = RuleNames(lowered.rules, lowered.chains, rules_without_iif(lowered))
    return Naming(_Paths(captures), simulator.topology.names, rules)


def rules_without_iif(lowered: Lowered) -> frozenset[int]:
    """The rules that do not ask by which interface a packet came in."""
    spans = [(int(row["first"]), int(row["last"])) for row in lowered.program.rules[: len(lowered.rules)]]
    return frozenset(
        number
        for number, (first, last) in enumerate(spans)
        if not any(ask is not None and ask.field == "iif" for ask in lowered.asks[first:last])
    )


def capture_inputs(inputs: InputOptions) -> list[Input]:
    """The captures that were named, once for each file."""
    if inputs.captures and inputs.named:
        raise UsageError("captures are given either plainly (read one after the other) or with --in (merged by time)")
    files = [Input(path) for path in inputs.captures]
    files += [Input(path, interface=name) for name, path in inputs.named]
    if not files:
        raise UsageError("no capture was named: expected a file, or - for standard input")
    if [file.path for file in files].count("-") + (inputs.rules == "-") + (inputs.stateless_rules == "-") > 1:
        raise UsageError("standard input (-) can be read only once")
    return files


class Window:
    """Which rows of a batch are selected by -Y, --from and --to."""

    def __init__(self, selecting: SelectionOptions, modes: Sequence[str]) -> None:
        """Parse the expression; raises UsageError where it is wrong."""
        self.selecting = selecting
        self.selection = Selection(selecting.expression, modes) if selecting.expression else None
        self.first: int | None = None

    def rows(self, batch: Any, naming: Naming) -> npt.NDArray[np.intp] | slice:
        """The selected rows, in order."""
        ts = batch.frames["ts"]
        if self.first is None and len(ts):
            self.first = int(ts[0])
        if not self.selecting.given:
            return slice(None)
        mask = np.ones(len(ts), dtype=np.bool_)
        if self.selecting.begin is not None:
            mask &= ts >= self.selecting.begin.since_epoch(self.first or 0)
        if self.selecting.end is not None:
            mask &= ts <= self.selecting.end.since_epoch(self.first or 0)
        if self.selection is not None:
            mask &= self.selection.mask(batch, naming)
        return np.flatnonzero(mask)

    @property
    def text(self) -> str | None:
        """What was selected, to be printed."""
        return self.selection.text if self.selection else None


def about(run: Run, tally: Tally, window: Window, *, hint: bool = True) -> About:
    """What is to be said about a run that has ended."""
    counters = run.result.statistics
    advice = advice_of(run, tally) if hint else None
    return About(
        modes=run.modes,
        captures=tuple(
            AboutCapture(file.path, file.format, file.sha256, file.packets, file.complete, tuple(file.warnings))
            for file in run.captures.files
        ),
        ruleset=_about_ruleset(run),
        connections=counters["created"],
        peak_connections=counters["peak"],
        memory=counters["peak"] * CONNECTION_BYTES,
        tracking=run.simulator.lowered["stateful"].tracking,
        selection=window.text,
        notes=tuple(run.simulator.topology.notes() + capture_notes(run.captures.notes) + _limit_notes(run, tally)),
        explain=explain_command(run.inputs),
        hint=(advice,) if advice else (),
    )


CAPTURE_NOTES = {
    "offloaded": "{} have a transport checksum left to the network card: it was not judged (--checksum verify does)",
    "offloaded_header": "{} have an IPv4 header checksum left to the network card: it was not judged",
    "segmented": "{} were captured before segmentation: their IP length is 0, the captured length was taken",
    "cut": "{} are cut short by the snap length: what a rule needs beyond the cut is unknown",
}


def capture_notes(counts: dict[str, int]) -> list[str]:
    """What had to be guessed about packets as they were captured."""
    return [text.format(counted(counts[name], "packet")) for name, text in CAPTURE_NOTES.items() if counts.get(name)]


def _limit_notes(run: Run, tally: Tally) -> list[str]:
    """A limit is state too: it must be said if it may explain a difference."""
    rules = [rule for chain in run.ruleset.all_chains.values() for rule in chain.rules]
    if len(run.modes) < 2 or not changes(tally).admitted or all(rule.limit is None for rule in rules):
        return []
    return [
        "a limit counts without state too, but every packet that is judged as new, not only the first of a connection"
    ]


def _about_ruleset(run: Run) -> AboutRuleset:
    """What is to be said about the ruleset."""
    lowered = run.simulator.lowered["stateful" if "stateful" in run.modes else "stateless"]
    policies = [
        f"{'+'.join(word(hook) for hook in chain.hooks)} policy {word(chain.policy)}"
        for chain in lowered.chains
        if chain.hooks
    ]
    path = run.inputs.rules
    digest = None
    if path and path != "-":
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
    return AboutRuleset(
        path or "(guessed)", digest, len(lowered.rules), tuple(policies), run.inputs.stateless_rules
    )  # fmt: skip


def advice_of(run: Run, tally: Tally | None = None) -> str | None:
    """What to say first if the ruleset and the capture hardly have to do with each other."""
    advice = run.simulator.topology.advice()
    if advice or tally is None:
        return advice
    hits = tally.hits[run.modes[-1]]
    unchained = int(hits.counts[hits.slots.none, :, Verdict.ACCEPT].sum())
    if unchained <= NOWHERE * (tally.frames - sum(tally.not_evaluated.values())) or not unchained:
        return None
    proposal = run.simulator.topology.surroundings.propose()
    options = " ".join(f"--local {address}" for address in proposal.local)
    said = f"{unchained:,} of {tally.frames:,} packets pass no chain of the ruleset"
    return f"{said}; if it is that of one machine, name its address: {options}" if options else said


def explain_command(inputs: InputOptions) -> str:
    """The command that explains a frame of this run, but for `-n`."""
    words = ["fwsim", "explain", *inputs.captures]
    for name, file in inputs.named:
        words += ["--in", f"{name}={file}"]
    words += ["-r", inputs.rules] if inputs.rules else []
    words += ["--stateless-rules", inputs.stateless_rules] if inputs.stateless_rules else []
    for name, networks in inputs.interfaces.items():
        words += ["--interface", f"{name}={networks}"]
    for address in inputs.local:
        words += ["--local", address]
    for key, value in inputs.settings.items():
        words += ["--set", f"{key}={value}"]
    words += ["--sysctl", inputs.sysctl] if inputs.sysctl else []
    words += ["--checksum", inputs.checksum] if inputs.checksum != "auto" else []
    return shlex.join(words)


def status_of(run: Run, tally: Tally) -> int:
    """The exit status: 2 if a capture is damaged, 3 if a verdict is unknown, else 0."""
    if not all(file.complete for file in run.captures.files):
        return 2
    axes = range(len(run.modes))
    unknown = sum(int(np.take(tally.cells, int(Verdict.UNKNOWN), axis=1 + axis).sum()) for axis in axes)
    return 3 if unknown else 0


def limited(inputs: InputOptions, count: int) -> InputOptions:
    """The same inputs, read no further than `count` packets."""
    return replace(inputs, count=min(count, inputs.count or count))
