"""Where output goes: standard output or a file, with or without colour; and what is told on stderr.

Read first: DESIGN section 5, the manners at its end.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import IO

import click

from fwsim.compiling import Step
from fwsim.compiling.child import LOG
from fwsim.engine import cache_folder
from fwsim.errors import UsageError
from fwsim.report.safe import safe


@contextmanager
def opened(path: str, *, whole: bool = False, offset: int | None = None) -> Iterator[IO[str]]:
    """The stream to write to; `-` is standard output.

    `whole`: what is written is of use only as a whole, so that the file gets its name when it is complete. With an
    `offset`, a file is cut off there and gone on with.
    """
    if path == "-":
        yield sys.stdout
        return
    unfinished = f"{os.path.realpath(path)}.{os.getpid()}.part" if whole and _may_be_replaced(path) else None
    try:
        if offset is not None:
            os.truncate(path, offset)
        mode = "w" if offset is None else "a"
        with open(unfinished or path, mode, encoding="utf-8", errors="backslashreplace", newline="") as stream:
            yield stream
        if unfinished is not None:
            os.replace(unfinished, os.path.realpath(path))
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written: {problem.strerror}") from None
    finally:
        if unfinished is not None:
            with suppress(FileNotFoundError):
                os.unlink(unfinished)


def _may_be_replaced(path: str) -> bool:
    """Whether another file may take the place of what is there: not of a pipe or a device."""
    return not os.path.exists(path) or os.path.isfile(path)


def check_target(path: str | None, inputs: Iterable[str]) -> None:
    """Refuse, before anything is read, to write where one cannot, or over what is being read."""
    if path is None or path == "-":
        return
    if os.path.exists(path):
        for given in inputs:
            if given != "-" and os.path.exists(given) and os.path.samefile(path, given):
                raise UsageError(f"{path}: is read and cannot be written at the same time")
        if os.path.isdir(path):
            raise UsageError(f"{path}: is a directory, expected a file to write")
    elif not os.path.isdir(os.path.dirname(path) or "."):
        raise UsageError(f"{path}: there is no directory {os.path.dirname(path)} to write it in")


def colours(stream: IO[str]) -> bool:
    """Whether to write in colour: on a terminal, unless NO_COLOR or a dumb terminal forbids (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def warn(lines: Iterable[str], kind: str = "warning") -> None:
    """Tell on stderr, one line for each."""
    for line in lines:
        click.echo(f"{kind}: {safe(line)}", err=True)


class Compiling:
    """Tells on stderr when the engine is being compiled, and when that is of use: on a terminal, or if asked for."""

    def __init__(self, *, verbose: bool = False) -> None:
        """Nothing is being compiled yet."""
        self.told = verbose or sys.stderr.isatty()
        self.begun = 0.0

    def __call__(self, step: Step) -> None:
        """Say it."""
        if step == Step.BEGUN:
            self.begun = time.monotonic()
        if self.told:
            click.echo(TOLD[step].format(seconds=time.monotonic() - self.begun, log=cache_folder() / LOG), err=True)


TOLD = {
    Step.BEGUN: "compiling the engine in the background, once, about 25 s; until then the run goes on uncompiled ...",
    Step.USED: "compiled in {seconds:.0f} s, used from here on, and kept for the next runs",
    Step.LEFT: "compiling goes on in the background, for the next runs",
    Step.FAILED: "compiling failed, the run goes on uncompiled; why, is in {log}",
}
"""What is said about compiling."""
