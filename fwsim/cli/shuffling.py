"""`replay --shuffle SEED`: which decisions depend on the order of packets, and which rules need a table at all.

Read first: `fwsim.shuffling`. The run is repeated with the same packets in another order, in both modes; and, if it
keeps state, once more in the order of the capture with a table that forgets each connection at once. A packet *needed
the table* if its verdict is another there.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fwsim.baseline.changes import Change
from fwsim.baseline.counted import Changes
from fwsim.baseline.kinds import Kind
from fwsim.baseline.rows import Rows
from fwsim.checkpoint.identity import is_regular
from fwsim.cli.asides import Aside
from fwsim.cli.options import InputOptions, OutputOptions
from fwsim.cli.runs import Run, start
from fwsim.errors import UsageError
from fwsim.harmless import safe
from fwsim.report.changes_text import Told, details
from fwsim.report.figures import count, counted, share
from fwsim.report.grid import grid
from fwsim.shuffling import Column, Shuffle
from fwsim.simulator import Mode

MODES: tuple[Mode, ...] = ("stateless", "stateful")
OF_VERDICTS = (Change.BLOCKED, Change.ADMITTED, Change.UNKNOWN, Change.VERDICT)
LIMITS = ("max", "max_retrans", "loose", "be_liberal", "ignore_invalid_rst", "checksum", "tracking", "translating",
          "helping", "clock_frozen")  # fmt: skip
"""The settings that are no timeouts."""


def shuffling_asides(inputs: InputOptions, output: OutputOptions, mode: Mode, seed: int | None) -> list[Aside]:
    """What goes along with a run for the sake of `--shuffle`."""
    if seed is None:
        return []
    for source in (*inputs.sources,):
        if not is_regular(source):
            raise UsageError(f"--shuffle: {source}: is read several times, expected a file")
    if inputs.rules is None:
        raise UsageError("--shuffle: expected a ruleset (-r), since one that is guessed hangs on the order too")
    if output.format not in ("text", "json", "jsonl", "csv"):
        raise UsageError(f"--shuffle: expected another --format than {output.format}")
    return [Shuffling(inputs, output, mode, seed)]


def check_shuffle(asides: Sequence[Aside]) -> None:
    """Refuse what would not hold for every run."""
    others = [aside.option for aside in asides if aside.option in ("--switch", "--state-in")]
    if others and any(aside.option == "--shuffle" for aside in asides):
        raise UsageError(f"--shuffle: expected no {others[0]} with it")


@dataclass
class Need:
    """The packets that a rule decided, and how many of them needed the table."""

    packets: int = 0
    needed: int = 0


class Shuffling(Aside):
    """Keeps what a run has decided, and runs again in another order."""

    option = "--shuffle"

    def __init__(self, inputs: InputOptions, output: OutputOptions, mode: Mode, seed: int) -> None:
        """Nothing was read yet."""
        self.inputs = inputs
        self.output = output
        self.mode: Mode = mode
        self.seed = seed
        self.stack = ExitStack()

    def begin(self, run: Run) -> None:
        """Get ready for the decisions."""
        self.shuffle = self.stack.enter_context(Shuffle(run.captures, self.seed))
        self.rows: dict[Mode, Rows] = {mode: Rows(mode, run.simulator) for mode in MODES}
        self.kinds = {mode: Column() for mode in MODES}
        self.connections = {mode: Column() for mode in MODES}
        for column in (*self.kinds.values(), *self.connections.values()):
            self.stack.callback(column.close)

    def add(self, batch: Any) -> None:
        """Keep the frames and the decisions."""
        self.shuffle.add(batch.chunk)
        for mode in MODES:
            kinds, connections, _ = self.rows[mode].columns(batch)
            self.kinds[mode].add(kinds)
            self.connections[mode].add(connections)

    def finish(self, run: Run) -> None:
        """Run again, and tell."""
        changes = self._in_another_order()
        lines = [self._answer(changes)]
        if any(run.simulator.lowered[mode].counts for mode in MODES):
            lines.append("note: rules that count (limits, quotas, dynamic sets) hang on order without state too")
        if self.mode == "stateful":
            lines += ["", *self._rules(self._alone())]
        text = "\n".join(lines) + "\n"
        if not self.output.quiet:
            files = [file.path for file in run.captures.files]
            told = Told(self.mode, files, self.inputs.rules or "(guessed)", "the order of the capture")
            text += details(changes[self.mode], told, self.output.top)
        beside = self.output.format == "text" and self.output.output == "-"
        (sys.stdout if beside else sys.stderr).write(f"\n{text}" if beside and not self.output.quiet else text)

    def _in_another_order(self) -> dict[Mode, Changes]:
        """What changes if the packets come in another order."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "shuffled.pcapng")
            self.shuffle.write(path)
            run = start(replace(self.inputs, captures=(path,), named=(), count=None), MODES, jobs=self.inputs.jobs)
            rows: dict[Mode, Rows] = {mode: Rows(mode, run.simulator) for mode in MODES}
            found = {mode: Changes(mode, self.rows[mode].kinds.kinds, rows[mode].kinds.kinds) for mode in MODES}
            before = {mode: (self.kinds[mode].all(), self.connections[mode].all()) for mode in MODES}
            for batch in run.result:
                places = self.shuffle.places(len(batch))
                batch.frames["number"], batch.frames["file"] = places["number"], places["file"]
                for mode in MODES:
                    kinds, connections = (column[places["place"]].astype(np.int64) for column in before[mode])
                    now = rows[mode].columns(batch)
                    found[mode].add(batch, slice(None), (kinds, connections, now[2]), now)
        return found

    def _answer(self, changes: dict[Mode, Changes]) -> str:
        """The sentence with the answer."""
        told = []
        for mode in (self.mode, *(mode for mode in MODES if mode != self.mode)):
            verdicts = sum(changes[mode].counts[kind] for kind in OF_VERDICTS)
            others = changes[mode].changed - verdicts
            besides = f" and {count(others)} another rule or state" if others else ""
            told.append(f"{mode}: {count(verdicts) if verdicts else 'none'} get another verdict{besides}")
        packets = counted(changes[self.mode].packets, "packet")
        return f"Shuffled (seed {self.seed}), of {packets}, {'; '.join(told)}."

    def _alone(self) -> dict[str, Need]:
        """By rule, the packets that needed the table."""
        run = start(self.inputs, MODES, jobs=1)
        stateful = run.simulator.stateful
        forgetful(stateful.tracker.settings)
        rows = Rows("stateful", run.simulator)
        known, at = self.kinds["stateful"].all(), 0
        needs: dict[str, Need] = defaultdict(Need)
        for batch in run.result:
            was = known[at : at + len(batch)].astype(np.int64)
            now = rows.columns(batch)[0]
            at += len(batch)
            pairs, counts = np.unique(np.stack([was, now], axis=1), axis=0, return_counts=True)
            for (then, here), number in zip(pairs.tolist(), counts.tolist(), strict=True):
                one, other = self.rows["stateful"].kinds.kinds[then], rows.kinds.kinds[here]
                need = needs[one.decider.place]
                need.packets += number
                need.needed += number * differs(one, other)
        return needs

    def _rules(self, needs: dict[str, Need]) -> list[str]:
        """The table of rules, those that need the table most first."""
        table = [["rule", "packets", "needed the table", "share", ""]]
        ranked = sorted(needs.items(), key=lambda item: (-item[1].needed, -item[1].packets, item[0]))
        for place, need in ranked:
            could = "could be stateless" if not need.needed else ""
            figures = [count(need.packets), count(need.needed), share(need.needed, need.packets)]
            table.append([safe(place), *figures, could])
        return grid(table, "<>>><")

    def close(self) -> None:
        """Remove what was kept."""
        self.stack.close()


def differs(was: Kind, now: Kind) -> bool:
    """Whether two decisions let a packet through, or refuse it, differently."""
    return (was.verdict, was.reject_with) != (now.verdict, now.reject_with)


def forgetful(settings: Any) -> None:
    """Let every connection be dead as soon as it is there."""
    for name in settings.dtype.names:
        if name not in LIMITS:
            settings[name] = 0
