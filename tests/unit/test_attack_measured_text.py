"""What was measured, for people and for machines."""

from __future__ import annotations

import json

from fwsim.attack.evidence import Compared
from fwsim.attack.measured_text import as_dict, text_of
from fwsim.attack.measuring import Cell, Row, Table
from fwsim.attack.variants import COLUMNS


def made() -> Table:
    row = Row("reset-blind:exact", Compared((), forged=1200), sent=1200)
    row.cells = {column.name: Cell() for column in COLUMNS}
    full = row.cells["stateful"]
    full.admitted, full.closed = 1200, 3
    full.before.update({"reset": 1200})
    full.by.update({"reset": 200, "ack": 1000})
    row.cells["small"].evicted = 7
    return Table([row], honest=100, admitted=dict.fromkeys((column.name for column in COLUMNS), 90))


def test_the_table_shows_counts_by_variant_and_dashes_for_nothing() -> None:
    lines = list(text_of(made()))
    assert lines[1].split() == ["attack", "sent", *(column.name for column in COLUMNS)]
    assert lines[2].split() == ["reset-blind:exact", "1200", "-", "1,200", *["-"] * (len(COLUMNS) - 2)]
    assert lines[3].split() == ["honest", "traffic", "100", *["90"] * len(COLUMNS)]


def test_what_they_do_to_hosts_and_connections_is_told() -> None:
    (line,) = [line for line in text_of(made()) if line.startswith("reset-blind:exact") and "closed" in line]
    assert "1,200 / 200" in line
    assert line.endswith("3 closed, small: 7 evicted")


def test_evidence_stands_between_what_they_do_and_the_legend() -> None:
    lines = list(text_of(made()))
    place = next(number for number, line in enumerate(lines) if line.startswith("Evidence compared with labels"))
    assert lines[place + 2].split() == ["reset-blind", "1,200", "-", "-", "-", "-", "label", "only"]


def test_every_column_is_explained() -> None:
    lines = list(text_of(made()))
    explained = {line.split("  ")[1] for line in lines if line.startswith("  ") and not line.startswith("   ")}
    assert explained >= {column.name for column in COLUMNS} | {"sent", "host", "lost", "to connections", "evidence"}


def test_a_ruleset_that_refuses_the_invented_office_is_told_of() -> None:
    table = made()
    assert not any("honest packets: " in line for line in text_of(table))
    table.admitted["stateful"] = 10
    assert any("admits only 10 of 100 honest packets" in line for line in text_of(table))


def test_the_object_has_everything_and_is_json() -> None:
    found = json.loads(json.dumps(as_dict(made())))
    assert found["schema_version"] == 1
    assert set(found["variants"]) == {column.name for column in COLUMNS}
    (attack,) = found["attacks"]
    assert (attack["attack"], attack["style"], attack["sent"]) == ("reset-blind", "exact", 1200)
    assert attack["evidence"]["label_only"]
    cell = attack["variants"]["stateful"]
    assert (cell["admitted"], cell["closed"]) == (1200, 3)
    assert (cell["harmful_before_rfc5961"], cell["harmful_by_rfc5961"]) == (1200, 200)
