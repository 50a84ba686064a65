"""Connections by their sources in a checkpoint: which of those from one address and port is the newest.

Read first: `fwsim.engine.sources`. Buckets hang on the secret of a run, so what is saved is an order of rows, oldest
first, in which those from one source stand as they came; their numbers do not tell, since a conversation that is
admitted late keeps the number that it had when it was refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.checkpoint.saved import Saved
from fwsim.engine.expiry import FIRST
from fwsim.engine.sources import NOWHERE, source_bucket
from fwsim.engine.tuples import Tracker, is_live

OUT_MAX = (1 << 31) - 1


def save_sources(tracker: Tracker) -> dict[str, Any]:
    """What is saved of a table of arrays; nothing where no address is translated."""
    if not tracker.settings[0]["translating"]:
        return {"order": np.zeros(0, np.int64), "out": np.zeros(0, np.int64)}
    used = int(tracker.counters[0]["used"])
    order = _by_age(tracker)
    return {
        "order": order[is_live(tracker.connections[order])],
        "out": tracker.sources["out"][:used].astype(np.int64),
    }


def restore_sources(tracker: Tracker, saved: Saved) -> None:
    """Put it back into a table that has its connections again, and a key of its own."""
    used = int(tracker.counters[0]["used"])
    order = saved.numbers("order", bounds=(FIRST, used - 1))
    out = saved.numbers("out", bounds=(0, OUT_MAX))
    translating = bool(tracker.settings[0]["translating"])
    saved.must(len(out) == (used if translating else 0) and (translating or not len(order)), "out")
    saved.must(len(np.unique(order)) == len(order), "order")
    saved.must(bool(np.all(is_live(tracker.connections[order]))), "order")
    tracker.sources["out"][: len(out)] = out
    _hang(tracker, order)


def _by_age(tracker: Tracker) -> npt.NDArray[np.int64]:
    """The rows that hang in some bucket, of each bucket the oldest first."""
    older = tracker.sources["older"]
    heads = tracker.source_buckets[tracker.source_buckets != NOWHERE].astype(np.int64)
    found = [heads[:0]]
    while len(heads):
        found.append(heads)
        heads = older[heads].astype(np.int64)
        heads = heads[heads != NOWHERE]
    return np.concatenate(found[::-1])


def _hang(tracker: Tracker, order: npt.NDArray[np.int64]) -> None:
    """Hang rows into empty buckets, one after the other."""
    bucket = np.asarray(source_bucket(tracker, tracker.tuples[2 * order]), np.int64)
    together = np.argsort(bucket, kind="stable")
    rows, bucket = order[together], bucket[together]
    same = bucket[1:] == bucket[:-1]
    places = tracker.sources
    places["bucket"][rows] = bucket
    places["older"][rows[1:]] = np.where(same, rows[:-1], NOWHERE)
    places["newer"][rows[:-1]] = np.where(same, rows[1:], NOWHERE)
    tracker.source_buckets[bucket] = rows  # of equal ones the last stays: the newest
