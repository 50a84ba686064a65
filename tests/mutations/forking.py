"""Processes that run pytest and begin with everything loaded that is the same for all of them.

They fork from one that has loaded nothing of what may be changed: no module of fwsim, and no plugin of the tests.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

LOADED = ["pytest", "hypothesis", "numpy", "pydantic", "yaml", "click", "tests.mutations.forking"]


@cache
def forking() -> ForkServerContext:
    """Where such processes come from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    return context


def run_pytest(folder: Path, environment: dict[str, str], arguments: list[str], output: Path) -> None:
    """In a process of its own: run pytest in a folder, write what it prints to a file, and end with its status."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with output.open("wb") as file:
        for stream in (1, 2):
            os.dup2(file.fileno(), stream)
    sys.exit(pytest.main(arguments))
