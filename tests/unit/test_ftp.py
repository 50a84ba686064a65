"""When the FTP helper listens, and what it makes of lines that it cannot know."""

from __future__ import annotations

import pytest

from fwsim.engine.expectation import NOT_AT_ALL, PERHAPS, SURELY, begin_reading, expectation_of
from fwsim.engine.ftp import (
    FEW_LEFT,
    NONE_LEFT,
    R_CLASH,
    R_CUT,
    R_NONE,
    R_NOT_SIMULATED,
    R_PARTIAL,
    R_TRANSLATED,
    note_line,
    read_along,
)
from fwsim.engine.ftp_line import BROKEN_OFF, ELSEWHERE, ENDS_LINE, EPRT, EXPECTS, EXTENDED_PASSIVE
from fwsim.engine.ftp_line import PORT as PORT_WORD
from fwsim.engine.straying import be_stray
from fwsim.engine.tcp_window import BE_LIBERAL
from fwsim.tables import EXPECTATION, QUOTE, Row, Rows, empty
from fwsim.terms import ABSENT, UNKNOWN_VALUE, CtStatus
from tests.tracking import words_of
from tests.unit.test_expectation import Table

PUBLIC = "198.51.100.1"
IN_DOUBT = int(CtStatus.HELPER_IN_DOUBT)


class Reading:
    """A control connection whose next line may begin at sequence number 100, in either direction."""

    def __init__(self, *, translated: bool = False, table: Table | None = None, port: int = 4000) -> None:
        self.table = table or Table()
        self.tracker = self.table.tracker
        self.row = self.table.master(port=port)
        self.connection = self.tracker.connections[self.row]
        if translated:  # the client, to PUBLIC
            self.connection["status"] |= int(CtStatus.SNAT)
            self.tracker.tuples[2 * self.row + 1]["dst0"] = words_of(PUBLIC)[0]
        self.quotes = Rows(empty(QUOTE, 1))
        for direction in (0, 1):
            note_line(self.expectation, direction, 100)

    @property
    def expectation(self) -> Row:
        row: Row = expectation_of(self.tracker, self.row)
        return row

    def read(self, quote: int, *, seq: int = 100, direction: int = 0, doubt: int = 0, **line: int) -> int:
        """A segment of 10 bytes; `line` are fields of its QUOTE row."""
        packet = dict.fromkeys(("payload", "seq", "quote", "now"), 0)
        packet.update(payload=10, seq=seq, quote=quote)
        self.quotes[0].update({"usable": EXPECTS, "src_id": 0, "dst_id": 1025, "newline": 1, **line})
        return read_along(self.tracker, self.row, packet, self.quotes, direction, bool(doubt))


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
    assert talk.read(0, doubt=1) == R_NONE
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


# --- translated ------------------------------------------------------------------------------------------------

COMMAS = len("10,0,0,1,4,1")
GROWN = len("198,51,100,1,4,1") - COMMAS
LINE = {"list0": PORT_WORD, "list1": COMMAS}


def numbers(talk: Reading) -> list[int]:
    """The status bit, and by how much the client's numbers change."""
    status = int(talk.connection["status"] & CtStatus.SEQ_ADJUST)
    return [status, *(talk.expectation[name] for name in ("turn0", "before0", "after0"))]


def liberal(talk: Reading) -> list[bool]:
    """Of which side acknowledgements are not held against the window."""
    return [bool(talk.tracker.sides[2 * talk.row + side]["flags"] & BE_LIBERAL) for side in (0, 1)]


def test_a_translated_line_grows_and_its_connection_is_to_follow() -> None:
    talk = Reading(translated=True)
    assert talk.read(0, **LINE) == R_NONE
    assert [talk.expectation[name] for name in ("expects", "port", "follows", "saved")] == [SURELY, 1025, 1, 1025]
    assert numbers(talk) == [CtStatus.SEQ_ADJUST, 100, 0, GROWN]
    assert talk.table.awaited("10.0.1.1", PUBLIC, 1025) == talk.row


def test_a_line_that_is_not_translated_neither_grows_nor_follows() -> None:
    talk = Reading()
    talk.read(0, **LINE)
    assert [talk.expectation[name] for name in ("expects", "follows")] == [SURELY, 0]
    assert numbers(talk) == [0, 0, 0, 0]


def test_a_line_in_doubt_grows_by_nobody_knows_what_if_it_grows() -> None:
    talk = Reading(translated=True)
    assert talk.read(0, doubt=1, **LINE) == R_NONE
    assert (talk.expectation["expects"], talk.expectation["follows"], liberal(talk)) == (PERHAPS, 1, [False, True])
    same = Reading(translated=True)
    assert same.read(0, doubt=1, list0=PORT_WORD, list1=COMMAS + GROWN) == R_NONE
    assert liberal(same) == [False, False]
    assert numbers(same) == numbers(Reading())


