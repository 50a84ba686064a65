"""`--engine dask`: what it cannot do is refused, the rest is a run like any other; and Parquet files by the workers.

Read first: `fwsim.cluster`, `fwsim.cli.runs`. The functions that are submitted here run on workers.
"""

from __future__ import annotations

import os
import pickle
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from fwsim.capture.stored import STDIN
from fwsim.cli.options import EngineOptions, InputOptions, OutputOptions, SelectionOptions
from fwsim.cli.runs import Run, Window, capture_inputs, rulesets
from fwsim.cluster import require_dask
from fwsim.cluster.joining import Rows
from fwsim.cluster.running import ClusterResult, packets_in
from fwsim.cluster.setup import Setup
from fwsim.cluster.storing import Folder, as_a_whole
from fwsim.errors import UsageError
from fwsim.naming import Naming
from fwsim.report.groups import Groups
from fwsim.report.tally import Tally
from fwsim.report.unknown import Unknowns
from fwsim.result import Result
from fwsim.run_names import naming_of
from fwsim.simulator import Simulator


@dataclass
class ClusterRun(Run):
    """A run on a cluster."""

    cluster: ClusterResult

    @property
    def asked(self) -> str:
        """The option that asked for several shards."""
        return "--engine dask"

    @property
    def one_because(self) -> str | None:
        """Why there was one shard."""
        return self.cluster.one_because


def check_cluster(inputs: InputOptions, output: OutputOptions) -> None:
    """Refuse by name what is not done on a cluster."""
    require_dask()
    refused = {
        "--in (captures merged by time)": inputs.named,
        "-c (the first packets only)": inputs.count is not None,
        "-w (the frames' bytes stay where they are)": output.write is not None,
        "--resources (each worker tracks only its own connections)": output.resources,
        "standard input (-)": STDIN in inputs.captures,
    }
    for what, given in refused.items():
        if given:
            raise UsageError(f"--engine dask does not do {what}: expected captures one after the other, by name")


@contextmanager
def clustered(
    inputs: InputOptions, modes: tuple[str, ...], engine: EngineOptions, *, whole: bool = False
) -> Iterator[ClusterRun]:
    """A run, and the cluster that it needs as long as that; `whole` for digests, and the table at the end."""
    from fwsim.cluster.connecting import connected, threads_of

    files = capture_inputs(inputs)
    rules = rulesets(inputs, files)
    simulator = Simulator(
        rules.ruleset, interfaces=rules.interfaces, stateless_rules=rules.by_hand, key=inputs.seed, host=rules.host
    )
    workers = inputs.jobs if inputs.jobs > 1 else os.cpu_count() or 1
    with connected(engine.scheduler, workers) as client:
        setup = Setup(
            ruleset=rules.ruleset,
            interfaces=rules.interfaces,
            stateless_rules=rules.by_hand,
            checksum=inputs.checksum,
            digest=whole,
            key=secrets.randbits(28) if inputs.seed is None else inputs.seed,
            shards=inputs.jobs if inputs.jobs > 1 else threads_of(client),
            packets=packets_in(inputs.captures),
            host=rules.host,
            seed=inputs.seed or 0,
        )
        result = ClusterResult(client, setup, inputs.captures, simulator, table=whole)
        naming = naming_of(result.captures, simulator)
        yield ClusterRun(
            inputs, modes, cast(Result, result), naming, rules.ruleset, rules.guessed, rules.by_hand, result
        )


# --- Parquet files by the workers ------------------------------------------------------------------------------------


def is_folder(path: str) -> bool:
    """Whether it names a folder: it is one, or ends like one."""
    return path.endswith("/") or os.path.isdir(path)


@dataclass
class Counts:
    """What a summary is made of."""

    tally: Tally
    unknowns: Unknowns
    groups: Groups | None


@dataclass(frozen=True)
class Selected:
    """What is selected of a run, whose first frame came at `first`."""

    options: SelectionOptions
    modes: tuple[str, ...]
    first: int | None
    naming: Naming

    def window(self) -> Window:
        """What selects it."""
        window = Window(self.options, self.modes)
        window.first = self.first
        return window


def count(rows: Rows, before: bytes, selected: Selected) -> bytes:
    """Count the selected rows of a file, behind those of the files before."""
    counts: Counts = pickle.loads(before)
    window = selected.window()
    for batch in rows.batches():
        picked = window.rows(batch, selected.naming)
        counts.tally.add(batch, picked)
        counts.unknowns.add(batch, picked)
        if counts.groups is not None:
            counts.groups.add(batch, picked)
    return pickle.dumps(counts)


def write(rows: Rows, url: str, selected: Selected) -> None:
    """Write the selected rows of a file."""
    from fwsim.arrow.parquet import ParquetFile

    with as_a_whole(url) as stream:
        out = ParquetFile(selected.modes, selected.naming, stream)
        try:
            window = selected.window()
            for batch in rows.batches():
                out.write(batch, window.rows(batch, selected.naming))
            out.finish({})
        finally:
            out.abandon()


def write_folder(run: ClusterRun, selecting: SelectionOptions, counts: Counts, folder: Folder) -> Counts:
    """Have all written and counted where it is; gives the counts."""
    result = run.cluster
    files = result.decided()
    naming = Naming([file.path for file in result.captures.files], run.naming.interfaces, run.naming.rules)
    selected = Selected(selecting, run.modes, result.first_ts, naming)
    counted: Any = result.share(pickle.dumps(counts))
    shared = result.share(selected)
    written = []
    for number, rows in enumerate(files):
        written.append(result.submit(write, rows, folder.file(number, naming.file(number)), shared))
        counted = result.submit(count, rows, counted, shared)
    for one in written:
        one.result()
    result.packets = sum(file.packets for file in result.captures.files)
    found: Counts = pickle.loads(counted.result())
    return found
