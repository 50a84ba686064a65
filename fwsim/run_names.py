"""The names of one run, from its captures and its simulator.

Read first: `fwsim.naming`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from fwsim.capture.model import CaptureFile
from fwsim.lower import Lowered
from fwsim.naming import Naming, RuleNames
from fwsim.simulator import Simulator


class Read(Protocol):
    """What is asked of captures."""

    @property
    def files(self) -> Sequence[CaptureFile]:
        """The files, however many have been opened by now."""


class _Paths(Sequence[str]):
    """The paths of captures, however many have been opened by now."""

    def __init__(self, captures: Read) -> None:
        self.captures = captures

    def __len__(self) -> int:
        return len(self.captures.files)

    def __getitem__(self, number: Any) -> Any:
        return self.captures.files[number].path


def naming_of(captures: Read, simulator: Simulator) -> Naming:
    """The names of a run."""
    rules: dict[str, RuleNames] = {}
    for mode, lowered in simulator.lowered.items():
        rules[mode] = RuleNames(lowered.rules, lowered.chains, rules_without_iif(lowered))
    return Naming(_Paths(captures), simulator.topology.names, rules)


def rules_without_iif(lowered: Lowered) -> frozenset[int]:
    """The rules that do not ask by which interface a packet came in."""
    asking = {
        int(row["source"])
        for row in lowered.program.rules
        if any(ask is not None and ask.field == "iif" for ask in lowered.asks[int(row["first"]) : int(row["last"])])
    }
    return frozenset(range(len(lowered.rules))) - asking
