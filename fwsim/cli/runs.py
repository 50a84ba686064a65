"""From options to a run: rulesets, captures, simulator, the selected rows, the exit status.

Read first: `fwsim.cli.options`, `fwsim.simulator`. Only warnings are printed here.
"""

from __future__ import annotations

import io
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.capture import Captures, Input, open_captures
from fwsim.cli.describing import host_of, interfaces_by_hand, known_interfaces, networks_of, own_addresses
from fwsim.cli.guessing import guessed_ruleset
from fwsim.cli.loading import load
from fwsim.cli.options import InputOptions, SelectionOptions
from fwsim.cli.streams import warn
from fwsim.errors import UsageError
from fwsim.garbage import uncollected
from fwsim.naming import Naming
from fwsim.report.tally import Slots, Tally
from fwsim.result import Result
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.ruleset.addresses import parse_interface_name
from fwsim.ruleset.host import Host
from fwsim.run_names import naming_of
from fwsim.selection import Selection
from fwsim.sharding import LOOKED_AT, ShardedRun
from fwsim.simulator import Simulator
from fwsim.terms import Verdict

BOTH = ("stateless", "stateful")

STEP_BY_STEP = "the connection table is looked at packet by packet"
"""Why there is one shard if a command does not ask for more."""


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
    by_hand: Ruleset | None
    """That of the stateless mode, if it has one of its own."""

    @property
    def captures(self) -> Captures:
        """What is read."""
        return self.result.captures

    @property
    def simulator(self) -> Simulator:
        """What decides."""
        return self.result.simulator

    @property
    def asked(self) -> str:
        """The option that asked for several shards."""
        return f"--jobs {self.inputs.jobs}"

    @property
    def one_because(self) -> str | None:
        """Why there was one shard where more were asked for, if that is so."""
        stateful = self.simulator.stateful
        because = stateful.one_because if isinstance(stateful, ShardedRun) else STEP_BY_STEP
        return None if self.inputs.jobs == 1 or because == LOOKED_AT else because

    def slots(self) -> dict[str, Slots]:
        """Where the hits of each mode are counted."""
        return {mode: Slots(len(names.rules), len(names.chains)) for mode, names in self.naming.rules.items()}


@dataclass(frozen=True)
class Rulesets:
    """The rulesets of a run, and the interfaces that its options add."""

    ruleset: Ruleset
    by_hand: Ruleset | None
    """That of the stateless mode, if it has one of its own."""
    guessed: str | None
    interfaces: dict[str, list[str]]
    host: Host


def rulesets(
    inputs: InputOptions, files: Sequence[Input], prepare: Callable[[Ruleset], Ruleset] | None = None
) -> Rulesets:
    """Load the rulesets, or guess one; `prepare` changes it before it is used."""
    host = host_of(inputs)
    interfaces = networks_of(inputs, host)
    guessed: str | None = None
    source: str | io.StringIO
    if inputs.rules is None:
        guessed = guessed_ruleset(files, interfaces, [*inputs.local, *own_addresses(host)])
        source = io.StringIO(guessed)
    else:
        source = inputs.rules
    ruleset = load(inputs, source, host)
    if prepare is not None:
        ruleset = prepare(ruleset)
    by_hand = None
    if inputs.stateless_rules:
        by_hand = load_ruleset(inputs.stateless_rules, interfaces=interfaces, local=inputs.local)
    new = {} if ruleset.interfaces else new_interfaces(inputs)
    if by_hand is not None:
        new |= interfaces_by_hand(
            by_hand, dict.fromkeys([*ruleset.interfaces, *known_interfaces(host), *interfaces, *new])
        )
    return Rulesets(ruleset, by_hand, guessed, networks_of(inputs) | new, host)


@uncollected(stays=True)
def simulator_class(*, metered: bool) -> type[Simulator]:
    """What simulates: if its costs are measured, one that does that too."""
    if not metered:
        return Simulator
    from fwsim.resources.meter import MeteredSimulator

    return MeteredSimulator


def start(
    inputs: InputOptions,
    modes: tuple[str, ...],
    *,
    digest: bool = False,
    prepare: Callable[[Ruleset], Ruleset] | None = None,
    jobs: int = 1,
    opening: Callable[..., Captures] = open_captures,
    metered: bool = False,
) -> Run:
    """Load the rulesets and open the captures; nothing is read of these yet.

    `digest` asks for the SHA-256 of the captures, which costs as much as half of the run. `prepare` changes the ruleset
    before it is used; `opening` opens the captures. `jobs` is for who looks into the connection table only at the end
    (`inputs.jobs`). `metered` measures what state costs.
    """
    files = capture_inputs(inputs)
    rules = rulesets(inputs, files, prepare)
    captures = opening(files, checksum=inputs.checksum, merge=bool(inputs.named), limit=inputs.count, digest=digest)
    simulator = simulator_class(metered=metered)(
        rules.ruleset,
        interfaces=rules.interfaces,
        stateless_rules=rules.by_hand,
        key=inputs.seed,
        jobs=jobs,
        host=rules.host,
    )
    if rules.guessed is None or inputs.interfaces:
        for name, path in inputs.named:
            simulator.topology.check_declared(name, f"--in {name}={path}")
    naming = naming_of(captures, simulator)
    return Run(inputs, modes, Result(captures, simulator), naming, rules.ruleset, rules.guessed, rules.by_hand)


def new_interfaces(inputs: InputOptions) -> dict[str, list[str]]:
    """The interfaces that captures were taken on (`--in`), for a ruleset that declares none."""
    for name, path in inputs.named:
        try:
            parse_interface_name(name)
        except ValueError as problem:
            raise UsageError(f"--in {name}={path}: {problem}") from None
    return {name: [] for name, _ in inputs.named}


def capture_inputs(inputs: InputOptions) -> list[Input]:
    """The captures that were named, once for each file."""
    if inputs.captures and inputs.named:
        raise UsageError("captures are given either plainly (read one after the other) or with --in (merged by time)")
    files = [Input(path) for path in inputs.captures]
    files += [Input(path, interface=name) for name, path in inputs.named]
    if not files:
        raise UsageError("no capture was named: expected a file, or - for standard input")
    if inputs.sources.count("-") > 1:
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
        if not self.selecting.given:
            return None
        begin, end = self.selecting.begin, self.selecting.end
        given = {"-Y": self.selecting.expression, "--from": begin and begin.text, "--to": end and end.text}
        return " ".join(f"{option} {shlex.quote(str(text))}" for option, text in given.items() if text is not None)


def damage(run: Run) -> int:
    """Tell the warnings about captures on stderr, and why there was one shard; returns 2 if one is damaged, else 0."""
    warn(shard_notes(run), "note")
    for file in run.captures.files:
        warn(f"{file.path}: {warning}" for warning in file.warnings)
    return 0 if run.captures.complete else 2


def shard_notes(run: Run) -> list[str]:
    """Why connections were tracked in one shard, at last, where more were asked for."""
    because = run.one_because
    return [f"{run.asked}: connections were tracked in one shard, because {because}"] if because else []


def status_of(run: Run, tally: Tally) -> int:
    """The exit status: 2 if a capture is damaged, 3 if a verdict is unknown, else 0."""
    if damage(run):
        return 2
    axes = range(len(run.modes))
    unknown = sum(int(np.take(tally.cells, int(Verdict.UNKNOWN), axis=1 + axis).sum()) for axis in axes)
    return 3 if unknown else 0
