from __future__ import annotations

from fwsim.cli.reporting import about_run
from fwsim.page.overview import connections_over_time, words
from fwsim.terms import Evidence, word
from tests.paging import reported, told


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


def test_why_each_mode_blocks_what_the_other_admits_adds_up() -> None:
    overview = told("office.pcapng", count=0)["overview"]
    (stateful, blocked, why), (stateless, admitted, _) = overview["why"]
    assert (stateful, stateless) == ("stateful", "stateless")
    assert f"{blocked} packets blocked that stateless admits, {admitted} the reverse" in overview["answer"]
    assert sum(part for _, part in why) == blocked


def test_notes_and_the_end_of_a_run_that_was_broken_off_are_told() -> None:
    overview = told("office.pcapng", count=0)["overview"]
    assert any(note.startswith("12 packets cut short") for note in overview["notes"])
    assert overview["interrupted"] == ""
    done = reported("handshake.pcapng", count=0)
    done.interrupted = " after 3 packets"
    assert done.gathered.whole(done.tally, about_run(done))["overview"]["interrupted"] == "interrupted after 3 packets"


def test_connections_over_time_end_with_those_that_are_left() -> None:
    table = told("handshake.pcapng", count=0)["table"]
    assert table["points"][-1][1:3] == [1, 1]
    assert [point[0] for point in table["points"]] == sorted(point[0] for point in table["points"])


def test_without_a_meter_there_are_no_points() -> None:
    assert connections_over_time(None)["points"] == []


def test_words_stand_at_the_place_of_their_bit() -> None:
    assert all(words()[bit.bit_length() - 1] == word(bit) for bit in Evidence if bit)
