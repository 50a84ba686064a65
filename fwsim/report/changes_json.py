"""What changed between two runs, for programs: one object, or one line for every packet that changed.

Read first: `fwsim.report.changes_text`, which tells people the same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from fwsim.baseline.changes import TITLES
from fwsim.baseline.counted import Changes, Frame
from fwsim.baseline.stored import Columns
from fwsim.naming import FRAME_FIELDS, Naming
from fwsim.report.cells import Cells
from fwsim.report.changes_text import Told, answer, ends, proto, ranked_connections, ranked_rules

SCHEMA_VERSION = 1

Object = dict[str, Any]


def changes_json(changes: Changes, told: Told, about: Object) -> str:
    """The whole object, as text; `about` says what was read."""
    from fwsim import __version__

    whole: Object = {
        "summary": {"schema_version": SCHEMA_VERSION, "fwsim": __version__, "answer": answer(changes), **about}
        | {"mode": told.mode, "selection": told.selection, "accepted": told.accepted, "notes": list(told.notes)},
        "counts": {
            "packets": changes.packets,
            "changed": changes.changed,
            "changes": {title: changes.counts[kind] for kind, title in TITLES.items()},
            "connections": {
                title: {"opening": changes.opened(kind), "later": changes.in_midst(kind)}
                for kind, title in TITLES.items()
            },
            "packets_of_connections_not_told_apart": changes.not_told_apart,
        },
        "rules": _rules(changes, told),
        "connections": _connections(changes, told),
    }
    return json.dumps(whole, indent=1) + "\n"


def _rules(changes: Changes, told: Told) -> list[Object]:
    """Which rule decided, and which one does now."""
    return [
        {
            "change": title, "was": by[1], "now": by[2], "packets": one.packets, "connections": one.connections,
            "first_frames": _frames(one.frames, told.files),
        }
        for kind, title in TITLES.items()
        for by, one in ranked_rules(changes, kind)
    ]  # fmt: skip


def _connections(changes: Changes, told: Told) -> list[Object]:
    """The connections of each kind of change."""
    return [
        {
            "change": title, "ends": ends(one), "proto": proto(one), "packets": one.packets[kind],
            "opening": kind in one.opening, "was": one.was.record(), "now": one.now.record(),
            "first_frames": _frames(one.frames[kind], told.files),
        }
        for kind, title in TITLES.items()
        for one in ranked_connections(changes, kind)
    ]  # fmt: skip


def _frames(frames: Sequence[Frame], files: Sequence[str]) -> list[Object]:
    """Frames by file and number."""
    return [{"file": files[file], "n": number} for file, number in frames]


class ChangeLines:
    """A JSON line for every changed packet: the frame's fields, the change, the decision then and now."""

    def __init__(self, naming: Naming, changes: Changes) -> None:
        """`changes` has the kinds of both runs."""
        self._cells = Cells(json.dumps, naming)
        self._changes = changes

    def lines(self, batch: Any, rows: Any, was: Columns, now: Columns) -> str:
        """Some rows of a batch."""
        texts = []
        became = self._changes.became(was, now)[rows].tolist()
        pairs = zip(became, np.asarray(was[0][rows]).tolist(), np.asarray(now[0][rows]).tolist(), strict=True)
        for cells, (change, then, here) in zip(self._cells.frame(batch, rows), pairs, strict=True):
            named = zip(FRAME_FIELDS, cells, strict=True)
            frame = ",".join(f'"{name}":"{cell}"' if name == "ts" else f'"{name}":{cell}' for name, cell in named)
            kinds = self._changes.was[then], self._changes.now[here]
            decided = json.dumps({"change": TITLES[change], "was": kinds[0].record(), "now": kinds[1].record()})
            texts.append(f"{{{frame},{decided[1:]}\n")
        return "".join(texts)
