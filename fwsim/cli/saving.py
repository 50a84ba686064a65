"""`replay --save`: the decisions of a run, kept for `compare --against`.

Read first: `fwsim.baseline.stored`. What the file says of the run is made here.
"""

from __future__ import annotations

import hashlib
from typing import Any

from fwsim.baseline.rows import Rows
from fwsim.baseline.stored import Writer
from fwsim.checkpoint.identity import is_regular
from fwsim.cli.asides import Aside
from fwsim.cli.options import InputOptions
from fwsim.cli.runs import Run
from fwsim.errors import UsageError
from fwsim.simulator import Mode

SAID = {
    "--in": "named", "--stateless-rules": "stateless_rules", "--interface": "interfaces", "--local": "local",
    "--set": "settings", "--sysctl": "sysctl", "--topology": "topology", "--checksum": "checksum", "-c": "count",
    "--seed": "seed", "--live": "live",
}  # fmt: skip
"""The options that may change decisions, and under which name they are known."""


class Saving(Aside):
    """Keeps the decisions of one mode, and puts them into a file at the end."""

    option = "--save"
    digests = True

    def __init__(self, path: str, mode: Mode) -> None:
        """Nothing is written yet."""
        if path == "-":
            raise UsageError("--save: a baseline is read again, expected a file and not standard output (-)")
        self.path = self.target = path
        self.mode: Mode = mode
        self.writer: Writer | None = None
        self.rows: Rows | None = None

    def begin(self, run: Run) -> None:
        """Get ready for the decisions of a run."""
        self.rows = Rows(self.mode, run.simulator)
        self.writer = Writer(translates=self.rows.translates)

    def add(self, batch: Any) -> None:
        """Keep the decisions of a batch."""
        assert self.rows is not None
        assert self.writer is not None
        self.writer.add(*self.rows.columns(batch))

    def finish(self, run: Run) -> None:
        """Write the file."""
        assert self.rows is not None
        assert self.writer is not None
        self.writer.finish(self.path, self.rows.kinds.kinds, about(run, self.mode))

    def close(self) -> None:
        """Forget what was not written."""
        if self.writer is not None:
            self.writer.close()


def about(run: Run, mode: str) -> dict[str, Any]:
    """What a baseline says of its run: mode, captures, ruleset, the options that may matter."""
    return {
        "mode": mode,
        "captures": [
            {"path": path, "sha256": digest, "packets": file.packets}
            for (path, digest), file in zip(digests(run), run.captures.files, strict=True)
        ],
        "ruleset": ruleset_record(run, mode),
        "options": [{"name": name, "value": value} for name, value in options_of(run.inputs).items()],
    }


def digests(run: Run) -> list[tuple[str, str]]:
    """The captures of a run that has ended, and the SHA-256 of each whole file; raises UsageError without one."""
    found = []
    for file in run.captures.files:
        digest = file.sha256 or (digest_of_file(file.path) if is_regular(file.path) else None)
        if digest is None:
            raise UsageError(f"{file.path}: was not read to its end, so it has no SHA-256: expected a file, or no -c")
        found.append((file.path, digest))
    return found


def digest_of_file(path: str) -> str:
    """The SHA-256 of a file, however large."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def ruleset_record(run: Run, mode: str) -> dict[str, Any]:
    """The ruleset of a mode: its path, the SHA-256 of its file, and one of all texts that it includes."""
    by_hand = mode == "stateless" and run.by_hand is not None
    ruleset = run.by_hand if by_hand and run.by_hand is not None else run.ruleset
    path = run.inputs.stateless_rules if by_hand else run.inputs.rules
    digest = digest_of_file(path) if path is not None and is_regular(path) else None
    if digest is None and run.guessed is not None and not by_hand:
        digest = hashlib.sha256(run.guessed.encode()).hexdigest()
    texts = hashlib.sha256(repr(ruleset.netfilter.sources).encode()).hexdigest()
    return {"path": path or "(guessed)", "sha256": digest, "texts": texts}


def options_of(inputs: InputOptions) -> dict[str, str]:
    """The options that may change decisions, as texts; only those that were given."""
    plain = InputOptions()
    given = {name: getattr(inputs, field) for name, field in SAID.items()}
    named = [name for name, _ in inputs.named]
    return {
        name: repr(named if name == "--in" else value)
        for name, value in given.items()
        if value != getattr(plain, SAID[name])
    }
