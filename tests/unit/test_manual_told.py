"""What the manual says beyond the commands is true of the program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from fwsim.cli import COMMANDS, INTERRUPTED, TERMINATED, commands
from fwsim.cli.manual.told import ARGUMENTS, DATED, ENVIRONMENT, STATUSES

PACKAGE = Path(__file__).parents[2] / "fwsim"


def test_every_argument_is_told_and_no_other() -> None:
    found = set()
    for name in COMMANDS:
        command = commands.get_command(click.Context(commands), name)
        assert command is not None
        found |= {
            argument.metavar
            for argument in command.params
            if isinstance(argument, click.Argument) and not isinstance(argument.type, click.Choice)
        }
    assert found == set(ARGUMENTS)


def test_the_variables_are_looked_at_somewhere() -> None:
    source = "\n".join(path.read_text() for path in PACKAGE.rglob("*.py") if path.stem != "told")
    for name in (*ENVIRONMENT, *DATED):
        assert f'"{name}"' in source, name


def test_the_statuses_are_those_of_the_program() -> None:
    assert list(STATUSES) == ["0", "1", "2", "3", str(INTERRUPTED), str(TERMINATED)]
    done = subprocess.run([sys.executable, "-m", "fwsim", "nosuch"], capture_output=True, check=False)
    assert str(done.returncode) in STATUSES
