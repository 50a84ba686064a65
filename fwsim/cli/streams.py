"""Where output goes: standard output or a file, with or without colour; and what is told on stderr.

Read first: DESIGN section 5, the manners at its end.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import IO, Any

import click

from fwsim.compiling import Step
from fwsim.compiling.child import LOG
from fwsim.engine import cache_folder
from fwsim.errors import UsageError
from fwsim.harmless import safe
from fwsim.whole_files import may_be_replaced, whole_file

TEXT: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace", "newline": ""}
"""How text is written to files."""


@contextmanager
def opened(path: str, *, whole: bool = False, offset: int | None = None) -> Iterator[IO[str]]:
    """The stream to write to; `-` is standard output.

    `whole`: what is written is of use only as a whole, so that the file gets its name when it is complete. With an
    `offset`, a file is cut off there and gone on with.
    """
    if path == "-":
        yield sys.stdout
        return
    try:
        if offset is not None:
            os.truncate(path, offset)
        mode = "w" if offset is None else "a"
        with (whole_file if whole else open)(path, mode, **TEXT) as stream:
            yield stream
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written: {problem.strerror}") from None


@contextmanager
def held_back(path: str) -> Iterator[IO[bytes]]:
    """A file for bytes that get where they are to go only when all went well; `-` is standard output."""
    try:
        if path != "-" and may_be_replaced(path):
            with whole_file(path, "wb") as file:
                yield file
            return
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            with nullcontext(sys.stdout.buffer) if path == "-" else open(path, "wb") as target:
                shutil.copyfileobj(file, target)
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written: {problem.strerror}") from None


def colours(stream: IO[str]) -> bool:
    """Whether to write in colour: on a terminal, unless NO_COLOR or a dumb terminal forbids (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def can_write(stream: Any, letters: str) -> bool:
    """Whether the stream's encoding has these letters."""
    try:
        letters.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


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
