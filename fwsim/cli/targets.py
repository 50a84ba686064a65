"""Where reports go: `--report FORMAT=FILE` beside standard output, and what must not be written over.

Read first: `streams` (check_target).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence

import click

from fwsim.cli.streams import check_target
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


def check_paths(written: Iterable[str], read: Iterable[str]) -> None:
    """Refuse, before anything is read, to write two things to one file, or over what is being read."""
    sources, seen = list(read), set()
    for path in written:
        check_target(path, sources)
        if path != "-" and os.path.exists(path) and not os.path.isfile(path):
            continue  # a pipe or a device takes one behind the other
        place = path if path == "-" else os.path.realpath(path)
        if place in seen:
            raise UsageError(f"{path}: two things cannot be written there")
        seen.add(place)
