"""Which forged packets get through, and what they do: attacks on the invented office, judged by a ruleset in variants.

Read first: `measured` and `Cell`. Each attack has a capture of its own, which every variant judges from its beginning;
the same capture without the attack tells what is lost by it.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fwsim.attack import ground
from fwsim.attack.evidence import Compared, promised, taken_for
from fwsim.attack.lab import Place, attack
from fwsim.attack.labels import label_among
from fwsim.attack.model import Effect, Knowledge
from fwsim.attack.registry import FAMILIES, ordered
from fwsim.attack.variants import RUNS, Run
from fwsim.capture import Input
from fwsim.errors import UsageError
from fwsim.result import compare
from fwsim.ruleset import Ruleset
from fwsim.ruleset.host import Host
from fwsim.terms import TcpState, Verdict

ACCEPT = int(Verdict.ACCEPT)
FEW = {"count": "40", "victims": "3"}
"""How many packets are sent to how many victims, where the family can be told."""
FILLING = {"syn-flood": {"count": "200"}, "table-exhaustion": {"count": "200"}}
TOO_LONG = ("sweep",)
"""Styles that are left out unless they are asked for: hundreds of thousands of packets that all fare alike."""
SCALE = 1
"""Of the invented office."""
OPEN_STATES = (int(TcpState.SYN_SENT), int(TcpState.SYN_RECV), int(TcpState.ESTABLISHED), int(TcpState.SYN_SENT2))
CLOSING = (int(TcpState.FIN_WAIT), int(TcpState.CLOSE_WAIT), int(TcpState.LAST_ACK), int(TcpState.TIME_WAIT))
CLOSE = int(TcpState.CLOSE)
HARMLESS = (Effect.NONE, Effect.WAIT, Effect.ACK, Effect.RST, Effect.ECHO)
"""What changes nothing that the host keeps."""


@dataclass
class Cell:
    """One attack against one variant.

    `admitted` forged packets; of those that reached the tracker, how many `closed` a connection or made it be
    forgotten sooner (`shortened`); connections that were `evicted`, and packets `refused` since the table was full;
    what the admitted ones would do to a host (`before` RFC 5961, and `by` it); and honest packets that are `lost`,
    which pass without the attack.
    """

    admitted: int = 0
    closed: int = 0
    shortened: int = 0
    evicted: int = 0
    refused: int = 0
    before: Counter[str] = field(default_factory=Counter)
    by: Counter[str] = field(default_factory=Counter)
    lost: int = 0

    @property
    def harm(self) -> tuple[int, int]:
        """Admitted packets that change something at a host: before RFC 5961, and by it."""
        first, second = (
            sum(count for effect, count in effects.items() if effect not in HARMLESS)
            for effects in (self.before, self.by)
        )
        return first, second


@dataclass
class Row:
    """One attack against every variant, and the evidence found by the first, compared with the labels."""

    name: str
    evidence: Compared
    sent: int = 0
    honest: int = 0
    cells: dict[str, Cell] = field(default_factory=dict)


@dataclass
class Table:
    """All that was measured; `admitted` of the `honest` packets pass in each column if nobody attacks.

    `left_out` are attacks for which the ground has nothing to attack, each with what is missing.
    """

    rows: list[Row] = field(default_factory=list)
    honest: int = 0
    admitted: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass
class Judged:
    """What a variant makes of a capture: by frame, verdict and TCP states in each mode; labels; the table's counts.

    And for each frame its evidence, and what the stateful mode took it for (a reason and a ct state).
    """

    verdicts: dict[str, list[bool]]
    states: list[tuple[int, int]]
    labels: list[dict[str, str] | None]
    evidence: list[int]
    taken_for: list[tuple[int, int]]
    counters: Mapping[str, int]


def names(given: Sequence[str]) -> list[str]:
    """The attacks to measure: those given, a family without a style in all of them but the longest."""
    found = []
    for name in given or FAMILIES:
        family = FAMILIES.get(name)
        styles = [style.name for style in family.styles if style.name not in TOO_LONG] if family else []
        found += [f"{name}:{style}" for style in styles] or [name]
    return found


def measured(
    given: Sequence[str],
    ruleset: Ruleset,
    place: Place,
    *,
    knows: Knowledge | None = None,
    options: Mapping[str, Mapping[str, str]] | None = None,
    seed: int = 0,
    host: Host | None = None,
) -> Table:
    """Measure attacks; none given means all. `options` by the names of families; `host` describes the machine."""
    interfaces = ground.declared(place.interfaces, place.own)
    with tempfile.TemporaryDirectory(prefix="fwsim-attack-") as folder:
        where = place
        if not place.captures:
            path = os.path.join(folder, "ground.pcapng")
            ground.write(path, ground.ground(interfaces, f"{seed}/ground", place.own, SCALE), list(interfaces))
            where = Place([Input(path)], interfaces, place.own)
        table = Table()
        control = {id(run): judged(run, ruleset, where.captures, seed, host) for run in RUNS}
        note_control(table, control)
        for name in names(given):
            path = os.path.join(folder, "attacked.pcapng")
            family = name.partition(":")[0]
            order = ordered(name, knows, {**few(family), **(options or {}).get(family, {})})
            row = Row(name, Compared(promised(order.family, order.style, order.knows)))
            try:
                attack([order], where, path, seed=seed)
            except UsageError as problem:
                table.left_out[name] = str(problem)
                continue
            for run in RUNS:
                fill(row, run, judged(run, ruleset, [Input(path)], seed, host), control[id(run)])
            table.rows.append(row)
        return table


def few(family: str) -> dict[str, str]:
    """How many packets of a family are measured."""
    known = {option.name for option in FAMILIES[family].options} if family in FAMILIES else set()
    return {name: value for name, value in (FEW | FILLING.get(family, {})).items() if name in known}


def note_control(table: Table, control: Mapping[int, Judged]) -> None:
    """What passes if nobody attacks."""
    for run in RUNS:
        found = control[id(run)]
        table.honest = len(found.labels)
        for column in run.columns:
            table.admitted[column.name] = sum(found.verdicts[column.mode])


def judged(run: Run, ruleset: Ruleset, captures: Sequence[Input], seed: int, host: Host | None = None) -> Judged:
    """A capture, judged by a variant."""
    result = compare([capture.path for capture in captures], run.changed(ruleset), host=run.machine(host), key=seed)
    found = Judged({"stateless": [], "stateful": []}, [], [], [], [], {})
    for batch in result:
        found.verdicts["stateless"] += (batch.stateless["verdict"] == ACCEPT).tolist()
        found.verdicts["stateful"] += (batch.stateful["verdict"] == ACCEPT).tolist()
        states: Any = (batch.stateful["tcp_state_before"].tolist(), batch.stateful["tcp_state"].tolist())
        found.states += zip(*states, strict=True)
        found.labels += [label_among(batch.comments.get(row, [])) for row in range(len(batch))]
        found.evidence += batch.frames["evidence"].tolist()
        found.taken_for += zip(batch.stateful["reason"].tolist(), batch.stateful["ct_state"].tolist(), strict=True)
    found.counters = result.statistics
    return found


def fill(row: Row, run: Run, found: Judged, control: Judged) -> None:
    """Count what a variant made of an attack."""
    forged = [number for number, label in enumerate(found.labels) if label is not None]
    first = run is RUNS[0]
    if first:
        row.sent, row.honest = len(forged), len(control.labels)
        note_evidence(row.evidence, found)
    for column in run.columns:
        verdicts = found.verdicts[column.mode]
        cell = row.cells[column.name] = Cell()
        for number in forged:
            if verdicts[number]:
                label = found.labels[number] or {}
                cell.admitted += 1
                cell.before[label["before-rfc5961"]] += 1
                cell.by[label["by-rfc5961"]] += 1
        cell.lost = lost(found, control, column.mode)
        if column.mode == "stateful":
            note_table(cell, found, control, forged)


def note_evidence(evidence: Compared, found: Judged) -> None:
    """The words that forged packets left, and honest ones."""
    for mask, how, label in zip(found.evidence, found.taken_for, found.labels, strict=True):
        if label is None:
            evidence.suspect(mask)
        else:
            evidence.note(mask, taken_for(*how, mask))


def note_table(cell: Cell, found: Judged, control: Judged, forged: Sequence[int]) -> None:
    """What the forged packets did to the connection table."""
    for number in forged:
        before, after = found.states[number]
        cell.closed += before not in (int(TcpState.NONE), CLOSE) and after == CLOSE
        cell.shortened += before in OPEN_STATES and after in CLOSING
    cell.evicted = found.counters["evicted"] - control.counters["evicted"]
    cell.refused = found.counters["dropped"] - control.counters["dropped"]


def lost(found: Judged, control: Judged, mode: str) -> int:
    """Honest packets of the control that pass there and not here; what an attack's story adds is not counted."""
    here = iter(verdict for verdict, label in zip(found.verdicts[mode], found.labels, strict=True) if label is None)
    extra = sum(label is None for label in found.labels) - len(control.labels)
    if extra:
        return max(0, sum(control.verdicts[mode]) - sum(here))
    return sum(passed and not passes for passed, passes in zip(control.verdicts[mode], here, strict=True))
