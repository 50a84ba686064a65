"""Every entry function is called by the exercise, so that a process that has compiled has compiled all."""

from __future__ import annotations

import subprocess
import sys

CALLED = """
import sys
from types import FunctionType
from fwsim import engine
import fwsim.compiler.exercise as exercise

names = engine.entry_names()
called = set()

def watching(function):
    def watched(*arguments):
        called.add(function.__name__)
        return function(*arguments)
    return watched

watched = {function: watching(function) for function in engine._entries}
for name, module in list(sys.modules.items()):
    if name.startswith("fwsim."):
        for key, value in list(vars(module).items()):
            if isinstance(value, FunctionType) and value in watched:
                setattr(module, key, watched[value])
exercise.exercise()
print(sorted(names - called), len(names))
"""


def test_every_entry_function_is_exercised() -> None:
    """In an interpreter of its own, since every one is replaced; uncompiled."""
    done = subprocess.run([sys.executable, "-c", CALLED], capture_output=True, text=True, timeout=100, check=True)
    missing, count = done.stdout.rsplit(maxsplit=1)
    assert missing == "[]"
    assert int(count) >= 7
