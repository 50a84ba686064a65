"""Fragments that wait, in a checkpoint: the queues with their bytes, and what was decided for batches that are held.

Read first: `fwsim.capture.reassembly`, `fwsim.defragmenting`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from fwsim.capture.fragments import Fragment
from fwsim.capture.reassembly import LENGTH_MAX, Sender, Set
from fwsim.checkpoint.held import DEPARTURES, Limits
from fwsim.checkpoint.saved import Saved
from fwsim.defragmenting import Defragmenter, Final, Place
from fwsim.tables import DECISION, DEPARTURE

KEYS = {4: 6, 6: 12}
"""Numbers in the key of a datagram, by family."""
PART = ("start", "end", "more", "ecn", "headless")
"""Fields of a fragment that are numbers; behind them come the sizes of its header and of its data."""
FINAL = ("row", "reason", "evidence", "further", "connection")


def save_fragments(defragmenter: Defragmenter) -> dict[str, Any]:
    """What is saved of those that wait."""
    reassembly = defragmenter.reassembly
    finals = [(serial, final) for serial, some in defragmenter.final.items() for final in some]
    decisions = [final.decision for _, final in finals if final.decision is not None]
    departures = [final.departure for _, final in finals if final.departure is not None]
    return {
        "sets": [_save_set(one) for sets in reassembly.sets.values() for one in sets.values()],
        "senders": _table([(source, sender.fragments) for source, sender in reassembly.senders.items()]),
        "serials": defragmenter.serials,
        "pending": _table(defragmenter.pending.items()),
        "final": _table([(serial, *final[:5], final.decision is not None) for serial, final in finals]),
        "decisions": np.array(decisions, DECISION),
        "departures": np.array(departures, DEPARTURE),
    }


def restore_fragments(
    defragmenter: Defragmenter, saved: Saved, held: Mapping[int, int], limits: Limits, evidence: tuple[int, int]
) -> None:
    """Put them back. `held` gives the rows of the held batches by serial number; `limits` are those of their rows."""
    reassembly = defragmenter.reassembly
    for one in saved.parts("sets"):
        found = _restored_set(one, held, evidence)
        one.must(found.key not in reassembly.sets[found.family], "key")
        reassembly.sets[found.family][found.key] = found
        reassembly.memory[found.family] += found.memory
    for source, count in saved.numbers("senders", 2).tolist():
        reassembly.senders[source] = Sender(fragments=count)
    for found in reassembly.sets[4].values():
        saved.must(found.key[1] in reassembly.senders, "senders")
        reassembly.senders[found.key[1]].sets += 1
    defragmenter.serials = saved.number("serials", max(held, default=0), 1 << 62)
    defragmenter.pending = dict(saved.numbers("pending", 2).tolist())
    waiting = Counter(
        place.serial for sets in reassembly.sets.values() for one in sets.values() for place in one.places
    )
    saved.must({serial: count for serial, count in defragmenter.pending.items() if count} == waiting, "pending")
    _restore_finals(defragmenter, saved, held, limits, evidence)


def _save_set(waiting: Set[Place]) -> dict[str, Any]:
    """The fragments of one datagram."""
    parts = [(*(getattr(one, name) for name in PART), len(one.head), len(one.data)) for one in waiting.fragments]
    return {
        "key": list(waiting.key),
        "family": waiting.family,
        "created": waiting.created,
        "runs": _table(zip(waiting.starts, waiting.ends, strict=True)),
        "parts": _table(parts),
        "octets": b"".join(one.head + one.data for one in waiting.fragments),
        "places": _table(waiting.places),
        "length": waiting.length,
        "last_seen": waiting.last_seen,
        "ecn": waiting.ecn,
        "position": waiting.position,
    }


def _restored_set(saved: Saved, held: Mapping[int, int], evidence: tuple[int, int]) -> Set[Place]:
    """The same the other way round; its runs are held against its fragments."""
    family = saved.number("family", 4, 6)
    key = saved.list("key")
    saved.must(family != 5 and len(key) == KEYS[family] and all(type(one) is int for one in key), "key")
    waiting: Set[Place] = Set(tuple(key), family, saved.number("created"))
    waiting.length = saved.number("length", 0, LENGTH_MAX + 8)
    waiting.last_seen = saved.truth("last_seen")
    waiting.ecn = saved.number("ecn", 0, 15)
    waiting.position = saved.number("position", 0)
    runs: list[list[int]] = saved.numbers("runs", 2, bounds=(0, LENGTH_MAX + 8)).tolist()
    waiting.starts, waiting.ends = [start for start, _ in runs], [end for _, end in runs]
    waiting.have = sum(end - start for start, end in runs)
    in_order = all(start < end for start, end in runs) and all(one[1] <= other[0] for one, other in pairwise(runs))
    _restore_parts(waiting, saved)
    begins = min((one.start for one in waiting.fragments), default=None)
    saved.must(in_order and (runs[0][0] if runs else None) == begins, "runs")
    for place in saved.numbers("places", len(Place._fields)).tolist():
        waiting.places.append(Place(*place))
        saved.must(0 <= place[1] < held.get(place[0], 0) and evidence[0] <= place[4] <= evidence[1], "places")
    saved.must(len(waiting.places) == len(waiting.fragments), "places")
    return waiting


def _restore_parts(waiting: Set[Place], saved: Saved) -> None:
    """The fragments themselves."""
    octets, at = saved.octets("octets"), 0
    for start, end, more, ecn, headless, head, data in saved.numbers("parts", 7, bounds=(0, 1 << 20)).tolist():
        pieces = octets[at : at + head], octets[at + head : at + head + data]
        saved.must(start < end and ecn < 4 and (20 if waiting.family == 4 else 40) <= head <= 1 << 16, "parts")
        fragment = Fragment(waiting.key, waiting.family, start, end, bool(more), ecn, *pieces, bool(headless))
        waiting.fragments.append(fragment)
        at += head + data
    saved.must(at == len(octets), "octets")


def _restore_finals(
    defragmenter: Defragmenter, saved: Saved, held: Mapping[int, int], limits: Limits, evidence: tuple[int, int]
) -> None:
    """What held batches are still to be told."""
    decisions, translating = limits.decisions["stateful"], "stateful" in limits.translating
    rows = iter(saved.rows("decisions", DECISION, bounds=decisions))
    departures = iter(saved.rows("departures", DEPARTURE, bounds=DEPARTURES))
    for serial, *final, decided in saved.numbers("final", 7).tolist():
        said = dict(zip(FINAL, final, strict=True))
        least, most = evidence
        saved.must(0 <= said["row"] < held.get(serial, 0) and least <= said["evidence"] <= most, "final")
        saved.must(decisions["reason"][0] <= said["reason"] <= decisions["reason"][1], "final")
        decision = next(rows, None) if decided else None
        saved.must(not decided or decision is not None, "decisions")
        departure = next(departures, None) if decided and translating else None
        saved.must(not (decided and translating) or departure is not None, "departures")
        defragmenter.final.setdefault(serial, []).append(Final(**said, decision=decision, departure=departure))


def _table(rows: Any) -> Any:
    """Rows of numbers as a table."""
    return np.array(list(rows), np.int64)
