"""TCP timers: which timeout is chosen, when it counts, and what leaves the timer alone."""

from __future__ import annotations

import pytest

from fwsim.engine.tcp_timers import state_timeout
from fwsim.terms import TcpState
from tests.unit.tcp_conversation import SECOND, TIMEOUTS, Conversation, established


def test_each_state_has_the_timeout_of_its_sysctl() -> None:
    talk = Conversation(**{name: 1000 + i for i, name in enumerate(TIMEOUTS)})
    for i, name in enumerate(
        ("syn_sent", "syn_recv", "established", "fin_wait", "close_wait", "last_ack", "time_wait")
    ):
        assert state_timeout(TcpState[name.upper()].value, talk.settings) == (1000 + i) * SECOND
    assert state_timeout(TcpState.CLOSE.value, talk.settings) == 1007 * SECOND


def test_simultaneous_open_has_no_sysctl() -> None:
    talk = Conversation(syn_sent=77)
    assert talk.client("S").left == 77
    talk.server("S").expect("established", "syn_sent2", 77)  # a SYN, and no reply before: not renewed
    talk.server("S").expect("established", "syn_sent2", 120)


def test_unacknowledged_data_shortens_established_to_five_minutes_until_the_exact_ack() -> None:
    talk = established().client("P.", 1, 1, payload=100).expect("established", "established", 300)
    talk.server(".", 1, 100).expect("established", "established", 300)
    talk.server(".", 1, 101).expect("established", "established", 432000)


def test_data_that_is_only_sacked_to_its_end_stays_unacknowledged() -> None:
    talk = Conversation().client("S", sack_permitted=True).server("S.", 0, 1, sack_permitted=True).client(".", 1, 1)
    talk.server("P.", 1, 1, payload=100).server("P.", 101, 1, payload=100)
    talk.client(".", 1, 1, sack=201).expect("established", "established", 300)
    talk.client(".", 1, 201).expect("established", "established", 432000)


def test_unacknowledged_data_does_not_prolong_a_shorter_timeout() -> None:
    established().client("P.", 1, 1, payload=100).client("F.", 101, 1).expect("established", "fin_wait", 120)


def test_fourth_identical_ack_means_retransmission() -> None:
    talk = established()
    for left in (432000, 432000, 432000, 300):
        talk.server(".", 1, 1).expect("established", "established", left)
    talk.server(".", 1, 1, win=999).expect("established", "established", 432000)


def test_identical_acks_of_both_sides_in_turn_are_no_retransmission() -> None:
    talk = established()
    for _ in range(4):
        talk.server(".", 1, 1).client(".", 1, 1).expect("established", "established", 432000)


def test_max_retrans_sets_how_many() -> None:
    talk = established(max_retrans=1)
    talk.server(".", 1, 1).expect("established", "established", 432000)
    talk.server(".", 1, 1).expect("established", "established", 300)


def test_count_of_repetitions_has_eight_bits() -> None:
    talk = established()
    for _ in range(256):
        talk.server(".", 1, 1)
    assert talk.expect("established", "established", 300).connection["retrans"] == 255
    talk.server(".", 1, 1).expect("established", "established", 432000)


def test_closed_window_shortens_to_five_minutes_until_another_ack() -> None:
    talk = established().server(".", 1, 1, win=0).expect("established", "established", 300)
    talk.client(".", 1, 1).expect("established", "established", 432000)


def test_retransmission_comes_before_unacknowledged_data() -> None:
    talk = established(max_retrans_timeout=500, unacknowledged=200)
    for left in (200, 200, 200, 500):
        talk.client("P.", 1, 1, payload=100).expect("established", "established", left)


def test_unacknowledged_data_comes_before_a_closed_window() -> None:
    talk = established(max_retrans_timeout=500, unacknowledged=200)
    talk.client("P.", 1, 1, payload=100, win=0).expect("established", "established", 200)
    talk.server(".", 1, 101, win=0).expect("established", "established", 500)


def test_repetition_comes_before_a_reset_that_closes() -> None:
    talk = established(max_retrans=0, max_retrans_timeout=5)
    talk.client("R", 1).expect("established", "close", 5)


def test_unreplied_pick_up_lives_as_long_as_unacknowledged_data() -> None:
    talk = Conversation(unacknowledged=200).client(".", 1, 1)
    talk.expect("new", "established", 200, "TCP_PICKED_UP")
    talk.after(9).client(".", 1, 1).expect("new", "established", 200, "TCP_LIBERAL")


def test_unreplied_pick_up_is_not_prolonged_to_unacknowledged() -> None:
    Conversation(established=50).client(".", 1, 1).expect("new", "established", 50, "TCP_PICKED_UP")


def test_packets_that_are_ignored_or_invalid_leave_the_timer_alone() -> None:
    talk = established().after(5)
    talk.server("S.", 0, 1).expect("established", "established", 431995, "TCP_IGNORED")
    talk.client(".", 1, -70_000).expect("established", "established", 431995, "TCP_OLD_ACK")
    talk.client(".", 1, 5).expect("invalid", "established", 431995, "TCP_ACK_OVER")


# --- both sides end it out of the window -----------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [("F.", "F."), ("R.", "F."), ("F.", "R."), ("R.", "R.")])
def test_ends_of_both_sides_out_of_the_window_shorten_an_assured_connection(first: str, second: str) -> None:
    talk = established().after(5)
    talk.client(first, 90_000, 1).expect("invalid", "established", 431995, "TCP_SEQ_OVER")
    talk.server(second, 90_000, 1).expect("invalid", "established", 300, "TCP_SEQ_OVER")


def test_ends_of_one_side_out_of_the_window_do_not() -> None:
    talk = established()
    talk.client("F.", 90_000, 1).client("F.", 90_000, 1).expect("invalid", "established", 432000, "TCP_SEQ_OVER")


def test_data_of_both_sides_out_of_the_window_does_not() -> None:
    talk = established()
    talk.client(".", 90_000, 1).server(".", 90_000, 1).expect("invalid", "established", 432000, "TCP_SEQ_OVER")


def test_ends_of_both_sides_out_of_the_window_do_not_shorten_an_unassured_connection() -> None:
    talk = Conversation(syn_recv=250, unacknowledged=150).client("S").server("S.", 0, 1)
    talk.client("F.", 90_000, 1).server("F.", 90_000, 1).expect("invalid", "syn_recv", 250, "TCP_SEQ_OVER")


@pytest.mark.parametrize(("left", "then"), [(119, 119), (120, 50)])
def test_connection_with_less_than_two_minutes_left_is_not_shortened(left: int, then: int) -> None:
    talk = established(unacknowledged=50).after(432000 - left)
    talk.client("F.", 90_000, 1).server("F.", 90_000, 1).expect("invalid", "established", then, "TCP_SEQ_OVER")


def test_reset_below_the_expected_number_is_not_counted_as_such_an_end() -> None:
    talk = established()
    talk.client("R", 0).expect("invalid", "established", 432000, "TCP_RST_SEQ_LOW")
    talk.server("F.", 90_000, 1).expect("invalid", "established", 432000, "TCP_SEQ_OVER")
