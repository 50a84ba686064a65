"""Errors for bad requests.

A bad packet is data: it gets a verdict and a `Reason`, never an exception.

```
FwsimError               anything the user can mend; the command line prints it and exits with 2
 +-- UsageError          options that do not fit together
 +-- RulesetError        one or many located mistakes in a ruleset (`.problems`)
 +-- CaptureError        a capture that cannot be read at all (file, and byte offset or frame number)
 +-- KernelError         the kernel, or the right to use it, is missing: exits with 3
```
Anything else that escapes is a bug of fwsim and shows its traceback.
"""

from __future__ import annotations

from dataclasses import dataclass


class FwsimError(Exception):
    """The base of all errors a user can mend. Never raised itself."""

    exit_status = 2

    def lines(self) -> list[str]:
        """What the command line prints, one line per mistake."""
        return [f"error: {self}"]


class UsageError(FwsimError):
    """Options or arguments that do not fit together."""


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake in a file: where it is, what it is, and what was expected instead.

    Line 0 means the file as a whole. An option stands in the place of the file, and needs no place in it.
    """

    path: str
    line: int
    column: int
    what: str

    def __str__(self) -> str:
        """As the contract prints it: `FILE:LINE:COL: what, and what was expected`."""
        if not self.line or self.path.startswith("--"):
            return f"{self.path}: {self.what}"
        return f"{self.path}:{self.line}:{self.column}: {self.what}"


class RulesetError(FwsimError):
    """A ruleset with mistakes; `.problems` holds them all, in the order of the file."""

    def __init__(self, problems: list[Problem]) -> None:
        """Sort the problems by place; one report tells all of them."""
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def lines(self) -> list[str]:
        """One line for every mistake."""
        return [f"error: {problem}" for problem in self.problems]


class CaptureError(FwsimError):
    """A capture that cannot be read: no file, no capture, or damaged before its first packet."""

    def __init__(self, path: str, what: str) -> None:
        """`path` as the user wrote it; `what` says where in the file and what was expected."""
        self.path = path
        super().__init__(f"{path}: {what}")


class KernelError(FwsimError):
    """The kernel cannot be used as a firewall here; the message says what is missing and how to get it."""

    exit_status = 3
