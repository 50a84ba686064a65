"""`fwsim explain`: every step that led to a packet's verdicts, in both modes.

Read first: `fwsim.explain`, which finds the words; here the run is brought to where the packet comes.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import click

from fwsim.cli.options import InputOptions, input_options
from fwsim.terms import Reason, Verdict

if TYPE_CHECKING:
    from fwsim.simulator import Batch

EXAMPLES = """\b
Examples:
  fwsim explain office.pcapng -r office.yaml -n 4117
  fwsim explain monday.pcap tuesday.pcap -r office.yaml -n tuesday.pcap:17-19
"""


@click.command("explain", epilog=EXAMPLES)
@input_options
@click.option("-n", "--number", metavar="[FILE:]N[-M]", required=True, help="The packet, or packets N to M.")
@click.option("-o", "--output", metavar="FILE", default="-", help="Write there instead of standard output.")
def command(inputs: InputOptions, number: str, output: str) -> int:
    """Tell every step that led to a packet's verdicts, in both modes and in plain language.

    Packets are numbered from 1 in each capture, as Wireshark numbers them.
    """
    from fwsim.cli.runs import BOTH, damage, start
    from fwsim.cli.streams import Compiling, opened, warn
    from fwsim.cli.targets import check_target
    from fwsim.cli.wireshark import GUESSED
    from fwsim.errors import UsageError
    from fwsim.explain import explain
    from fwsim.explain.frame_numbers import frame_range
    from fwsim.explain.reaching import before_each
    from fwsim.explain.waiting import Explanations
    from fwsim.report.figures import counted

    check_target(output, inputs.sources)
    frames = frame_range(number, inputs.files, "-n")
    run = start(inputs, BOTH)
    explanations = Explanations(run.simulator, inputs.files)
    asked = told = 0
    undecided = False
    waiting: list[tuple[Batch, int]] = []
    with opened(output) as out:
        for batch, row in before_each(run.simulator, run.captures, frames, explanations.wait, Compiling()):
            explanations.add(explain(run.simulator, batch, row, run.naming), batch, row)
            asked += 1
            undecided = undecided or is_unknown(batch, row)
            waiting += [(batch, row)] if is_waiting(batch, row) else []
            told = tell(out, explanations.ready(), told)
        tell(out, explanations.rest(), told)
    warn([GUESSED] if run.guessed is not None else [], "note")
    undecided = undecided or any(is_unknown(batch, row) for batch, row in waiting)
    status = damage(run) or (3 if undecided else 0)
    if asked <= frames.last - frames.first:
        there = counted(run.captures.files[frames.file].packets, "packet")
        limited = " to be read (-c)" if inputs.count is not None else ""
        raise UsageError(f"-n {number}: {inputs.files[frames.file]} has {there}{limited}")
    return status


def is_unknown(batch: Batch, row: int) -> bool:
    """Whether a verdict on a packet is unknown."""
    return any(decisions[row]["verdict"] == Verdict.UNKNOWN for decisions in (batch.stateful, batch.stateless))


def is_waiting(batch: Batch, row: int) -> bool:
    """Whether it is a fragment, which gets its verdict later."""
    return bool(batch.stateful[row]["reason"] == Reason.FRAGMENT_WAITING)


def tell(out: IO[str], texts: list[str], told: int) -> int:
    """Write explanations behind the `told` that are written, a blank line between two; how many these are then."""
    for text in texts:
        out.write(("\n" if told else "") + text)
        told += 1
    return told
