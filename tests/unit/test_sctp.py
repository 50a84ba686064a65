"""What chunks do to an association: tags, one by one; the packets of whole associations are in the scenarios."""

from __future__ import annotations

import pytest

from fwsim.engine.sctp import R_BAD_CHUNKS, R_BAD_TAG, R_IGNORED, R_NOT_AN_OPENING, VALID, sctp_packet, timeout_of
from fwsim.engine.sctp_header import add_chunk
from fwsim.engine.sctp_table import DATA, KIND_WORDS
from fwsim.tables import CONNECTION, QUOTE, SETTINGS, SIDE, Row, Rows, empty
from fwsim.terms import ABSENT, CtStatus, SctpState

CONFIRMED = int(CtStatus.CONFIRMED)
TIMEOUTS = ("closed", "closed", "cookie_wait", "cookie_echoed", "established", "shutdown_sent", "shutdown_recd",
            "shutdown_ack_sent", "heartbeat_sent")  # fmt: skip


def settings() -> Row:
    row = Rows(empty(SETTINGS, 1))[0]
    for number, name in enumerate(dict.fromkeys(TIMEOUTS), 1):
        row[f"sctp_{name}"] = number
    return row


def said(*kinds: str, vtag: int, init_tag: int = ABSENT) -> Row:
    """A row of QUOTE with these chunks."""
    row = Rows(empty(QUOTE, 1))[0]
    row.update(usable=1, vtag=vtag, init_tag=init_tag)
    last = ABSENT
    for word in kinds:
        kind = DATA if word == "data" else KIND_WORDS.index(word)
        last = add_chunk(row, kind, kind, last)
    return row


class Association:
    """One, confirmed and established, with the tags 5 (of packets of the opener) and 6."""

    def __init__(self, state: SctpState = SctpState.ESTABLISHED, tags: tuple[int, int] = (5, 6)) -> None:
        self.connection = Rows(empty(CONNECTION, 1))[0]
        self.sides = Rows(empty(SIDE, 2))
        self.connection.update(status=CONFIRMED, state=int(state))
        for side, tag in enumerate(tags):
            self.sides[side]["end"] = tag

    @property
    def tags(self) -> tuple[int, int]:
        return self.sides[0]["end"], self.sides[1]["end"]

    def see(self, direction: int, chunks: Row) -> int:
        return sctp_packet(self.connection, self.sides, 0, chunks, direction, 1000, settings())


@pytest.mark.parametrize("state", SctpState)
def test_each_state_has_its_timeout(state: SctpState) -> None:
    row = settings()
    assert timeout_of(int(state), row) == row[f"sctp_{TIMEOUTS[state]}"]


def test_an_init_names_the_tag_of_the_packets_to_its_sender() -> None:
    talk = Association(SctpState.NONE, (0, 0))
    talk.connection["status"] = 0
    assert talk.see(0, said("init", vtag=0, init_tag=9)) == VALID
    assert (talk.tags, talk.sides[0]["flags"], talk.connection["expires"]) == ((0, 9), 1, 1001)


@pytest.mark.parametrize("init_tag", [ABSENT, -2])
def test_an_init_without_its_tag_is_not_believed(init_tag: int) -> None:
    talk = Association()
    assert talk.see(1, said("init", vtag=0, init_tag=init_tag)) == R_BAD_CHUNKS
    talk.connection["status"] = 0
    assert talk.see(0, said("init", vtag=0, init_tag=init_tag)) == R_NOT_AN_OPENING


def test_of_two_inits_the_later_one_counts() -> None:
    """An INIT-ACK must name the known tag, unless only the other side's INIT is not answered."""
    talk = Association(SctpState.CLOSED, (0, 0))
    for direction in (0, 1, 0):
        assert talk.see(direction, said("init", vtag=0, init_tag=20 + direction)) in (VALID, R_IGNORED)
    assert (talk.sides[0]["flags"], talk.sides[1]["flags"]) == (1, 1)
    assert talk.see(0, said("init", vtag=0, init_tag=30)) == R_IGNORED
    assert (talk.sides[0]["flags"], talk.sides[1]["flags"]) == (1, 0)
    assert talk.see(0, said("init-ack", vtag=talk.tags[0], init_tag=31)) == R_BAD_TAG
    assert talk.see(1, said("init-ack", vtag=talk.tags[1], init_tag=32)) == VALID
    assert talk.tags == (32, 30)


def test_a_cookie_ack_ends_the_collision() -> None:
    talk = Association(SctpState.COOKIE_ECHOED)
    talk.sides[0]["flags"] = talk.sides[1]["flags"] = 1
    assert talk.see(1, said("cookie-ack", vtag=6)) == VALID
    assert (talk.sides[0]["flags"], talk.sides[1]["flags"]) == (0, 0)


def test_a_second_heartbeat_with_a_wrong_tag_in_one_packet_is_invalid() -> None:
    talk = Association()
    assert talk.see(0, said("heartbeat", vtag=9)) == R_IGNORED
    assert talk.see(0, said("heartbeat", "heartbeat", vtag=9)) == R_BAD_TAG
    assert talk.see(0, said("heartbeat", vtag=5)) == VALID
    assert talk.see(1, said("heartbeat-ack", vtag=9)) == R_BAD_TAG


@pytest.mark.parametrize("direction", [0, 1])
def test_only_the_other_side_may_answer_a_wrong_tag_with_a_new_one(direction: int) -> None:
    talk = Association()
    talk.see(0, said("heartbeat", vtag=9))
    answer = talk.see(direction, said("heartbeat-ack", vtag=8))
    assert answer == (VALID if direction else R_BAD_TAG)
    assert talk.tags == ((0, 8) if direction else (5, 6))


def test_an_ignored_packet_leaves_the_timer_alone() -> None:
    talk = Association()
    talk.see(0, said("heartbeat", vtag=9))
    assert talk.connection["expires"] == 0
