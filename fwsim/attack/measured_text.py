"""What was measured, as a table for people and as one object for machines.

Read first: `fwsim.attack.measuring`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fwsim.attack import evidence
from fwsim.attack.measuring import Cell, Row, Table
from fwsim.attack.registry import FAMILIES
from fwsim.attack.variants import COLUMNS
from fwsim.report.grid import grid

SCHEMA_VERSION = 1
BASE = ("stateless", "stateful")

OTHER_COLUMNS = {
    "sent": "forged packets, all of them; in the other columns those that are admitted (-: none)",
    "host": "how many do something at the host that gets them: one before RFC 5961 / one that follows it",
    "lost": "honest packets that get through without the attack, and not with it",
    "to connections": "what became of the firewall's own connections; small: with a table of 64",
    "evidence": "forged packets that leave a word of evidence, and honest ones that do since they are there",
}
"""What the columns beside those of the variants are."""


def text_of(table: Table) -> Iterator[str]:
    """The tables, line by line: who is admitted where, what the admitted ones do, and whom evidence finds."""
    yield from _passing(table)
    yield ""
    yield from _doing(table)
    yield ""
    yield from evidence.text_of([(row.name, row.evidence) for row in table.rows])
    yield ""
    yield from _legend(table)


def _passing(table: Table) -> Iterator[str]:
    """Forged packets that are admitted, by variant."""
    yield "Forged packets admitted, by variant of the firewall"
    head = ["attack", "sent", *(column.name for column in COLUMNS)]
    rows = [[row.name, str(row.sent), *(_number(row.cells[c.name].admitted) for c in COLUMNS)] for row in table.rows]
    honest = ["honest traffic", str(table.honest), *(_number(table.admitted[c.name]) for c in COLUMNS)]
    yield from grid([head, *rows, honest], "<" + ">" * (len(head) - 1))


def _doing(table: Table) -> Iterator[str]:
    """What the admitted ones do, in the two modes as they are."""
    yield "What they do: to a host before RFC 5961 / by it, to the firewall's connections, to honest packets"
    head = ["attack", "stateless: host", "lost", "stateful: host", "lost", "to connections"]
    rows = []
    for row in table.rows:
        without, with_state = (row.cells[name] for name in BASE)
        rows.append(
            [row.name, _host(without), _number(without.lost), _host(with_state), _number(with_state.lost),
             _connections(row)]
        )  # fmt: skip
    yield from grid([head, *rows], "<>>>><")


def _host(cell: Cell) -> str:
    """How many change something at a host."""
    before, by = cell.harm
    return f"{_number(before)} / {_number(by)}" if before or by else "-"


def _connections(row: Row) -> str:
    """What happened to connections; places in the table are scarce in the small one only."""
    cell, small = row.cells["stateful"], row.cells["small"]
    found = [f"{count} {what}" for what, count in (("closed", cell.closed), ("shortened", cell.shortened)) if count]
    scarce = (("evicted", small.evicted), ("refused", small.refused), ("honest packets lost", small.lost))
    told = [f"{count} {what}" for what, count in scarce if count]
    return ", ".join([*found, *([f"small: {' '.join(told)}"] if told else [])]) or "-"


def _legend(table: Table) -> Iterator[str]:
    """What the columns are."""
    explained = {column.name: column.what for column in COLUMNS} | OTHER_COLUMNS
    yield from grid([[f"  {name}", what] for name, what in explained.items()], "<<")
    for name, why in table.left_out.items():
        yield f"{name} is left out: {why}"
    if table.honest and table.admitted["stateful"] * 2 < table.honest:
        yield (
            f"The ruleset admits only {table.admitted['stateful']} of {table.honest} honest packets: "
            "victims have hardly a connection; give --into CAPTURE"
        )


def _number(count: int) -> str:
    """A count; nothing is a dash."""
    return f"{count:,}" if count else "-"


def as_dict(table: Table) -> dict[str, Any]:
    """Everything, for JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "variants": {column.name: {"mode": column.mode, "what": column.what} for column in COLUMNS},
        "honest": {"packets": table.honest, "admitted": dict(table.admitted)},
        "left_out": dict(table.left_out),
        "attacks": [_row(row) for row in table.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    """One attack."""
    family, _, style = row.name.partition(":")
    known = FAMILIES[family]
    return {
        "attack": family, "style": style, "source": known.source, "sent": row.sent,
        "evidence": evidence.as_dict(row.evidence),
        "variants": {name: _cell(cell) for name, cell in row.cells.items()},
    }  # fmt: skip


def _cell(cell: Cell) -> dict[str, Any]:
    """One attack against one variant."""
    before, by = cell.harm
    return {
        "admitted": cell.admitted, "closed": cell.closed, "shortened": cell.shortened, "evicted": cell.evicted,
        "refused": cell.refused, "host_before_rfc5961": dict(cell.before), "host_by_rfc5961": dict(cell.by),
        "harmful_before_rfc5961": before, "harmful_by_rfc5961": by, "honest_lost": cell.lost,
    }  # fmt: skip
