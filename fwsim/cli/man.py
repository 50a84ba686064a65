"""`fwsim man`: the manual pages, to be read or written.

Read first: `fwsim.cli.manual`, which makes them from the commands.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import click

from fwsim.errors import UsageError

EXAMPLES = """\b
Examples:
  fwsim man
  fwsim man compare
  fwsim man compare > fwsim-compare.1
  fwsim man -o ~/.local/share/man/man1
"""


@click.command("man", epilog=EXAMPLES)
@click.argument("name", metavar="[COMMAND]", required=False)
@click.option("-o", "--output", metavar="FOLDER", help="Write the pages there, fwsim.1, fwsim-compare.1 and so on.")
def command(name: str | None, output: str | None) -> int:
    """Show the manual page of fwsim, or of one of its commands.

    On a terminal man shows it; else the page is written as it is, for man, groff or mandoc. With -o all pages are
    written to a folder, or that of COMMAND alone: where man looks for them, man fwsim finds them.
    """
    from fwsim.cli import COMMANDS, commands
    from fwsim.cli.manual import main_page, page, page_name, pages

    if name is not None and name not in COMMANDS:
        from fwsim.ruleset.mistakes import unknown

        raise UsageError(unknown("command", name, COMMANDS))
    if output is not None and name is None:
        return _write(Path(output), pages(commands, COMMANDS))
    text = page(commands, COMMANDS, name) if name else main_page(commands, COMMANDS)
    if output is not None:
        return _write(Path(output), [(page_name(name), text)])
    if sys.stdout.isatty() and (viewer := shutil.which("man")):
        return _show(viewer, page_name(name), text)
    click.echo(text, nl=False)
    return 0


def _write(folder: Path, texts: Iterable[tuple[str, str]]) -> int:
    """Write pages into a folder, which is made."""
    count = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts:
            (folder / f"{name}.1").write_text(text, encoding="ascii")
            count += 1
    except OSError as problem:
        raise UsageError(f"{problem.filename or folder}: cannot be written: {problem.strerror}") from None
    click.echo(f"{folder}: {count} manual page{'s' * (count != 1)}")
    return 0


def _show(viewer: str, name: str, text: str) -> int:
    """Let man show a page."""
    with tempfile.TemporaryDirectory(prefix="fwsim-man-") as folder:
        path = Path(folder) / f"{name}.1"
        path.write_text(text, encoding="ascii")
        return subprocess.run([viewer, str(path)], check=False).returncode
