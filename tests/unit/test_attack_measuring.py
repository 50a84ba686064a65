"""Measured attacks: what wins where, what it costs, and what leaves evidence."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from fwsim.attack.measuring import Row, Table, measured, names
from fwsim.attack.registry import FAMILIES
from fwsim.attack.variants import COLUMNS, SMALL_TABLE
from fwsim.ruleset import load_ruleset
from tests.attacking import office, place

ASKED = ("reset-blind:exact", "reset-blind:random", "data-blind:exact", "spoof-inside", "bad-checksum:reset",
         "syn-flood:random", "ack-scan", "table-exhaustion:ack")  # fmt: skip


@cache
def table() -> Table:
    return measured(ASKED, office(), place())


def row(name: str) -> Row:
    return next(found for found in table().rows if found.name == name or found.name.startswith(f"{name}:"))


def admitted(name: str) -> dict[str, int]:
    return {column: cell.admitted for column, cell in row(name).cells.items()}


def test_all_honest_traffic_passes_where_state_or_replies_are_kept() -> None:
    passing = table().admitted
    assert table().honest > 100
    assert {name for name, count in passing.items() if count < table().honest} == {"no-reply"}


def test_state_does_no_better_against_exact_resets_and_data_in_the_window() -> None:
    for name in ("reset-blind:exact", "data-blind:exact"):
        found = row(name)
        assert found.cells["stateful"].admitted == found.cells["stateless"].admitted == found.sent > 0
        assert found.evidence.found == 0
    assert row("reset-blind:exact").cells["stateful"].closed == row("reset-blind:exact").sent
    assert row("data-blind:exact").cells["stateful"].harm == (3, 3)


def test_windows_stop_random_resets_and_nothing_else_does() -> None:
    found = admitted("reset-blind:random")
    assert (found["stateful"], found["no-window"]) == (0, row("reset-blind:random").sent)
    assert 0 < found["liberal"] < found["no-window"]


def test_checksums_stop_insertion_as_long_as_they_are_verified() -> None:
    found = admitted("bad-checksum:reset")
    assert (found["stateful"], found["no-checksum"]) == (0, row("bad-checksum:reset").sent)


def test_only_the_reverse_path_filter_stops_what_is_spoofed() -> None:
    found = admitted("spoof-inside")
    assert found["stateful"] > 0
    assert found["rp-filter"] == 0
    assert row("spoof-inside").evidence.recall == 1


def test_picking_up_midstream_lets_acks_fill_the_table() -> None:
    found = admitted("table-exhaustion:ack")
    assert (found["stateful"], found["loose"]) == (0, row("table-exhaustion:ack").sent)


def test_a_flood_evicts_where_there_are_few_places() -> None:
    cells = row("syn-flood:random").cells
    assert cells["stateful"].evicted == 0
    assert cells["small"].evicted > row("syn-flood:random").sent - SMALL_TABLE - 1


def test_every_cell_is_filled() -> None:
    for found in table().rows:
        assert list(found.cells) == [column.name for column in COLUMNS]
        for cell in found.cells.values():
            assert sum(cell.before.values()) == sum(cell.by.values()) == cell.admitted <= found.sent


def test_all_families_are_measured_in_all_styles_but_sweeps() -> None:
    everything = names(())
    assert {name.partition(":")[0] for name in everything} == set(FAMILIES)
    assert not [name for name in everything if name.endswith(":sweep")]
    assert names(("reset-blind:sweep",)) == ["reset-blind:sweep"]
    assert names(("syn-flood",)) == ["syn-flood:random", "syn-flood:fixed", "syn-flood:slow"]


def test_equal_seeds_give_equal_tables() -> None:
    first, second = (measured(("bogon",), office(), place(), seed=5) for _ in range(2))
    assert first == second


def test_what_the_attack_costs_honest_traffic_is_counted(tmp_path: Path) -> None:
    limited = tmp_path / "limited.yaml"
    limited.write_text(
        "interfaces: {lan: {networks: [10.1.0.0/16]}, dmz: {networks: [192.0.2.0/28]}, wan: {networks: [any]}}\n"
        "policy: drop\nrules:\n"
        "  - {ct_state: established, verdict: accept}\n"
        "  - {iif: [lan, dmz], ct_state: new, verdict: accept}\n"
        "  - {iif: wan, proto: tcp, dport: 443, ct_state: new, limit: 5/minute, verdict: accept}\n"
    )
    found = measured(("syn-flood:random",), load_ruleset(str(limited)), place())
    assert found.rows[0].cells["stateful"].lost > 0


@pytest.mark.parametrize("name", ["hijack", "split-handshake"])
def test_a_family_without_evidence_by_nature_leaves_none(name: str) -> None:
    found = measured((name,), office(), place())
    assert all(one.evidence.label_only and not one.evidence.found for one in found.rows)
