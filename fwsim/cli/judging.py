"""The work of `fwsim parity`: rounds of captures through both firewalls, and what is told about their differences.

Read first: `fwsim.parity`, `fwsim.kernel`, `fwsim.cli.rounds`.
"""

from __future__ import annotations

import math
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from fwsim import __version__
from fwsim.capture import Captures
from fwsim.capture.stored import STDIN
from fwsim.cli.nat_rounds import translating
from fwsim.cli.options import InputOptions
from fwsim.cli.rounds import kept, rounds
from fwsim.cli.runs import BOTH, Run, damage, start
from fwsim.cli.streams import Compiling, warn
from fwsim.errors import UsageError
from fwsim.explain import explain
from fwsim.explain.reaching import FrameRange, before_each
from fwsim.kernel import KernelFirewall
from fwsim.parity import Comparison, Difference, compare_firewalls, frozen, hastened, standing_still
from fwsim.parity.frozen import STRETCH
from fwsim.parity.records import Record, records, write
from fwsim.parity.shrinking import shrunk
from fwsim.report.parity_text import answer, counts, left_out, told
from fwsim.result import Result

NOT_SHRUNK = "No difference is left once the frames are written as a capture of their own: nothing was shrunk."
EXPLAINED = 3
"""Differences that are explained in full."""


@dataclass(frozen=True)
class Request:
    """What was asked for; `real_time` 0 means all at once."""

    inputs: InputOptions
    fuzz: float | None
    shrink: str | None
    real_time: float
    from_rules: int | None = None
    nat: bool = False
    packets: int | None = None
    """So many make an end, before the seconds of `fuzz` have passed."""


@dataclass
class Round:
    """One round: the run, and what came of comparing."""

    run: Run
    comparison: Comparison


def judge(request: Request, out: IO[str]) -> int:
    """Compare, tell, and return the exit status."""
    if STDIN in request.inputs.files:
        raise UsageError("parity may read a capture more than once: expected a file, not standard input (-)")
    if request.fuzz is not None and request.real_time:
        raise UsageError("--real-time is for captures as they were taken: expected no --fuzz")
    if request.from_rules is not None and (request.fuzz is not None or request.real_time):
        raise UsageError("--from-rules makes so many packets, all at once: expected neither --fuzz nor --real-time")
    if request.fuzz is None and (request.nat or request.packets is not None):
        raise UsageError("--nat and --packets say what traffic is made: expected --fuzz with them")
    total = Comparison()
    out.write(f"fwsim {__version__} and Linux {platform.release()}\n")
    with tempfile.TemporaryDirectory(prefix="fwsim-") as folder:
        status = 0
        made_by = translating if request.nat else None
        for inputs in rounds(request.inputs, request.fuzz, Path(folder), request.from_rules, made_by):
            judged = compare(request, inputs)
            status = max(status, damage(judged.run))
            total.merge(judged.comparison)
            if not judged.comparison.agrees:
                tell(request, kept(inputs, Path(folder), out, request.inputs), judged, out)
                break
            if total.packets.total() >= (request.packets or math.inf):
                break
        out.write("\n".join([*counts(total), "", *left_out(total), answer(total), ""]))
    return status or (3 if total.unknown else 0 if total.agrees else 1)


def prepared(request: Request, inputs: InputOptions, *, jobs: int = 1, stretch: int = STRETCH) -> tuple[Run, Captures]:
    """A run, and its captures with the clock that was asked for; `stretch` as in `standing_still`."""
    if request.real_time:
        run = start(inputs, BOTH, jobs=jobs)
        return run, run.captures
    run = start(inputs, BOTH, prepare=lambda ruleset: standing_still(ruleset, stretch), jobs=jobs)
    return run, frozen(run.captures)


def compare(request: Request, inputs: InputOptions) -> Round:
    """One round through both firewalls."""
    run, captures = prepared(request, inputs, jobs=inputs.jobs)
    kernel = KernelFirewall(
        hastened(run.ruleset, request.real_time) if request.real_time else run.ruleset,
        topology=run.simulator.topology,
        checksum=inputs.checksum,
        real_time=request.real_time,
    )
    warn(kernel.notes, "note")
    run.simulator.forget_the_clock()
    result = Result(captures, run.simulator)
    result.on_compiling = Compiling()
    with kernel:
        return Round(run, compare_firewalls(result, kernel))


def tell(request: Request, inputs: InputOptions, judged: Round, out: IO[str]) -> None:
    """The differences of a round: each with both decisions, the first ones explained; and the shrunk capture."""
    names = judged.run.naming.rules["stateful"]
    for place, one in enumerate(judged.comparison.differences):
        lines = told(one, names, inputs.files)
        if place < EXPLAINED:
            lines += [f"    {line}".rstrip() for line in explained(request, inputs, one).splitlines()]
        out.write("\n".join([*lines, "", ""]))
    if request.shrink is not None:
        left = shrink(request, inputs, judged.comparison.differences[0])
        if left:
            write(request.shrink, left)
        found = f"{len(left)} packets that still differ: {request.shrink}" if left else NOT_SHRUNK
        out.write(f"{found}\n\n")


def explained(request: Request, inputs: InputOptions, one: Difference) -> str:
    """How the simulator came to its decision; as its clock stands still, the ruleset's own timeouts do for that."""
    run, captures = prepared(request, inputs, stretch=1)
    frames = FrameRange(one.file, one.number, one.number)
    texts = [
        explain(run.simulator, batch, row, run.naming)
        for batch, row in before_each(run.simulator, captures, frames, tell=Compiling())
    ]
    return "".join(texts)


def shrink(request: Request, inputs: InputOptions, first: Difference) -> list[Record]:
    """The fewest frames that still differ, of those up to the first difference if these suffice; none if none do."""
    with tempfile.TemporaryDirectory(prefix="fwsim-") as folder:
        path = str(Path(folder) / "part.pcapng")

        def differs(part: Sequence[Record]) -> bool:
            write(path, part)
            return not compare(request, replace(inputs, captures=(path,), named=())).comparison.agrees

        for last in ((first.file, first.number), None):
            frames = records(start(inputs, BOTH).captures, behind=last)
            if differs(frames):
                return shrunk(frames, differs)
    return []
