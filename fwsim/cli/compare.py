"""`fwsim compare`: both modes side by side, the main job.

Read first: `fwsim.cli.showing`, which does the work for `replay` too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from fwsim.cli.options import (
    EngineOptions,
    InputOptions,
    KeepingOptions,
    OutputOptions,
    SelectionOptions,
    engine_options,
    input_options,
    keeping_options,
    output_options,
    selection_options,
)  # fmt: skip

if TYPE_CHECKING:
    from fwsim.simulator import Mode

EXAMPLES = """\b
Examples:
  fwsim compare office.pcapng -r office.yaml
  fwsim compare office.pcapng -r office.yaml -v -Y 'evidence contains land'
  fwsim compare office.pcapng -r office.yaml --format jsonl -o office.jsonl
  fwsim compare office.pcapng -r office.yaml -w differ.pcapng
  fwsim compare office.pcapng -r office.yaml --resources
  fwsim compare day-*.pcapng -r office.yaml --engine dask --format parquet -o decisions/
  fwsim compare office.pcapng -r new.yaml --against office.baseline
  fwsim compare office.pcapng -r new.yaml --against office.yaml
"""


@click.command("compare", epilog=EXAMPLES)
@click.option(
    "--against", metavar="FILE", help="Tell what changes compared with a baseline (replay --save), or another ruleset."
)
@click.option("--update", is_flag=True, help="Accept the changes: rewrite the baseline of --against.")
@click.option(
    "--mode", type=click.Choice(["stateful", "stateless"]), help="Which mode --against a ruleset compares (stateful)."
)
@input_options
@selection_options
@output_options
@click.option(
    "--resources",
    is_flag=True,
    help="Add what state costs (connections over time, memory, evictions, look-ups, speed) and what it buys.",
)
@keeping_options
@engine_options
def command(
    inputs: InputOptions, selecting: SelectionOptions, output: OutputOptions, keeping: KeepingOptions,
    engine: EngineOptions, against: str | None, update: bool, mode: Mode | None,
) -> int:  # fmt: skip
    """Put both modes side by side.

    What would a firewall with this ruleset do with every packet of the captures, with state and without?
    """
    from fwsim.cli.runs import BOTH
    from fwsim.cli.showing import show
    from fwsim.errors import UsageError

    if against is not None:
        from fwsim.cli.against import Against, show_against

        other = keeping != KeepingOptions() or engine != EngineOptions()
        return show_against(inputs, selecting, output, Against(against, update, mode), other)
    if update or mode is not None:
        raise UsageError(f"{'--update' if update else '--mode'} needs --against FILE")

    return show(inputs, selecting, output, BOTH, engine, lines=output.verbose, keeping=keeping)
