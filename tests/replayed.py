"""Replays in a process of their own, compiled or not: `python -m tests.replayed compiled|plain CASES OUTCOMES`.

Read first: `properties/test_compiled_equals_uncompiled.py`, which starts it. Compiling cannot be undone in a
process, so neither side runs in that of the tests.
"""

from __future__ import annotations

import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fwsim.engine import compile_engine, is_compiled
from fwsim.ruleset import Ruleset, load_ruleset
from tests.replaying import replay_files
from tests.scenes import Json

TABLES = ("frames", "packets", "stateless", "stateful")
LISTS = ("connections", "ghosts", "counters")


@dataclass(frozen=True)
class Case:
    """One replay: captures, a ruleset (its file, or what would be written there), and how it is cut into chunks."""

    captures: tuple[Path, ...]
    rules: Path | Json
    chunk_rows: int = 1000
    limit: int | None = None
    jobs: int = 1

    def ruleset(self) -> Ruleset:
        return load_ruleset(str(self.rules)) if isinstance(self.rules, Path) else Ruleset.model_validate(self.rules)

    def outcome(self) -> dict[str, Any]:
        """All that came of it, as it can be handed to another process."""
        replayed = replay_files(
            self.captures, self.ruleset(), chunk_rows=self.chunk_rows, limit=self.limit, jobs=self.jobs
        )
        return {name: getattr(replayed, name) for name in TABLES + LISTS}


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Where two outcomes differ: the first row of each table that is not the same byte for byte, or the lists."""
    found = []
    for name in TABLES:
        if one[name].tobytes() != other[name].tobytes():
            found.append(f"{name}: {first_difference(one[name], other[name])}")
    found += [f"{name}: {one[name]} and {other[name]}" for name in LISTS if one[name] != other[name]]
    return found


def first_difference(one: Any, other: Any) -> str:
    """The first row that differs, and the fields in which it does."""
    if len(one) != len(other):
        return f"{len(one)} and {len(other)} rows"
    row = int(np.flatnonzero(one != other)[0])
    fields = [f"{name} {one[row][name]} and {other[row][name]}" for name in one.dtype.names
              if one[row][name] != other[row][name]]  # fmt: skip
    return f"row {row}: " + ", ".join(fields)


def main(how: str, cases: str, outcomes: str) -> None:
    """Replay all cases of one file and write their outcomes to another."""
    if how == "compiled":
        compile_engine()
    assert is_compiled() == (how == "compiled")
    todo: list[Case] = pickle.loads(Path(cases).read_bytes())
    Path(outcomes).write_bytes(pickle.dumps([case.outcome() for case in todo]))


if __name__ == "__main__":
    main(*sys.argv[1:])
