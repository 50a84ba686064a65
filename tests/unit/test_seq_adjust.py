"""Numbers on both sides of rewritten text."""

from __future__ import annotations

import pytest

from fwsim.engine.expectation import expectation_of
from fwsim.engine.seq_adjust import ack_offset, lose_growth, note_growth, turn_numbers_back
from fwsim.engine.tcp_window import BE_LIBERAL
from fwsim.tables import PACKET, Row, Rows, empty
from fwsim.terms import CtStatus
from tests.unit.test_expectation import Table

WRAP = 1 << 32


class Rewritten:
    """A control connection in which text has been rewritten."""

    def __init__(self) -> None:
        table = Table()
        self.tracker = table.tracker
        self.row = table.master()

    def grow(self, seq: int, growth: int, direction: int = 0) -> None:
        note_growth(self.tracker, self.row, direction, seq, growth)

    def offset(self, ack: int, direction: int = 1) -> int:
        return ack_offset(self.tracker, self.row, direction, ack)

    @property
    def kept(self) -> Row:
        row: Row = expectation_of(self.tracker, self.row)
        return row

    def sent_on(self, direction: int, seq: int, ack: int) -> tuple[int, int]:
        """The numbers of a packet behind the firewall (`nf_ct_seq_adjust`)."""
        own, other = str(direction), str(1 - direction)
        kept = self.kept
        ahead = (seq - kept["turn" + own]) % WRAP
        sent = seq + (kept["after" + own] if 0 < ahead < WRAP // 2 else kept["before" + own])
        ahead = (ack - kept["before" + other] - kept["turn" + other]) % WRAP
        heard = ack - (kept["after" + other] if 0 < ahead < WRAP // 2 else kept["before" + other])
        return sent % WRAP, heard % WRAP


@pytest.fixture
def talk() -> Rewritten:
    return Rewritten()


@pytest.mark.parametrize("direction", [0, 1])
@pytest.mark.parametrize("at", [1000, WRAP - 1])
def test_what_is_acknowledged_behind_the_text_counts_its_growth(talk: Rewritten, direction: int, at: int) -> None:
    talk.grow(at, 3, direction)
    answers = 1 - direction
    assert [talk.offset((at + by) % WRAP, answers) for by in (-5, 0, 1, 2, 30)] == [0, 0, 0, 3, 3]
    assert talk.offset((at + 30) % WRAP, direction) == 0


def test_the_growth_of_several_texts_adds_up_and_the_last_turn_is_remembered(talk: Rewritten) -> None:
    talk.grow(1000, 3)
    talk.grow(2000, -5)
    assert [talk.offset(ack) for ack in (1500, 2001, 2002)] == [3, 3, -2]


def test_text_that_is_sent_again_or_is_older_changes_nothing(talk: Rewritten) -> None:
    for seq in (1000, 2000):
        talk.grow(seq, 3)
    known = dict(talk.kept)
    for seq in (2000, 1000):
        talk.grow(seq, 3)
    assert talk.kept == known


def test_a_growth_that_made_up_for_another_is_a_beginning_anew(talk: Rewritten) -> None:
    """As long as both offsets are equal, any text counts (`nf_ct_seqadj_set`)."""
    talk.grow(2000, 3)
    talk.kept["before0"] = 3
    talk.grow(1000, 2)
    assert (talk.kept["turn0"], talk.kept["before0"], talk.kept["after0"]) == (1000, 3, 5)


def test_the_status_tells_of_text_whose_length_has_changed(talk: Rewritten) -> None:
    status = talk.tracker.connections[talk.row]
    talk.grow(1000, 0)
    assert not status["status"] & CtStatus.SEQ_ADJUST
    talk.grow(1000, 1)
    assert status["status"] & CtStatus.SEQ_ADJUST


@pytest.mark.parametrize("direction", [0, 1])
def test_a_packet_that_left_gets_the_numbers_back_with_which_it_came(talk: Rewritten, direction: int) -> None:
    for seq, growth in ((1000, 3), (2000, 4)):
        talk.grow(seq, growth)
        talk.grow(seq + 5000, -growth, 1)
    packet = Rows(empty(PACKET, 1))[0]
    for seq in (1999, 2000, 2010, 7000, 7020):
        for ack in (2003, 2010, 6990, 7020):
            packet["seq"], packet["ack"] = talk.sent_on(direction, seq, ack)
            packet["sack_right"] = packet["ack"]
            turn_numbers_back(talk.tracker, talk.row, direction, packet)
            assert (packet["seq"], packet["ack"], packet["sack_right"]) == (seq, ack, ack)


def test_what_has_grown_by_nobody_knows_what_is_not_held_against_the_window(talk: Rewritten) -> None:
    lose_growth(talk.tracker, talk.row, 0)
    flags = [talk.tracker.sides[2 * talk.row + side]["flags"] & BE_LIBERAL for side in (0, 1)]
    assert flags == [0, BE_LIBERAL]
