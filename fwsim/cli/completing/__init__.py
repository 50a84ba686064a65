"""What a shell is answered when somebody presses TAB.

Read first: click's "Shell Completion", whose protocol this is. With `_FWSIM_COMPLETE=bash_complete` in its environment,
`fwsim` prints candidates for the line in `COMP_LINE` instead of doing anything; with `bash_source`, the script that
makes bash ask. Which command and which parameter is meant, click finds out. Ours are the scripts (click's do not
complete `--format=js` or what follows a colon in bash, and cut descriptions at commas in fish), what there is to offer
(`candidates`), and that no command is loaded but the one on the line.

Each candidate is a line: its kind, the whole word, and what it means, with tabs between. The kinds are `plain`, `open`
(more has to follow, so no space is added) and `file` (the shell completes a path; the word is what stands before it).
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

import click
from click.shell_completion import CompletionItem, ShellComplete

from fwsim.cli import COMPLETE
from fwsim.cli.completing.scripts import BASH, FISH, ZSH
from fwsim.cli.completing.typed import Typed, typed

HELP = 76
"""Columns of a description."""


class Shell(ShellComplete):
    """What all three shells have in common."""

    def __init__(self, cli: click.Command, line: str = "") -> None:
        """`line` is what stands before the cursor."""
        self.typed: Typed = typed(line)
        given: MutableMapping[str, Any] = {"obj": self.typed}
        super().__init__(cli, given, "fwsim", COMPLETE)

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is being typed, and that one."""
        return self.typed.words[1:], self.typed.incomplete

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        """The candidates, each as a whole word; none behind what cannot be understood."""
        from fwsim.cli.completing.candidates import furnish

        furnish(self.cli, args)
        before = incomplete.partition("=")[0] + "=" if incomplete.startswith("-") and "=" in incomplete else ""
        try:
            found = super().get_completions(list(args), incomplete)
        except click.ClickException:
            return []  # no such command
        whole = [CompletionItem(before + item.value, item.type, item.help) for item in found]
        return [item for item in whole if self._can_tell(item)]

    def _can_tell(self, item: CompletionItem[str]) -> bool:
        """Whether a candidate can stand where the word is; of a path we have only what stands before it."""
        return item.value.isprintable() if item.type == "file" else self.typed.can_hold(item.value)

    def format_completion(self, item: CompletionItem[str]) -> str:
        """A candidate as a line."""
        help_ = " ".join((item.help or "").split())
        if len(help_) > HELP:
            help_ = help_[: HELP - 4].rpartition(" ")[0] + " ..."
        return f"{item.type}\t{self.inserted(item)}\t{help_}"

    def inserted(self, item: CompletionItem[str]) -> str:
        """What takes the place of the word."""
        return item.value


class Bash(Shell):
    """bash, to which a word begins behind an equals sign or colon, and which is told where a space follows."""

    name = "bash"
    source_template = BASH

    def inserted(self, item: CompletionItem[str]) -> str:
        """The part of it that bash takes for the word."""
        if item.type == "file":
            return item.value
        if self.typed.quote:
            return item.value
        typed_so_far = self.typed.incomplete
        kept = max(typed_so_far.rfind("="), typed_so_far.rfind(":")) + 1
        value = item.value[kept:] if item.value.startswith(typed_so_far[:kept]) else item.value
        return value if item.type == "open" else value + " "


class Zsh(Shell):
    """zsh."""

    name = "zsh"
    source_template = ZSH


class Fish(Shell):
    """fish."""

    name = "fish"
    source_template = FISH


SHELLS: dict[str, type[Shell]] = {shell.name: shell for shell in (Bash, Zsh, Fish)}


def script(commands: click.Command, shell: str) -> str:
    """The script that makes a shell ask."""
    return SHELLS[shell](commands).source()


def answer(commands: click.Command, instruction: str, line: str) -> int:
    """Print what a shell asks for; the status is 2 if it is nothing that we know."""
    shell, _, wanted = instruction.partition("_")
    if shell not in SHELLS or wanted not in ("source", "complete"):
        known = ", ".join(f"{name}_source" for name in SHELLS)
        click.echo(f"error: {COMPLETE}: expected one of {known}", err=True)
        return 2
    if wanted == "source":
        click.echo(script(commands, shell), nl=False)
        return 0
    told = SHELLS[shell](commands, line).complete()
    click.echo(told, nl=bool(told))
    return 0
