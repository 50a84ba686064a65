"""Where output may go: what must not be written over, and `--report FORMAT=FILE` beside standard output.

Read first: `check_target`. Loaded with every command, and so without anything heavy.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Sequence

import click

from fwsim.errors import UsageError

Targets = tuple[tuple[str, str], ...]
"""Formats, each with a path; `-` is standard output."""


def targets_of(formats: Sequence[str]) -> Callable[[click.Context, click.Parameter, Sequence[str]], Targets]:
    """What reads texts of the form `FORMAT=FILE`."""

    def read(context: click.Context, parameter: click.Parameter, texts: Sequence[str]) -> Targets:
        found = []
        for text in texts:
            form, sign, path = text.partition("=")
            if form not in formats or not sign or not path:
                expected = f"expected FORMAT=FILE with {', '.join(formats)}"
                raise click.BadParameter(f"{text!r}: {expected}", context, parameter)
            found.append((form, path))
        return tuple(found)

    return read


def named(output: str, reports: Targets) -> list[tuple[str, str | None]]:
    """What `-o` and `--report` write, each behind the option."""
    return [("-o", output), *((f"--report {form}", path) for form, path in reports)]


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
    elif not os.access(os.path.dirname(path) or ".", os.W_OK):
        raise UsageError(f"{path}: cannot be written: {os.strerror(errno.EACCES)}")


def check_targets(targets: Iterable[tuple[str, str | None]], inputs: Iterable[str]) -> None:
    """The same of several, each behind the option that names it; no two may be one file, or a pipe.

    A device (`/dev/null`) takes any number.
    """
    inputs, taken = list(inputs), dict[object, str]()
    for option, path in targets:
        check_target(path, inputs)
        if path is None or (place := place_of(path)) is None:
            continue
        if place in taken:
            raise UsageError(f"{taken[place]} and {option} {path} cannot go to the same place")
        taken[place] = f"{option} {path}"


def place_of(path: str) -> object:
    """What a path leads to; None if that is no place of its own."""
    if path == "-":
        return path
    try:
        found = os.stat(path)
    except OSError:
        return os.path.realpath(path)
    return None if stat.S_ISCHR(found.st_mode) else (found.st_dev, found.st_ino)
