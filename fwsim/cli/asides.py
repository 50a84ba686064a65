"""What goes along with a replay besides what it shows: baselines to save, states to load.

Read first: `Aside`; `fwsim.cli.showing` calls its methods.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from fwsim.cli.options import EngineOptions, KeepingOptions, OutputOptions
from fwsim.cli.runs import Run
from fwsim.errors import UsageError


class Aside:
    """Goes along with one run."""

    option = ""
    """The option that asked for it."""
    target: str | None = None
    """The file that it writes."""
    source: str | None = None
    """The file that it reads."""
    digests = False
    """Whether it needs the SHA-256 of the captures."""

    def begin(self, run: Run) -> None:
        """Nothing of the run has happened yet."""

    def add(self, batch: Any) -> None:
        """The next packets are decided."""

    def finish(self, run: Run) -> None:
        """The run has come to its end."""

    def close(self) -> None:
        """The run is over, whatever became of it."""


def targets_of(output: OutputOptions, keeping: KeepingOptions, asides: Sequence[Aside]) -> list[tuple[str, str | None]]:
    """What a run writes, by the options that say where; the answer alone (-q) may stand before connections."""
    shared = output.quiet and output.output == "-" and output.write != "-"
    own = [("-o", None if shared else output.output), ("-w", output.write), ("--checkpoint", keeping.checkpoint)]
    return [*own, *((aside.option, aside.target) for aside in asides)]


def check_asides(asides: Sequence[Aside], engine: EngineOptions, keeping: KeepingOptions) -> None:
    """Refuse what goes along with a run in this process alone, from its start to its end."""
    if asides and (engine.engine == "dask" or keeping != KeepingOptions()):
        raise UsageError(f"{asides[0].option}: expected neither --engine dask nor --checkpoint with it")


@contextmanager
def begun(asides: Sequence[Aside], run: Run) -> Iterator[None]:
    """Have them begin, and close them at last."""
    try:
        for aside in asides:
            aside.begin(run)
        yield
    finally:
        for aside in asides:
            aside.close()
