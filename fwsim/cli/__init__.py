"""The command line: one module per command, loaded when it is invoked; only this folder prints.

Read first: DESIGN section 5, the contract. This module knows the commands by name only, so that `fwsim --help` loads
nothing heavy, and turns what goes wrong into lines on stderr and exit statuses:

* 0 done; 1 an expectation failed; 2 the request was wrong; 3 something could not be evaluated;
* 0 as well when the reader of a pipe has seen enough, 130 after Ctrl-C, 143 after SIGTERM.
"""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

import click

from fwsim import __version__
from fwsim.errors import FwsimError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "compare": "Put both modes side by side: what does keeping state change?",
    "replay": "Run one mode: one decision per packet.",
    "explain": "Tell every step that led to a packet's verdicts.",
    "conntrack": "Show the connection table as conntrack -L or -E would.",
    "check": "Tell what is wrong or suspicious in a ruleset, over all packets.",
    "diff": "Tell which packets two rulesets treat differently.",
    "test": "Check what a ruleset should do, written beside it.",
    "convert": "Write a ruleset as nft, iptables, YAML or JSON.",
    "attack": "Craft labelled attack traffic, alone or mixed into a capture.",
    "report": "Write a page to look at, or a profile for Wireshark.",
    "parity": "Compare the simulator with the Linux kernel.",
    "schema": "Print the JSON Schema of rulesets, expectations or output.",
    "completion": "Print the script that completes fwsim's commands in a shell.",
    "man": "Read or write the manual pages.",
    "demo": "See the whole story in ten seconds.",
}
"""The commands in the order of their importance; each is `command` in the module of its name."""

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
EXAMPLES = """\b
Examples:
  fwsim demo
  fwsim compare capture.pcapng -r ruleset.yaml
"""
INTERRUPTED = 130
"""128 and the number of the signal, as shells have it; so is `TERMINATED`."""
TERMINATED = 143
COMPLETE = "_FWSIM_COMPLETE"
"""Set by a shell that asks for candidates (`fwsim.cli.completing`)."""
NOT_WRITABLE = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EBADF)


class Commands(click.Group):
    """The group of all commands, none of them loaded before it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, most important first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"{__name__}.{cmd_name}").command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What can stand in the place of a command, for a shell to offer; no command is loaded for it."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=help_) for name, help_ in COMMANDS.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands for `--help` without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant; an unknown one names the nearest."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS:
            import difflib

            near = difflib.get_close_matches(name, list(COMMANDS), n=1)
            expected = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(COMMANDS)}"
            raise click.UsageError(f"no command is called {name!r}: {expected}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, epilog=EXAMPLES, context_settings=SETTINGS)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def commands() -> None:
    """What a stateful and a stateless firewall would do with every packet of a capture, and why."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy's linear algebra is not used; its threads would spin
    _stand_in()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if COMPLETE in os.environ:
        from fwsim.cli.completing import answer

        sys.exit(answer(commands, os.environ[COMPLETE], os.environ.get("COMP_LINE", "")))
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(run(arguments))


def _stand_in() -> None:
    """Where a stream was closed before we began: complaints go nowhere, and results fail when they are written."""
    if sys.stdout is None:
        sys.stdout = open(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _terminated(number: int, frame: FrameType | None) -> NoReturn:
    """End as at an error, so that temporary files go; also where a `with` would have removed them."""
    raise SystemExit(TERMINATED)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status. Bugs of fwsim show their traceback."""
    try:
        status = _invoke(arguments)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        _silence()
        return 0
    except click.UsageError as problem:
        complain([f"error: {_plain(problem.format_message())}{_where_help_is(problem)}"])
        return 2
    except click.ClickException as problem:
        complain([f"error: {_plain(problem.format_message())}"])
        return 2
    except FwsimError as problem:
        complain(problem.lines())
        return problem.exit_status
    except OSError as problem:
        if problem.errno not in NOT_WRITABLE:
            raise
        _silence()
        complain([f"error: standard output cannot be written: {problem.strerror}"])
        return 2


def _invoke(arguments: Sequence[str] | None) -> int:
    """Parse and run; what click itself answers (`--help`) counts as done.

    `Command.main` is not used: it would turn Ctrl-C and broken pipes into statuses of its own.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with commands.make_context("fwsim", given) as context:
            status: Any = commands.invoke(context)
            return int(status or 0)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.exceptions.NoArgsIsHelpError as problem:
        click.echo(problem.format_message(), err=True)
        return 2
    finally:
        gc.unfreeze()


def _plain(message: str) -> str:
    """A message of click's as one line in the manner of ours."""
    line = " ".join(message.split())
    return (line[:1].lower() + line[1:]).rstrip(".")


def _where_help_is(problem: click.UsageError) -> str:
    """The command that lists what is possible."""
    return f" (see {problem.ctx.command_path} --help)" if problem.ctx is not None else ""


def complain(lines: Sequence[str]) -> None:
    """Print errors on stderr, one line for each, nothing hostile in them."""
    from fwsim.harmless import safe

    for line in lines:
        click.echo(safe(line), err=True)


def _silence() -> None:
    """Let the interpreter end without complaining that nobody reads any more."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = None  # no file behind it (a test): nothing to flush either
