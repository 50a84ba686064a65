"""`fwsim replay`: one mode, one decision per packet.

Read first: `fwsim.cli.showing`, which does the work for `compare` too.
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
    single_of,
)  # fmt: skip
from fwsim.cli.state_options import StateOptions, state_options

if TYPE_CHECKING:
    from fwsim.cli.asides import Aside
    from fwsim.simulator import Mode

EXAMPLES = """\b
Examples:
  fwsim replay office.pcapng -r office.yaml
  fwsim replay office.pcapng -r office.yaml --mode stateless -Y 'verdict==drop'
  fwsim replay office.pcapng -r office.yaml -q --save office.baseline
  fwsim replay office.pcapng -r office.yaml -q --state-in table.txt --state-out after.json
  fwsim replay office.pcapng -r office.yaml -q --switch +3600=new.yaml
  fwsim replay office.pcapng -r office.yaml -q --shuffle 1
"""


@click.command("replay", epilog=EXAMPLES)
@click.option(
    "--mode", type=click.Choice(["stateful", "stateless"]), default="stateful", show_default=True,
    help="Whether the firewall keeps state.",
)  # fmt: skip
@click.option("--save", metavar="FILE", help="Keep the decisions there, for compare --against.")
@click.option(
    "--switch",
    metavar="TIME=FILE",
    multiple=True,
    callback=single_of(),
    help="Put this ruleset in the place of -r at a time (as --from has it); connections stay, as at a reload.",
)
@click.option(
    "--shuffle",
    type=click.IntRange(min=0),
    metavar="SEED",
    help="Tell which decisions depend on the order of packets, and which rules need the connection table.",
)
@state_options
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
    mode: Mode,
    save: str | None,
    switch: str | None,
    shuffle: int | None,
    states: StateOptions,
) -> int:
    """Run the captures through a ruleset in one mode, and tell the decision about each packet."""
    from fwsim.cli.showing import show
    from fwsim.cli.shuffling import check_shuffle, shuffling_asides
    from fwsim.cli.states import state_asides
    from fwsim.cli.switching import check_switch, switching_asides

    asides = [*switching_asides(inputs, output, mode, switch), *asides_of(mode, save)]
    asides += [*state_asides(inputs, output, states), *shuffling_asides(inputs, output, mode, shuffle)]
    check_switch(asides)
    check_shuffle(asides)
    return show(inputs, selecting, output, (mode,), engine, lines=True, keeping=keeping, asides=asides)


def asides_of(mode: Mode, save: str | None) -> list[Aside]:
    """What goes along with the run."""
    from fwsim.cli.saving import Saving

    return [] if save is None else [Saving(save, mode)]
