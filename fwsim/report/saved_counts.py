"""What reports have counted so far, in a checkpoint.

Read first: `fwsim.report.tally`, `groups`, `unknown`. The order in which things came up is kept: of equally many, the
first is named first.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from fwsim.checkpoint.saved import Saved
from fwsim.engine.counting import CHANGE, EXAMPLE, WAITING
from fwsim.naming import Naming
from fwsim.report.groups import Groups
from fwsim.report.tally import Tally, hashed
from fwsim.report.unknown import Count, Unknowns
from fwsim.terms import CtState, Direction, Hook, Reason, Verdict

COUNT = (0, 1 << 62)
CHANGES = {
    "stateless_verdict": (0, len(Verdict) - 1), "stateful_verdict": (0, len(Verdict) - 1),
    "reason": (0, int(max(Reason))), "ct_state": (-2, 2 * int(max(CtState))), "ct_direction": (-2, int(max(Direction))),
    "fragment": (0, 7), "could_be_reply": (0, 1),
}  # fmt: skip
"""What the fields of a change may be, in the order of `fwsim.report.tally.CHANGE_FIELDS`."""
ADDRESS_MOST = (1 << 33) - 1


# --- the tally -------------------------------------------------------------------------------------------------

PLAIN = ("cells", "hits0", "hits1", "let_in", "unseen", "unchained")
"""Tables of counts."""
TOTAL = ("frames", "octets", "first_ts", "last_ts", "tried0", "tried1", "kinds")
"""The totals that packets change."""


def save_tally(tally: Tally) -> dict[str, Any]:
    """What is saved of it; of the tables that are mostly empty, what is not."""
    counted = tally.counted
    waiting = counted.waiting.reshape(-1, WAITING)
    return {
        **{name: getattr(counted, name) for name in PLAIN},
        "totals": {name: int(counted.totals[0][name]) for name in TOTAL},
        "changes": np.sort(counted.changes[counted.changes["count"] > 0], order="order"),
        "differ": counted.differ,
        "admitted": counted.admitted,
        "waiting": waiting[waiting[:, 0] != 0],
    }


def restore_tally(tally: Tally, saved: Saved, naming: Naming) -> None:
    """Put it back into a tally that has counted nothing."""
    counted = tally.counted
    for name in PLAIN:
        found = saved.numbers(name, bounds=COUNT)
        saved.must(len(found) == len(getattr(counted, name)), name)
        getattr(counted, name)[:] = found
    for name in TOTAL:
        least = -COUNT[1] if name.endswith("_ts") else 0
        counted.totals[name] = saved.part("totals").number(name, least, COUNT[1])
    example = {"file": (0, len(naming.files) - 1), "number": COUNT, "connection": COUNT}
    counted.differ[:] = saved.rows("differ", EXAMPLE, len(counted.differ), example)
    counted.admitted[:] = saved.rows("admitted", EXAMPLE, len(counted.admitted), example)
    waiting = saved.numbers("waiting", WAITING, bounds=COUNT)
    counted.waiting.reshape(-1, WAITING)[waiting[:, 0] % (len(counted.waiting) // WAITING)] = waiting
    changes = saved.rows("changes", CHANGE, bounds={"key": COUNT, "count": (1, COUNT[1]), "order": COUNT})
    saved.must(len(changes) == counted.totals[0]["kinds"] == len(np.unique(changes["key"])), "changes")
    size = len(counted.changes)
    while size < 4 * len(changes):
        size *= 2
    tally.restore(counted._replace(changes=hashed(changes, size)))
    _check_tally(tally, saved)


def _check_tally(tally: Tally, saved: Saved) -> None:
    """What was counted in several ways adds up."""
    saved.must(int(tally.cells.sum()) == tally.frames, "cells")
    for reason in tally.not_evaluated:
        saved.must(reason <= max(Reason), "unseen")
    for hook in tally.unchained:
        saved.must(hook <= max(Hook), "unchained")
    pairs: Counter[tuple[int, ...]] = Counter()
    for key, count in tally.changes.items():
        inside = all(least <= one <= most for one, (least, most) in zip(key, CHANGES.values(), strict=True))
        saved.must(inside, "changes")
        pairs[key[:2]] += count
    if len(tally.modes) == 2:
        both = tally.cells.sum(axis=0)
        found = {(a, b): int(both[a, b]) for a in Verdict for b in Verdict if a != b and both[a, b]}
        saved.must(pairs == found, "changes")


# --- the other counters ----------------------------------------------------------------------------------------


def save_groups(groups: Groups) -> dict[str, Any]:
    """What is saved of the table of `--by`."""
    counts = [(*key, *numbers) for key, numbers in groups.counts.items()]
    return {"counts": _table(counts), "merged": groups.merged, "merged_groups": groups.merged_groups}


def restore_groups(groups: Groups, saved: Saved) -> None:
    """Put it back into one that has counted nothing."""
    numbers = len(groups.merged)
    merged = saved.list("merged")
    saved.must(len(merged) == numbers and all(type(one) is int and one >= 0 for one in merged), "merged")
    groups.merged, groups.merged_groups = merged, saved.number("merged_groups", 0)
    keys = _key_bounds(groups)
    for row in _rows(saved, "counts", (*keys, *[COUNT] * numbers)):
        groups.counts[tuple(row[: len(keys)])] = row[len(keys) :]


def _key_bounds(groups: Groups) -> tuple[tuple[int, int], ...]:
    """What the numbers of a key may be: they are put into words."""
    names = groups.naming.rules[groups.modes[-1]]
    word = (0, 0xFFFFFFFF)
    return {
        "source": ((-1, ADDRESS_MOST), *[(-1, word[1])] * 3),
        "port": ((-2, 255), (-2, 0xFFFF)),
        "connection": (COUNT,),
        "rule": ((-2, len(names.rules) - 1), (-1, len(names.chains) - 1)),
    }[groups.kind]


def save_unknowns(unknowns: Unknowns) -> dict[str, Any]:
    """What is saved of the unknown verdicts."""
    counts = unknowns.counts.values()
    return {"counts": [[one.construct, one.packets, list(one.first), list(one.rules)] for one in counts]}


def restore_unknowns(unknowns: Unknowns, saved: Saved) -> None:
    """Put them back."""
    for one in saved.list("counts"):
        saved.must(isinstance(one, list) and len(one) == 4, "counts")
        construct, packets, first, rules = one
        saved.must(isinstance(construct, str) and type(packets) is int, "counts")
        saved.must(isinstance(first, list) and list(map(type, first)) == [int, int], "counts")
        saved.must(0 <= first[0] < len(unknowns.naming.files), "counts")
        saved.must(isinstance(rules, list) and all(isinstance(rule, str) for rule in rules), "counts")
        unknowns.counts[construct] = Count(construct, packets, (first[0], first[1]), dict.fromkeys(rules))


def _table(rows: Any) -> Any:
    """Rows of numbers as a table."""
    return np.array(list(rows), np.int64)


def _rows(saved: Saved, name: str, bounds: tuple[tuple[int, int], ...]) -> list[list[int]]:
    """Such a table, its columns in these bounds."""
    table = saved.numbers(name, len(bounds)).reshape(-1, len(bounds))
    if len(table):
        least, most = zip(*bounds, strict=True)
        saved.must(bool((table >= least).all() and (table <= most).all()), name)
    rows: list[list[int]] = table.tolist()
    return rows