def test_a_line_that_was_cut_off_grows_by_nobody_knows_what() -> None:
    talk = Reading(translated=True)
    assert talk.read(UNKNOWN_VALUE) == R_CUT
    assert (talk.expectation["follows"], talk.expectation["saved"]) == (1, UNKNOWN_VALUE)
    assert liberal(talk) == [False, True]


def rivals() -> tuple[Reading, Reading]:
    """Two control connections from the same address to the same server."""
    first = Reading(translated=True)
    return first, Reading(translated=True, table=first.table, port=4001)


@pytest.mark.parametrize("port", [1025, FEW_LEFT - 1])
def test_a_port_that_is_announced_already_is_drawn(port: int) -> None:
    first, second = rivals()
    first.read(0, dst_id=port, **LINE)
    assert second.read(0, dst_id=port, **LINE) == R_NONE
    assert [second.expectation[name] for name in ("expects", "port", "saved")] == [PERHAPS, UNKNOWN_VALUE, port]
    assert second.connection["status"] & CtStatus.STRAY
    assert liberal(second) == [False, True]
    assert numbers(second) == [0, 0, 0, 0]


def test_whether_one_of_few_ports_is_free_is_not_known() -> None:
    first, second = rivals()
    first.read(0, dst_id=FEW_LEFT, **LINE)
    assert second.read(0, dst_id=FEW_LEFT, **LINE) == R_TRANSLATED
    assert second.expectation["expects"] == PERHAPS


def test_there_is_nothing_to_draw_in_place_of_the_last_port() -> None:
    first, second = rivals()
    for port in (NONE_LEFT, 65535):
        first.read(0, dst_id=port, **LINE)
        assert second.read(0, dst_id=port, **LINE) == R_CLASH
        assert second.expectation["expects"] == NOT_AT_ALL
    assert 110 in lines(second.expectation)


@pytest.mark.parametrize(("newline", "noted"), [(1, True), (0, False)])
def test_port_0_is_expected_but_its_line_dropped(newline: int, noted: bool) -> None:
    talk = Reading(translated=True)
    assert talk.read(0, dst_id=0, newline=newline, **LINE) == R_PARTIAL
    assert (talk.expectation["expects"], talk.expectation["port"]) == (SURELY, 0)
    assert (110 in lines(talk.expectation)) is noted
    assert numbers(talk) == [0, 0, 0, 0]


@pytest.mark.parametrize(("kind", "expects"), [(EXTENDED_PASSIVE, SURELY), (EPRT, PERHAPS)])
def test_a_line_that_was_seen_rewritten_has_the_numbers_that_it_has(kind: int, expects: int) -> None:
    talk = Reading(translated=True)
    assert talk.read(0, list0=kind, list1=UNKNOWN_VALUE) == R_NONE
    assert [talk.expectation[name] for name in ("expects", "port", "saved")] == [expects, 1025, 1025]
    assert numbers(talk) == [0, 0, 0, 0]
    assert liberal(talk) == [False, False]


def test_an_address_that_is_not_translated_cannot_have_stood_there_before() -> None:
    talk = Reading(translated=True)
    assert talk.read(0, direction=1, src_id=1, list0=EPRT, list1=UNKNOWN_VALUE) == R_NONE
    assert talk.expectation["expects"] == SURELY


def test_the_port_of_a_rewritten_line_may_have_been_drawn_if_others_expect_any() -> None:
    first, second = rivals()
    first.read(0, dst_id=4000, **LINE)
    assert second.read(0, list0=EXTENDED_PASSIVE, list1=UNKNOWN_VALUE) == R_NONE
    assert [second.expectation[name] for name in ("expects", "port", "saved")] == [PERHAPS, 1025, UNKNOWN_VALUE]


def test_what_may_be_a_packet_of_a_connection_is_read_in_doubt() -> None:
    talk = Reading(translated=True)
    packet = dict.fromkeys(("payload", "seq", "quote", "now", "proto"), 0)
    packet.update(payload=10, seq=100, proto=6)
    talk.quotes[0].update({"usable": EXPECTS, "src_id": 0, "dst_id": 1025, "newline": 1, **LINE})
    be_stray(talk.tracker, talk.row, packet, talk.quotes, 0)
    assert talk.connection["status"] & CtStatus.STRAY
    assert talk.expectation["expects"] == PERHAPS


def test_of_what_may_be_a_connections_any_segment_may_begin_a_line() -> None:
    """Lines of others may have been noted in between."""
    reading = Reading()
    reading.connection["status"] |= int(CtStatus.STRAY | CtStatus.TENTATIVE)
    reading.read(0, seq=5000, doubt=1)
    assert reading.expectation["expects"] == PERHAPS
    sure = Reading()
    sure.read(0, seq=5000)
    assert sure.expectation["expects"] == NOT_AT_ALL
