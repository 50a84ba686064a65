"""The options of states come as one record."""

from __future__ import annotations

import click
from click.testing import CliRunner

from fwsim.cli.state_options import StateOptions, state_options


def test_they_are_handed_over_as_one_record() -> None:
    found: list[StateOptions] = []

    @click.command()
    @state_options
    def command(states: StateOptions) -> None:
        found.append(states)

    runner = CliRunner()
    assert runner.invoke(command, ["--state-in", "a", "--state-out", "b", "--state-format", "text"]).exit_code == 0
    assert runner.invoke(command, []).exit_code == 0
    assert found == [StateOptions("a", "b", "text"), StateOptions()]
    assert runner.invoke(command, ["--state-format", "yaml"]).exit_code == 2
