"""Runs in the middle, saved and read back: what tests of `fwsim.checkpoint` share.

Read first: `halfway`. What is saved goes the whole way, through a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fwsim.capture import Captures, Input, open_captures
from fwsim.checkpoint.container import Opened, write
from fwsim.checkpoint.saved import Saved
from fwsim.fuzz.captured import write_traffic
from fwsim.ruleset import Ruleset
from fwsim.simulator import Batch, Simulator

POLICY: dict[str, Any] = {
    "interfaces": {"lan": {"networks": ["10.0.0.0/8", "fd00::/16"]}, "wan": {"networks": ["any"]}},
    "conntrack": {"max": 25},
    "chains": {
        "ftp": {"hook": "prerouting", "rules": [{"proto": "tcp", "dport": 21, "helper": "ftp"}]},
        "forward": {
            "hook": "forward",
            "policy": "drop",
            "rules": [
                {"ct_state": ["established", "related"], "verdict": "accept"},
                {"proto": "icmp", "limit": "5/second", "verdict": "accept"},
                {"ct_state": "new", "verdict": "accept"},
            ],
        },
    },
}


def simulator() -> Simulator:
    """A simulator of which nothing has happened yet."""
    return Simulator(Ruleset.model_validate(POLICY))


def halfway(folder: Path, packets: int = 400, *, chunk_rows: int = 50) -> tuple[Simulator, Captures, list[Batch]]:
    """A simulator and captures in the middle of a run, and the batches so far, some of which wait for fragments."""
    path = folder / "fuzzed.pcapng"
    write_traffic(str(path), 5, 2 * packets, fragments=0.2)
    deciding, captures = simulator(), open_captures([Input(str(path))], chunk_rows=chunk_rows, limit=packets)
    assert deciding.defragmenter is not None
    deciding.defragmenter.keeping = True
    batches = []
    for chunk in captures:
        deciding.topology.locate(captures, chunk)
        batches.append(deciding.run(chunk))
    return deciding, captures, batches


@contextmanager
def through_a_file(folder: Path, tree: dict[str, Any]) -> Iterator[Saved]:
    """What was saved, read back from a file."""
    write(str(folder / "kept"), tree)
    opened = Opened(str(folder / "kept"))
    try:
        yield Saved(opened.tree)
    finally:
        opened.close()
