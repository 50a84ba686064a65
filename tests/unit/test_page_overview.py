from __future__ import annotations

from fwsim.page.overview import connections_over_time, words
from fwsim.terms import Evidence, word
from tests.paging import told


def test_the_answer_is_that_of_compare() -> None:
    overview = told("blind-reset.pcapng", count=0)["overview"]
    assert overview["answer"].startswith("Keeping state changed ")
    assert overview["packets"] == sum(capture["packets"] for capture in overview["captures"])
    assert overview["captures"][0]["path"] == "blind-reset.pcapng"
    assert overview["ruleset"]["path"] == "office.yaml"


def test_the_matrix_adds_up() -> None:
    *rows, total = told("office.pcapng", count=0)["overview"]["evidence"]
    groups = [row for row in rows if not row["word"]]
    assert sum(row["packets"] for row in groups) == total["packets"]
    for mode in (0, 1):
        assert sum(max(row["admitted"][mode], 0) for row in groups) == total["admitted"][mode]
    assert all(row["means"] for row in rows if row["word"])


def test_connections_over_time_end_with_those_that_are_left() -> None:
    table = told("handshake.pcapng", count=0)["table"]
    assert table["points"][-1][1:3] == [1, 1]
    assert [point[0] for point in table["points"]] == sorted(point[0] for point in table["points"])


def test_without_a_meter_there_are_no_points() -> None:
    assert connections_over_time(None)["points"] == []


def test_words_stand_at_the_place_of_their_bit() -> None:
    assert all(words()[bit.bit_length() - 1] == word(bit) for bit in Evidence if bit)
