"""The SCTP transition table: every cell against a second copy, and its reasons."""

from __future__ import annotations

import pytest

from fwsim.engine.sctp_table import CELL_INVALID, DATA, KIND_WORDS, OTHER, ROW_NAMES, WHY, next_state
from fwsim.terms import SctpState

# conntrack-spec 11, in the order none, closed, cookie_wait, cookie_echoed, established, shutdown_sent, shutdown_recd,
# shutdown_ack_sent, heartbeat_sent.
EXPECTED = {
    "original init":              "CL CL CW CE ES CL CL SA CW",
    "original init-ack":          "CL CL CW CE ES SS SR SA CL",
    "original abort":             "CL CL CL CL CL CL CL CL CL",
    "original shutdown":          "CL CL CW CE SS SS SR SA CL",
    "original shutdown-ack":      "SA CL CW CE ES SA SA SA SA",
    "original error":             "CL CL CW CE ES SS SR SA CL",
    "original cookie-echo":       "CL CL CE CE ES SS SR SA CL",
    "original cookie-ack":        "CL CL CW ES ES SS SR SA CL",
    "original shutdown-complete": "CL CL CW CE ES SS SR CL CL",
    "original heartbeat":         "HS CL CW CE ES SS SR SA HS",
    "original heartbeat-ack":     "CL CL CW CE ES SS SR SA HS",
    "reply init":                 "IV CL CW CE ES SS SR SA IV",
    "reply init-ack":             "IV CW CW CE ES SS SR SA IV",
    "reply abort":                "IV CL CL CL CL CL CL CL IV",
    "reply shutdown":             "IV CL CW CE SR SS SR SA IV",
    "reply shutdown-ack":         "IV CL CW CE ES SA SA SA IV",
    "reply error":                "IV CL CW CL ES SS SR SA IV",
    "reply cookie-echo":          "IV CL CE CE ES SS SR SA IV",
    "reply cookie-ack":           "IV CL CW ES ES SS SR SA IV",
    "reply shutdown-complete":    "IV CL CW CE ES SS SR CL IV",
    "reply heartbeat":            "IV CL CW CE ES SS SR SA HS",
    "reply heartbeat-ack":        "IV CL CW CE ES SS SR SA ES",
}  # fmt: skip
CODES = {code: number for number, code in enumerate(["NO", "CL", "CW", "CE", "ES", "SS", "SR", "SA", "HS", "IV"])}


@pytest.mark.parametrize("name", EXPECTED)
def test_row_of_the_table_is_the_kernels(name: str) -> None:
    direction, kind = name.split()
    cells = [CODES[code] for code in EXPECTED[name].split()]
    number = ("original", "reply").index(direction)
    assert [next_state(number, KIND_WORDS.index(kind), state) for state in range(9)] == cells
    assert CODES["IV"] == CELL_INVALID


def test_rows_are_named_in_the_order_of_the_table() -> None:
    assert list(ROW_NAMES) == list(EXPECTED)


def test_every_cell_has_a_reason() -> None:
    assert [[len(row) for row in rows] for rows in WHY] == [[len(SctpState)] * len(KIND_WORDS)] * 2
    assert all(reason for rows in WHY for row in rows for reason in row)


@pytest.mark.parametrize("kind", [DATA, OTHER])
def test_chunks_of_other_kinds_keep_the_state(kind: int) -> None:
    assert [next_state(1, kind, state) for state in range(9)] == list(range(9))
