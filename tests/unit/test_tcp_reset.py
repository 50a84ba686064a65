"""RST: exact, inexact, below, behind own data, while closing, and in answer to what was let through."""

from __future__ import annotations

import pytest

from tests.unit.tcp_conversation import CLIENT_ISN, Conversation, established

# In `established()` each side expects the other's next packet at 1; the windows are 1000.


def test_reset_at_the_expected_number_closes() -> None:
    established().client("R", 1).expect("established", "close", 10)


@pytest.mark.parametrize("seq", [2, 500, 1001])
def test_reset_elsewhere_in_the_window_leaves_the_connection_open_for_ten_seconds(seq: int) -> None:
    talk = established().client("R", seq).expect("established", "established", 10, "TCP_RST_INEXACT")
    # The challenge ACK prolongs it again; the RST counts as data sent up to there, and not acknowledged.
    talk.server(".", 1, 1).expect("established", "established", 300)


@pytest.mark.parametrize("seq", [1002, 2000])
def test_reset_that_overshoots_the_window_is_tolerated_without_effect(seq: int) -> None:
    established().after(5).client("R", seq).expect("established", "established", 431995, "TCP_OVERSHOOT")


@pytest.mark.parametrize("seq", [2001, 1_000_000])
def test_reset_far_beyond_the_window_is_invalid(seq: int) -> None:
    established().after(5).client("R", seq).expect("invalid", "established", 431995, "TCP_SEQ_OVER")


@pytest.mark.parametrize("seq", [0, -1, -900])
def test_reset_below_the_expected_number_is_invalid(seq: int) -> None:
    established().after(5).client("R", seq).expect("invalid", "established", 431995, "TCP_RST_SEQ_LOW")


def test_reset_below_is_invalid_although_be_liberal() -> None:
    established(be_liberal=1).client("R", 0).expect("invalid", "established", 432000, "TCP_RST_SEQ_LOW")


def test_reset_below_is_only_inexact_with_ignore_invalid_rst() -> None:
    established(ignore_invalid_rst=1).client("R", 0).expect("established", "established", 10, "TCP_RST_INEXACT")


def test_reset_right_behind_own_unacknowledged_data_closes() -> None:
    talk = established().client("P.", 1, 1, payload=100)
    talk.client("R", 101).expect("established", "close", 10)


def test_reset_behind_own_data_is_inexact_once_the_other_side_has_spoken() -> None:
    talk = established().client("P.", 1, 1, payload=100).server(".", 1, 1)
    talk.client("R", 101).expect("established", "established", 10, "TCP_RST_INEXACT")


def test_reset_elsewhere_closes_a_connection_that_is_not_assured() -> None:
    talk = Conversation().client("S").server("S.", 0, 1)
    talk.client("R", 500).expect("established", "close", 10)


def test_reset_far_beyond_the_window_is_invalid_though_it_acknowledges_the_last_data() -> None:
    # What could be measured is held against the window, also if the packet before was an ACK.
    talk = Conversation().client("S").server("S.", 0, 1).server("P.", 1, 1, payload=10)
    talk.client("R.", 900_000, 11).expect("invalid", "syn_recv", 60, "TCP_SEQ_OVER")


def test_reset_behind_data_of_the_other_side_with_the_same_numbers_is_inexact() -> None:
    talk = Conversation()
    talk.isn["server"] = talk.isn["client"]  # so that both sides count alike
    talk.client("S").server("S.", 0, 1).client(".", 1, 1)
    talk.server("P.", 1, 1, payload=99)
    talk.client("R", 100).expect("established", "established", 10, "TCP_RST_INEXACT")


def test_reset_below_is_invalid_before_the_connection_is_assured_too() -> None:
    talk = Conversation().client("S").server("S.", 0, 1)
    talk.client("R", 0).expect("invalid", "syn_recv", 60, "TCP_RST_SEQ_LOW")


def test_reset_with_number_zero_is_not_measured_before_the_connection_is_assured() -> None:
    # Its sender answers something without a number of its own: only the window counts.
    talk = Conversation()
    talk.isn["client"] = 500  # so that 0 lies before the number expected, and within the window
    talk.client("S").server("S.", 0, 1)
    talk.client("R", raw_seq=0).expect("established", "close", 10)


def test_reset_with_number_zero_is_measured_once_assured() -> None:
    talk = Conversation()
    talk.isn["client"] = 500
    talk.client("S").server("S.", 0, 1).client(".", 1, 1)
    talk.client("R", raw_seq=0).expect("invalid", "established", reason="TCP_RST_SEQ_LOW")


@pytest.mark.parametrize("state", ["fin_wait", "close_wait", "last_ack", "time_wait"])
def test_any_reset_closes_a_closing_connection(state: str) -> None:
    talk = established()
    steps = [(talk.client, "F.", 1, 1), (talk.server, ".", 1, 2), (talk.server, "F.", 1, 2), (talk.client, ".", 2, 2)]
    for send, flags, seq, ack in steps:
        send(flags, seq, ack)
        if talk.state.name.lower() == state:
            break
    talk.server("R", 3_000_000).expect("established", "close", 10)
    talk.after(5).client("R", 2_000_000).expect("established", "close", 10)


def test_reset_of_the_server_before_it_has_said_anything_is_held_against_its_own_packet() -> None:
    talk = Conversation().client("S").server(".", 9, 70_000).expect("established", "syn_sent", reason="TCP_IGNORED")
    talk.server("R.", 5, 1).expect("established", "close", 10)


def test_reset_of_the_openers_ignored_ack_closes() -> None:
    # The opener sees its SYN answered by an ACK of an old connection, and resets that with the number acknowledged.
    talk = Conversation().client("S").server(".", 9, 70_000)
    talk.client("R", 70_000).expect("established", "close", 10)


def test_reset_that_acknowledges_an_ignored_ack_closes_wherever_it_lies() -> None:
    talk = Conversation().client("S").server("P.", 9, 70_000, payload=11)
    talk.client("R.", 900_000, 20).expect("established", "close", 10)


def test_reset_that_acknowledges_something_else_is_held_against_the_window() -> None:
    talk = Conversation().client("S").server("P.", 9, 70_000, payload=11)
    talk.client("R.", 900_000, 21).expect("invalid", "syn_sent", 120, "TCP_SEQ_OVER")


def test_reset_that_answers_an_ignored_syn_must_come_from_the_other_side() -> None:
    talk = established().client("S", 700).expect("established", "established", reason="TCP_IGNORED")
    talk.client("R.", 3000, raw_ack=CLIENT_ISN + 701).expect("invalid", "established", reason="TCP_SEQ_OVER")
    talk = established().client("S", 700)
    talk.server("R.", 3000, 701).expect("established", "close", 10)


def test_inexact_reset_of_the_other_side_shortens_the_timer_as_well() -> None:
    established().server("R.", 900, 1).expect("established", "established", 10, "TCP_RST_INEXACT")


def test_inexact_reset_is_followed_by_an_exact_one() -> None:
    talk = established().client("R", 2).expect("established", "established", 10, "TCP_RST_INEXACT")
    talk.client("R", 1).expect("established", "close", 10)
