"""Where packets were seen and where things seem to lie, in a checkpoint: copies, what they taught, counts, addresses.

Read first: `fwsim.engine.places`, `fwsim.topology.surroundings`. What is declared comes from the ruleset again, and
which capture interfaces there are from the captures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from fwsim.checkpoint.saved import Saved
from fwsim.engine import places
from fwsim.topology import CaptureInterface, Topology

COUNTED = ("packets", "touching", "guessed", "copies")
"""The counts that packets change."""
WORDS = ((0, (1 << 33) - 1), (0, 0xFFFFFFFF), (0, 0xFFFFFFFF), (0, 0xFFFFFFFF), (1, 1 << 62))
"""Bounds of an address's four words, and of how often it was seen."""


def save_topology(topology: Topology) -> dict[str, Any]:
    """What is saved of it."""
    tables, around = topology.places, topology.surroundings
    return {
        "sightings": tables.sightings,
        "crossings": tables.crossings,
        "learned": tables.learned,
        "counts": {name: topology.count(name) for name in COUNTED},
        "sample": [around.packets[4], around.packets[6]],
        "addresses": _counted(around.addresses_seen),
        "senders": _counted(around.senders_seen),
    }


def restore_topology(topology: Topology, saved: Saved, interfaces: Sequence[CaptureInterface]) -> None:
    """Put it back into a fresh one; `interfaces` are the capture interfaces known by then."""
    topology.bind(interfaces)
    tables = topology.places
    tables.sightings[:] = saved.rows("sightings", places.SIGHTING, len(tables.sightings))
    tables.crossings[:] = saved.rows("crossings", places.SIGHTING, len(tables.crossings))
    bounds = {"interface": (-2, len(topology.names) - 1)}
    tables.learned[:] = saved.rows("learned", places.LEARNED, len(tables.learned), bounds)
    for name in COUNTED:
        tables.counts[name] = saved.part("counts").number(name, 0, 1 << 60)
    sample = saved.list("sample")
    saved.must(len(sample) == 2 and all(type(one) is int and one >= 0 for one in sample), "sample")
    around = topology.surroundings
    around.packets = {4: sample[0], 6: sample[1]}
    around.addresses_seen = _counter(saved, "addresses")
    around.senders_seen = _counter(saved, "senders")


def _counted(counter: Counter[tuple[int, int, int, int]]) -> Any:
    """A counter of addresses as a table, in its order: of equally many, the first is taken."""
    return np.array([(*words, times) for words, times in counter.items()], np.int64)


def _counter(saved: Saved, name: str) -> Counter[tuple[int, int, int, int]]:
    """The same the other way round."""
    table = saved.numbers(name, 5)
    for column, (least, most) in enumerate(WORDS):
        saved.must(not len(table) or bool(((table[:, column] >= least) & (table[:, column] <= most)).all()), name)
    return Counter({(row[0], row[1], row[2], row[3]): row[4] for row in table.tolist()})
