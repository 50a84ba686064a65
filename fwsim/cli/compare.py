"""`fwsim compare`: both modes side by side, the main job.

Read first: `fwsim.cli.showing`, which does the work for `replay` too.
"""

from __future__ import annotations

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

EXAMPLES = """\b
Examples:
  fwsim compare office.pcapng -r office.yaml
  fwsim compare office.pcapng -r office.yaml -v -Y 'evidence contains land'
  fwsim compare office.pcapng -r office.yaml --format jsonl -o office.jsonl
  fwsim compare office.pcapng -r office.yaml -w differ.pcapng
  fwsim compare day-*.pcapng -r office.yaml --engine dask --format parquet -o decisions/
"""


@click.command("compare", epilog=EXAMPLES)
@input_options
@selection_options
@output_options
@keeping_options
@engine_options
def command(
    inputs: InputOptions, selecting: SelectionOptions, output: OutputOptions, keeping: KeepingOptions,
    engine: EngineOptions,
) -> int:  # fmt: skip
    """Put both modes side by side.

    What would a firewall with this ruleset do with every packet of the captures, with state and without?
    """
    from fwsim.cli.runs import BOTH
    from fwsim.cli.showing import show

    return show(inputs, selecting, output, BOTH, engine, lines=output.verbose, keeping=keeping)
