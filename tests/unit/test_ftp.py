"""When the FTP helper listens, and what it makes of lines that it cannot know."""

from __future__ import annotations

import pytest

from fwsim.engine.expectation import NOT_AT_ALL, PERHAPS, SURELY, begin_reading, expectation_of
from fwsim.engine.ftp import R_CUT, R_NONE, R_NOT_SIMULATED, R_PARTIAL, note_line, read_along
from fwsim.engine.ftp_line import BROKEN_OFF, ELSEWHERE, ENDS_LINE, EXPECTS
from fwsim.tables import EXPECTATION, QUOTE, Row, Rows, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtStatus
from tests.unit.test_expectation import Table

IN_DOUBT = int(CtStatus.HELPER_IN_DOUBT)


class Reading:
    """A control connection whose next line may begin at sequence number 100, in either direction."""

    def __init__(self) -> None:
        self.table = Table()
        self.tracker = self.table.tracker
        self.row = self.table.master()
        self.quotes = Rows(empty(QUOTE, 1))
        for direction in (0, 1):
            note_line(self.expectation, direction, 100)

    @property
    def expectation(self) -> Row:
        row: Row = expectation_of(self.tracker, self.row)
        return row

    def read(self, quote: int, *, seq: int = 100, direction: int = 0, doubt: bool = False, **line: int) -> int:
        """A segment of 10 bytes; `line` are fields of its QUOTE row."""
        packet = dict.fromkeys(("payload", "seq", "quote", "now"), 0)
        packet.update(payload=10, seq=seq, quote=quote)
        self.quotes[0].update({"usable": EXPECTS, "src_id": 0, "dst_id": 1025, "newline": 1, **line})
        return read_along(self.tracker, self.row, packet, self.quotes, direction, doubt)


def lines(row: Row) -> list[int]:
    return [row[name] for name in ("line00", "line01", "line10", "line11")]


def test_a_row_begins_with_nothing_seen() -> None:
    row = Rows(empty(EXPECTATION, 1))[0]
    begin_reading(row)
    assert lines(row) == [ABSENT] * 4


@pytest.mark.parametrize(
    ("seen", "remembered"),
    [
        ([5], [5, ABSENT]),
        ([5, 5], [5, ABSENT]),
        ([5, 9], [5, 9]),
        ([5, 9, 5], [5, 9]),
        ([5, 9, 12], [12, 9]),
        ([9, 5, 12], [9, 12]),
        ([9, 5, 3], [9, 5]),
        ([5, 9, 4], [5, 9]),
        ([0xFFFFFFF0, 0xFFFFFFFA, 4], [4, 0xFFFFFFFA]),
    ],
)
@pytest.mark.parametrize("direction", [0, 1])
def test_the_last_two_lines_of_a_direction_are_remembered(
    direction: int, seen: list[int], remembered: list[int]
) -> None:
    row = Rows(empty(EXPECTATION, 1))[0]
    begin_reading(row)
    for seq in seen:
        note_line(row, direction, seq)
    assert lines(row)[2 * direction : 2 * direction + 2] == remembered
    assert lines(row)[2 - 2 * direction : 4 - 2 * direction] == [ABSENT] * 2


@pytest.mark.parametrize(("seq", "heard"), [(100, SURELY), (99, NOT_AT_ALL), (101, NOT_AT_ALL)])
def test_only_what_begins_a_line_is_listened_to(seq: int, heard: int) -> None:
    talk = Reading()
    assert talk.read(0, seq=seq) == R_NONE
    assert talk.expectation["expects"] == heard
    assert seq + 10 in lines(talk.expectation)


def test_a_command_of_the_other_side_is_only_a_line() -> None:
    talk = Reading()
    assert talk.read(0, direction=1, usable=BROKEN_OFF) == R_NONE
    assert talk.expectation["expects"] == NOT_AT_ALL


@pytest.mark.parametrize(
    ("quote", "newline", "noted"), [(0, 1, True), (0, 0, False), (ENDS_LINE, 0, True), (ABSENT, 0, False)]
)
def test_a_line_ends_with_a_newline(quote: int, newline: int, noted: bool) -> None:
    talk = Reading()
    talk.read(quote, usable=ELSEWHERE, newline=newline)
    assert (110 in lines(talk.expectation)) is noted
    assert talk.expectation["expects"] == NOT_AT_ALL


def test_a_line_that_is_dropped_is_not_noted() -> None:
    talk = Reading()
    assert talk.read(0, usable=BROKEN_OFF) == R_PARTIAL
    assert 110 not in lines(talk.expectation)


def test_in_doubt_a_connection_is_perhaps_expected() -> None:
    talk = Reading()
    assert talk.read(0, doubt=True) == R_NONE
    assert (talk.expectation["expects"], talk.expectation["port"]) == (PERHAPS, 1025)


def test_a_line_that_was_cut_off_may_announce_any_port_and_leaves_the_rest_in_doubt() -> None:
    talk = Reading()
    assert talk.read(UNKNOWN_VALUE, seq=200) == R_NONE
    assert talk.tracker.connections[talk.row]["status"] & IN_DOUBT
    assert talk.read(UNKNOWN_VALUE) == R_CUT
    assert (talk.expectation["expects"], talk.expectation["port"]) == (PERHAPS, UNKNOWN_VALUE)
    assert {210, 110} <= set(lines(talk.expectation))


def test_an_address_that_is_not_read_may_announce_any_port() -> None:
    talk = Reading()
    assert talk.read(0, usable=UNKNOWN_VALUE) == R_NOT_SIMULATED
    assert (talk.expectation["expects"], talk.expectation["port"]) == (PERHAPS, UNKNOWN_VALUE)


def test_a_segment_without_data_is_no_line() -> None:
    talk = Reading()
    packet = dict.fromkeys(("payload", "seq", "quote", "now"), 0)
    packet.update(payload=0, seq=100, quote=UNKNOWN_VALUE)
    assert read_along(talk.tracker, talk.row, packet, talk.quotes, 0, False) == R_NONE
    assert talk.expectation["expects"] == NOT_AT_ALL
