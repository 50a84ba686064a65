"""What fills a table: at the rate of theory and not below, and what becomes of honest connections."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from fwsim.attack.literature.full_table import (
    FLOODS,
    HONEST_ONES,
    HOUR,
    PF,
    STAYING,
    Flood,
    flooded,
    row_of,
)

SMALL = Flood("small", 500, 120)


def test_rates_are_places_divided_by_seconds() -> None:
    assert [flood.fills for flood in FLOODS] == [2185, 4370, 84, 417]
    assert [flood.spares for flood in FLOODS] == [2184, 4368, 83, 416]


def test_a_table_fills_at_its_rate_and_not_at_one_that_leaves_places_for_the_honest() -> None:
    full, spared = flooded(SMALL, SMALL.fills), flooded(SMALL, SMALL.spares)
    assert full.is_full
    assert full.peak == 500
    assert not spared.is_full
    assert spared.peak == SMALL.spares * 120 + HONEST_ONES


def test_honest_connections_outlive_a_flood_of_syns_whose_places_are_taken_from_it() -> None:
    found = flooded(SMALL, 2 * SMALL.fills)
    assert (found.lived, found.refused) == (HONEST_ONES, 0)
    assert found.evicted > 500


def test_finished_handshakes_are_not_evicted_and_who_comes_late_is_refused() -> None:
    flood = Flood("finished", 300, 24 * HOUR, 3, HOUR, PF)
    assert flooded(flood, flood.fills).is_full
    found = flooded(flood, 4 * flood.fills)
    assert found.peak == 300
    assert found.refused > 300
    assert STAYING <= found.lived < HONEST_ONES


def test_answers_halve_the_time_and_double_the_rate() -> None:
    answered = Flood("answered", 600, 60, 2)
    assert flooded(answered, answered.fills).is_full
    assert not flooded(answered, answered.spares - 1).is_full


def test_the_timers_are_those_that_are_named() -> None:
    for flood in FLOODS:
        settings = flood.firewall().ruleset().conntrack
        timer = ("tcp_timeout_syn_sent", "tcp_timeout_syn_recv", "tcp_timeout_established")[flood.steps - 1]
        assert getattr(settings, timer) == flood.seconds * 10**9
        assert settings.max == flood.places


def test_a_row_shows_both_rates_beside_theory() -> None:
    row = row_of(SMALL)
    assert row.agrees
    assert row.cells[3:5] == ("5/s", "4/s, peak 490")
    assert row.published == "500 / 120 s = 4.2/s"


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="NUMBA_DISABLE_JIT is set")
def test_whole_floods_fill_whole_tables() -> None:
    command = [sys.executable, "-m", "fwsim", "attack", "--literature", "full-table", "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
    rows = json.loads(done.stdout)["tables"][0]["rows"]
    assert [row["full at"] for row in rows] == ["2,185/s", "4,370/s", "84/s", "417/h"]
    assert all(row["agrees"] for row in rows)
    assert [row["honest that live"] for row in rows[:3]] == ["10 of 10"] * 3
    assert STAYING <= int(rows[3]["honest that live"].split()[0]) < HONEST_ONES
