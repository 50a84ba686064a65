"""The options `--state-in` and `--state-out`, and the record that they are handed over in.

Read first: `fwsim.cli.options`. What they do is in `fwsim.cli.states`.
"""

from __future__ import annotations

from dataclasses import dataclass

import click

from fwsim.cli.options import packed


@dataclass(frozen=True)
class StateOptions:
    """Where connections come from, and where they go."""

    state_in: str | None = None
    state_out: str | None = None
    state_format: str = "json"


state_options = packed(
    "states",
    StateOptions,
    [
        click.option(
            "--state-in", metavar="FILE", help="Begin with these connections: JSON of --state-out, or conntrack -L."
        ),
        click.option("--state-out", metavar="FILE", help="Write the connections that are left at the end."),
        click.option(
            "--state-format", type=click.Choice(["json", "text"]), default="json", show_default=True,
            help="json: all of them that is known; text: as conntrack -L, without windows.",
        ),
    ],
)  # fmt: skip
