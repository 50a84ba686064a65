"""`fwsim replay`: one mode, one decision per packet.

Read first: `fwsim.cli.showing`, which does the work for `compare` too.
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
  fwsim replay office.pcapng -r office.yaml
  fwsim replay office.pcapng -r office.yaml --mode stateless -Y 'verdict==drop'
"""


@click.command("replay", epilog=EXAMPLES)
@click.option(
    "--mode", type=click.Choice(["stateful", "stateless"]), default="stateful", show_default=True,
    help="Whether the firewall keeps state.",
)  # fmt: skip
@input_options
@selection_options
@output_options
@keeping_options
@engine_options
def command(
    inputs: InputOptions,
    selecting: SelectionOptions,
    output: OutputOptions,
    keeping: KeepingOptions,
    engine: EngineOptions,
    mode: str,
) -> int:
    """Run the captures through a ruleset in one mode, and tell the decision about each packet."""
    from fwsim.cli.showing import show

    return show(inputs, selecting, output, (mode,), engine, lines=True, keeping=keeping)
