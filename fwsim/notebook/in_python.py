"""Notes and advice in the words of Python: which argument does what they recommend an option for.

Read first: `fwsim.report.about_run` and `fwsim.topology`, whose sentences name options of the command line.
"""

from __future__ import annotations

import re
from collections.abc import Callable

INTERFACE = re.compile(r"--interface (?P<name>[^\s=]+)=(?P<networks>[0-9a-f.:/,]+)", re.ASCII)
LOCAL = re.compile(r"--local [0-9a-f.:]+(?: --local [0-9a-f.:]+)*", re.ASCII)


def _interface(found: re.Match[str]) -> str:
    """Networks behind an interface."""
    return f"interfaces={{{found['name']!r}: {found['networks'].split(',')!r}}}"


def _local(found: re.Match[str]) -> str:
    """Addresses of the machine itself."""
    return f"local={found[0].removeprefix('--local ').split(' --local ')!r}"


SAID: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = [
    (INTERFACE, _interface),
    (LOCAL, _local),
    (re.compile(r"(?<=\]\})(?= local=\[)"), lambda _: ","),
    (re.compile(r"--interface NAME=CIDR"), lambda _: "interfaces={NAME: [CIDR]}"),
    (re.compile(r"--checksum verify"), lambda _: 'checksum="verify"'),
    (re.compile(r"--topology\b"), lambda _: "host="),
    (re.compile(r"(?=--in NAME=FILE)"), lambda _: "fwsim compare "),
]
"""What is said for the command line, and how it is said for Python."""


def in_python(note: str) -> str:
    """A note that names arguments of `fwsim.compare` where it named options."""
    for pattern, said in SAID:
        note = pattern.sub(said, note)
    return note
