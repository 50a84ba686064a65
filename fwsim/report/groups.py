"""`--by`: the frames of a run counted by source, connection, rule or port, the largest groups first.

Read first: DESIGN section 5. In a comparison the groups are ordered by the frames on which the modes differ, in a
replay by the frames that are not admitted. At most `MOST` groups are remembered: beyond that the small ones are merged
into one row, so that columns still add up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from fwsim.harmless import csv_cell, safe
from fwsim.naming import PROTO_WORDS, Naming, address_text
from fwsim.report.cells import Rows
from fwsim.report.figures import count
from fwsim.report.grid import grid
from fwsim.terms import Verdict

MOST = 50_000
KINDS = ("source", "connection", "rule", "port")

Keys = list[npt.NDArray[np.int64]]
Name = Callable[[tuple[int, ...]], str]
Record = dict[str, Any]


@dataclass(frozen=True)
class Group:
    """One row of the table: its name, its frames, those admitted in each mode, and those that count."""

    name: str
    frames: int
    admitted: tuple[int, ...]
    telling: int
    """Frames on which the modes differ; in a replay, frames that are not admitted."""


class Groups:
    """Counts the frames of a run by one kind of key."""

    def __init__(self, kind: str, modes: Sequence[str], naming: Naming) -> None:
        """`kind` is one of `KINDS`; rules are those of the last mode."""
        self.kind = kind
        self.modes = tuple(modes)
        self.naming = naming
        self.counts: dict[tuple[int, ...], list[int]] = {}
        self.merged = [0] * (len(modes) + 2)
        self.merged_groups = 0

    def add(self, batch: Any, rows: Rows = slice(None)) -> None:
        """Count the selected rows of a batch."""
        keys = [column[rows] for column in self.keys(batch)]
        if len(keys[0]) == 0:
            return
        verdicts = [getattr(batch, mode)["verdict"][rows] for mode in self.modes]
        admitted = [verdict == Verdict.ACCEPT for verdict in verdicts]
        telling = verdicts[0] != verdicts[1] if len(verdicts) == 2 else ~admitted[0]
        found, places = np.unique(np.stack(keys, axis=1), axis=0, return_inverse=True)
        places = places.reshape(-1)
        columns = [np.bincount(places, minlength=len(found))]
        columns += [np.bincount(places[mask], minlength=len(found)) for mask in (*admitted, telling)]
        for key, numbers in zip(
            map(tuple, found.tolist()), zip(*(c.tolist() for c in columns), strict=True), strict=True
        ):
            counts = self.counts.setdefault(key, [0] * len(numbers))
            for place, number in enumerate(numbers):
                counts[place] += number
        if len(self.counts) > MOST:
            self.merge()

    def keys(self, batch: Any) -> Keys:
        """The columns that make the key."""
        packets, decisions = batch.packets, getattr(batch, self.modes[-1])
        if self.kind == "source":
            return [np.where(packets["family"] > 0, packets[f"src{word}"], -1) for word in range(4)]
        if self.kind == "port":
            return [packets["proto"], packets["dport"]]
        if self.kind == "connection":
            return [batch.frames["connection"]]
        return [decisions["rule"], decisions["chain"]]

    def merge(self) -> None:
        """Keep the larger half of the groups, and add the others up."""
        ranked = sorted(self.counts.items(), key=lambda item: (-item[1][-1], -item[1][0], item[0]))
        for _, counts in ranked[MOST // 2 :]:
            self.merged_groups += 1
            self.merged = [one + other for one, other in zip(self.merged, counts, strict=True)]
        self.counts = dict(ranked[: MOST // 2])

    def top(self, number: int) -> list[Group]:
        """The groups that count most, then one row for all the others."""
        ranked = sorted(self.counts.items(), key=lambda item: (-item[1][-1], -item[1][0], item[0]))
        groups = [self.group(self.name(key), counts) for key, counts in ranked[:number]]
        rest = list(self.merged)
        for _, counts in ranked[number:]:
            rest = [one + other for one, other in zip(rest, counts, strict=True)]
        others = len(ranked[number:]) + self.merged_groups
        return groups + ([self.group(f"{count(others)} others", rest)] if others else [])

    def group(self, name: str, counts: list[int]) -> Group:
        """A row from its numbers."""
        return Group(name, counts[0], tuple(counts[1:-1]), counts[-1])

    def name(self, key: tuple[int, ...]) -> str:
        """What a key is called."""
        if self.kind == "source":
            return address_text(key) if key[0] >= 0 else "not IP"
        if self.kind == "port":
            return f"{PROTO_WORDS.get(key[0], key[0])}" + (f"/{key[1]}" if key[1] >= 0 else "")
        if self.kind == "connection":
            return f"connection {key[0]}" if key[0] > 0 else "no connection"
        names = self.naming.rules[self.modes[-1]]
        rule, chain = names.rule(key[0]), names.chain(key[1])
        return f"{chain}: {rule}" if rule is not None else names.title(key[0], key[1]) or "no rule"


def _heads(modes: Sequence[str]) -> tuple[str, list[str], str]:
    """The titles of the columns behind the name."""
    return "packets", [f"{mode} admits" for mode in modes], "differ" if len(modes) == 2 else "not admitted"


def groups_text(groups: Groups, number: int) -> str:
    """The table for people."""
    packets, admits, telling = _heads(groups.modes)
    rows = [[f"by {groups.kind}", packets, *admits, telling]]
    for group in groups.top(number):
        rows.append([safe(group.name), *map(count, (group.frames, *group.admitted, group.telling))])
    return "\n".join(grid(rows, "<" + ">" * (len(groups.modes) + 2), gap=3)) + "\n"


def groups_records(groups: Groups, number: int) -> list[Record]:
    """The table as objects for JSON."""
    telling = "differ" if len(groups.modes) == 2 else "not_admitted"
    return [
        {groups.kind: group.name, "packets": group.frames}
        | {f"{mode}_admits": admitted for mode, admitted in zip(groups.modes, group.admitted, strict=True)}
        | {telling: group.telling}
        for group in groups.top(number)
    ]


def groups_csv(groups: Groups, number: int) -> str:
    """The table as CSV with a header."""
    records = groups_records(groups, number)
    lines = [",".join(csv_cell(value) for value in record.values()) for record in records]
    return "\n".join([",".join(records[0]) if records else groups.kind, *lines]) + "\n"


def groups_jsonl(groups: Groups, number: int) -> str:
    """The table as JSON lines."""
    return "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in groups_records(groups, number))
