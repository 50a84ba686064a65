"""The TCP tracker, packet by packet: openings, answers, closing, and the special cases of each state."""

from __future__ import annotations

import pytest

from fwsim.engine import tcp
from fwsim.engine.tcp_window import BE_LIBERAL, CLOSE_INIT, SACK_PERMITTED, WINDOW_SCALE
from tests.unit.tcp_conversation import SECOND, WRAP, Conversation, established

# --- openings --------------------------------------------------------------------------------------------------


def test_syn_opens_in_syn_sent_for_two_minutes() -> None:
    talk = Conversation().client("S", win=500).expect("new", "syn_sent", 120)
    side = talk.side("client")
    assert (side["end"], side["maxend"], side["maxwin"]) == (1, 1, 500)
    assert talk.result["state_before"] == 0


def test_syn_with_window_zero_counts_as_a_window_of_one() -> None:
    assert Conversation().client("S", win=0).side("client")["maxwin"] == 1


def test_data_in_the_syn_counts() -> None:
    talk = Conversation().client("S", payload=100)
    talk.server("S.", 0, 101).expect("established", "syn_recv", 60)
    talk.client(".", 101, 1).expect("established", "established", 432000)


def test_handshake_is_assured_at_the_third_packet() -> None:
    talk = Conversation().client("S")
    assert not talk.server("S.", 0, 1).expect("established", "syn_recv", 60).assured
    assert talk.client(".", 1, 1).expect("established", "established", 432000).assured


def test_ack_without_connection_is_picked_up_and_liberal() -> None:
    talk = Conversation().client("P.", 500, 900, payload=10, win=2000)
    talk.expect("new", "established", 300, "TCP_PICKED_UP")
    side = talk.side("client")
    assert (side["end"], side["maxend"], side["maxwin"]) == (510, 2510, 2000)
    assert side["flags"] & (BE_LIBERAL | SACK_PERMITTED) == BE_LIBERAL | SACK_PERMITTED
    assert talk.side("server")["flags"] == BE_LIBERAL | SACK_PERMITTED


def test_pick_up_is_assured_at_the_packet_after_the_first_reply() -> None:
    talk = Conversation().client(".", 1, 1).expect("new", "established", 300, "TCP_PICKED_UP")
    assert not talk.server(".", 1, 1).expect("established", "established").assured
    assert talk.client(".", 1, 1).assured
    assert talk.expect("established", "established").left == 432000


@pytest.mark.parametrize("payload", [0, 100])
def test_ack_without_connection_is_invalid_without_tcp_loose(payload: int) -> None:
    Conversation(loose=0).client(".", 1, 1, payload=payload).expect("invalid", reason="TCP_NO_PICKUP").gone()


@pytest.mark.parametrize("flags", ["S.", "F.", "R", "R."])
def test_what_opens_nothing_is_invalid_without_connection(flags: str) -> None:
    Conversation().client(flags, 1, 1).expect("invalid", reason="TCP_NOT_AN_OPENING").gone()


def test_second_connection_on_the_same_row_remembers_nothing_of_the_first() -> None:
    talk = established()
    talk.client("F.", 1, 1).server("F.", 1, 2).client(".", 2, 2).expect("established", "time_wait", 120)
    talk.client("S", 9000, wscale=3).expect("new", "syn_sent", 120, "TCP_REOPENED")
    fresh = Conversation()
    fresh.client("S", 9000, wscale=3)
    for field in ("state", "last_index", "last_direction", "last_seq", "last_ack", "last_end", "last_win", "retrans"):
        assert talk.connection[field] == fresh.connection[field], field
    assert [talk.side(name) for name in ("client", "server")] == [fresh.side(name) for name in ("client", "server")]


# --- answers ---------------------------------------------------------------------------------------------------


def test_syn_sent_again_does_not_prolong_the_opening() -> None:
    talk = Conversation().client("S").after(3)
    talk.client("S").expect("new", "syn_sent", 117)


def test_reset_by_the_server_deletes_an_unanswered_opening() -> None:
    talk = Conversation().client("S")
    talk.server("R.", 0, 1, raw_seq=0).expect("established", "close", reason="TCP_RESET_UNREPLIED").gone()
    assert talk.outcome == tcp.DELETE
    talk.client("S").expect("new", "syn_sent", 120)


def test_reset_by_the_client_deletes_an_unanswered_opening() -> None:
    Conversation().client("S").client("R", 1).expect("new", reason="TCP_RESET_UNREPLIED").gone()


def test_refusal_with_a_lower_ack_still_deletes() -> None:
    talk = Conversation().client("S")
    talk.server("R.", 0, -65000, raw_seq=0).expect("established", reason="TCP_RESET_UNREPLIED").gone()


def test_refusal_with_a_higher_ack_is_invalid_and_the_opening_survives() -> None:
    talk = Conversation().client("S")
    talk.server("R.", 0, 5000, raw_seq=0).expect("invalid", "syn_sent", 120, "TCP_ACK_OVER")
    assert talk.alive


def test_refusal_beyond_66000_back_is_ignored_and_the_opening_survives() -> None:
    talk = Conversation().client("S")
    talk.server("R.", 0, 1 - 66001, raw_seq=0).expect("established", "syn_sent", 120, "TCP_OLD_ACK")
    assert talk.alive


def test_synack_sent_again_is_ignored_and_does_not_prolong() -> None:
    talk = Conversation().client("S").server("S.", 0, 1).after(10)
    talk.server("S.", 0, 1).expect("established", "syn_recv", 50, "TCP_IGNORED")


def test_synack_with_a_wrong_ack_is_invalid_but_has_shown_the_server() -> None:
    talk = Conversation().client("S")
    talk.server("S.", 0, 2, win=777).expect("invalid", "syn_sent", 120, "TCP_ACK_OVER")
    assert talk.side("server")["maxwin"] == 777
    # Only a SYN-ACK ahead of it starts the server anew; one far behind is old data, and the handshake never completes.
    talk.server("S.", -1500, 1).expect("established", "syn_sent", 120, "TCP_OLD_DATA")
    talk.server("S.", 100, 1).expect("established", "syn_recv", 60)


def test_ack_to_a_syn_is_ignored_and_the_openers_reset_of_it_closes() -> None:
    # A challenge ACK of an old connection (RFC 5961): the opener resets it with the number it acknowledged.
    talk = Conversation().client("S")
    talk.server(".", 5, 300_000).expect("established", "syn_sent", 120, "TCP_IGNORED")
    talk.client("R", 300_000).expect("established", "close", 10)


def test_other_reset_after_an_ack_to_a_syn_is_held_against_the_window() -> None:
    talk = Conversation().client("S")
    talk.server(".", 5, 300_000)
    talk.client("R", 300_001).expect("invalid", "syn_sent", 120, "TCP_SEQ_OVER")


def test_simultaneous_open_with_both_synacks_is_established_by_the_next_ack() -> None:
    talk = Conversation().client("S")
    talk.server("S", 0).expect("established", "syn_sent2", 120)
    talk.client("S.", 0, 1).expect("established", "syn_recv", 60)
    talk.server("S.", 0, 1).expect("established", "syn_recv", 60, "TCP_IGNORED")
    talk.client(".", 1, 1).expect("established", "established", 432000)


def test_synack_ahead_of_its_own_syn_in_a_simultaneous_open_begins_that_side_anew() -> None:
    talk = Conversation().client("S").server("S").server("S.", 0, 1).expect("established", "syn_recv")
    talk.client("S.", 50_000, 1).expect("established", "syn_recv")
    assert talk.side("client")["end"] == 50_001


def test_simultaneous_open_is_established_by_the_replys_ack() -> None:
    talk = Conversation().client("S").server("S", 0)
    talk.client("S.", 0, 1).expect("established", "syn_recv", 60)
    assert talk.server(".", 1, 1).expect("established", "established", 432000).assured


def test_replys_ack_alone_does_not_complete_an_ordinary_handshake() -> None:
    talk = Conversation().client("S").server("S.", 0, 1)
    talk.server("P.", 1, 1, payload=10).expect("established", "syn_recv", 60)


# --- SYN inside a connection -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["syn_recv", "established", "fin_wait", "close_wait", "last_ack"])
def test_syn_inside_a_connection_is_ignored(state: str) -> None:
    talk = Conversation().client("S").server("S.", 0, 1)
    steps = [(talk.client, ".", 1, 1), (talk.client, "F.", 1, 1), (talk.server, ".", 1, 2), (talk.server, "F.", 1, 2)]
    for send, flags, seq, ack in steps:
        if talk.state.name.lower() == state:
            break
        send(flags, seq, ack)
    before = talk.after(2).left
    talk.client("S", 40_000).expect("established", state, before, "TCP_IGNORED")


def test_syn_of_the_server_inside_a_connection_is_invalid() -> None:
    established().server("S", 9).expect("invalid", "established", 432000, "TCP_INVALID_STATE")


def test_ignored_reply_counts_as_a_reply() -> None:
    talk = Conversation().client("S")
    talk.server(".", 5, 300_000).expect("established", "syn_sent", 120, "TCP_IGNORED")
    talk.after(5).client("S").expect("established", "syn_sent", 120)  # no longer unanswered: the SYN prolongs it


def test_synack_to_an_ignored_syn_takes_us_back_into_step() -> None:
    # The client has crashed and opens anew; the server, which had forgotten it as well, answers.
    talk = established()
    talk.client("S", 500_000, win=300, wscale=2, sack_permitted=True).expect(
        "established", "established", reason="TCP_IGNORED"
    )
    talk.server("S.", 800_000, 500_001, win=400, wscale=4).expect("established", "syn_recv", 60, "TCP_RESYNC")
    client, server = talk.side("client"), talk.side("server")
    assert (client["end"], client["maxend"], client["maxwin"], client["scale"]) == (500_001, 500_401, 300, 2)
    assert client["flags"] == WINDOW_SCALE | SACK_PERMITTED
    assert (server["end"], server["maxwin"], server["scale"], server["maxack"]) == (800_001, 400, 4, 500_001)
    assert talk.assured
    talk.client(".", 500_001, 800_001).expect("established", "established", 432000)


def test_resync_to_lower_numbers_forgets_the_window_granted_before() -> None:
    talk = established().client("S", -500_000).server("S.", 800_000, -499_999, win=400)
    assert talk.expect("established", "syn_recv", 60, "TCP_RESYNC").side("client")["maxend"] == WRAP - 499_599


def test_resync_takes_the_options_of_the_last_ignored_syn_only() -> None:
    talk = established().client("S", 500_000, wscale=2, sack_permitted=True).client("S", 600_000)
    talk.server("S.", 800_000, 600_001, wscale=4).expect("established", "syn_recv", 60, "TCP_RESYNC")
    client = talk.side("client")
    assert (client["flags"], client["scale"], talk.side("server")["scale"]) == (0, 0, 0)


def test_synack_to_an_ignored_syn_with_a_wrong_ack_is_only_ignored() -> None:
    talk = established()
    talk.client("S", 500_000)
    talk.server("S.", 800_000, 500_002).expect("established", "established", reason="TCP_IGNORED")


@pytest.mark.parametrize("options", [{}, {"wscale": 3}], ids=["no options", "options"])
def test_liberal_pick_up_stays_liberal_through_a_resync(options: dict[str, int]) -> None:
    talk = Conversation().client(".", 1, 1).server(".", 1, 1)
    talk.client("S", 500_000)
    talk.server("S.", 800_000, 500_001, **options).expect("established", "syn_recv", reason="TCP_RESYNC")
    assert talk.side("server")["flags"] & BE_LIBERAL
    assert not talk.side("client")["flags"] & BE_LIBERAL


def test_reset_answering_an_ignored_syn_closes_without_a_look_at_the_window() -> None:
    talk = established()
    talk.client("S", 500_000)
    talk.server("R.", 0, 500_001, raw_seq=0).expect("established", "close", 10)


def test_reset_answering_an_ignored_syn_with_another_ack_is_held_against_the_window() -> None:
    talk = established()
    talk.client("S", 500_000)
    talk.server("R.", 0, 500_000, raw_seq=0).expect("invalid", "established", reason="TCP_ACK_OVER")


# --- closing ---------------------------------------------------------------------------------------------------


def test_orderly_close_walks_the_states_with_their_timeouts() -> None:
    talk = established()
    talk.client("F.", 1, 1).expect("established", "fin_wait", 120)
    assert talk.side("client")["flags"] & CLOSE_INIT
    talk.server(".", 1, 2).expect("established", "close_wait", 60)
    talk.server("F.", 1, 2).expect("established", "last_ack", 30)
    assert not talk.side("server")["flags"] & CLOSE_INIT
    talk.client(".", 2, 2).expect("established", "time_wait", 120)


def test_fin_sent_again_by_the_same_side_counts_as_the_second() -> None:
    talk = established().client("F.", 1, 1)
    talk.client("F.", 1, 1).expect("established", "last_ack", 30)


def test_ack_of_the_fins_own_sender_counts_as_its_acknowledgement() -> None:
    talk = established().client("F.", 1, 1)
    talk.client(".", 2, 1).expect("established", "close_wait", 60)


def test_connection_that_is_closed_right_after_the_synack_is_never_assured() -> None:
    talk = Conversation().client("S").server("S.", 0, 1)
    talk.client("F.", 1, 1).expect("established", "fin_wait", 120)
    talk.server("F.", 1, 2).client(".", 2, 2).expect("established", "time_wait", 120)
    assert not talk.assured


def closed() -> Conversation:
    """A connection closed in order, in TIME_WAIT."""
    return established().client("F.", 1, 1).server("F.", 1, 2).client(".", 2, 2).expect("established", "time_wait")


def test_syn_in_time_wait_opens_anew() -> None:
    talk = closed()
    talk.client("S", 50_000).expect("new", "syn_sent", 120, "TCP_REOPENED")
    assert talk.opener == "client"


def test_syn_of_the_former_server_in_time_wait_opens_the_other_way_round() -> None:
    talk = closed()
    talk.server("S", 50_000).expect("new", "syn_sent", 120, "TCP_REOPENED")
    assert talk.opener == "server"
    talk.client("S.", 70_000, 50_001).expect("established", "syn_recv", 60)


def test_syn_after_the_clients_own_reset_opens_anew() -> None:
    talk = established().client("R", 1).expect("established", "close", 10)
    talk.client("S", 50_000).expect("new", "syn_sent", 120, "TCP_REOPENED")


def test_syn_after_the_servers_reset_is_ignored_until_the_answer_resynchronises() -> None:
    talk = established().server("R", 1).expect("established", "close", 10).after(4)
    talk.client("S", 50_000).expect("established", "close", 6, "TCP_IGNORED")
    talk.server("S.", 90_000, 50_001).expect("established", "syn_recv", 60, "TCP_RESYNC")


def test_syn_of_the_server_after_a_reset_is_invalid() -> None:
    established().client("R", 1).server("S", 9).expect("invalid", "close", 10, "TCP_INVALID_STATE")


def test_challenge_ack_to_a_syn_in_last_ack_is_let_through_once() -> None:
    talk = established().client("F.", 1, 1).server("F.", 1, 2).expect("established", "last_ack", 30).after(1)
    talk.client("S", 70_000).expect("established", "last_ack", 29, "TCP_IGNORED")
    talk.server(".", 2, 2).expect("established", "last_ack", 29, "TCP_CHALLENGE_ACK")
    talk.server(".", 2, 2).expect("established", "time_wait", 120)


def test_ack_of_the_syns_own_sender_in_last_ack_is_the_last_ack() -> None:
    talk = established().client("F.", 1, 1).server("F.", 1, 2)
    talk.client("S", 70_000)
    talk.client(".", 2, 2).expect("established", "time_wait", 120)


# --- flags and time --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", ["", "F", "SF", "SR", "FR", "FR.", "RU", "S.U", "U", "FPU", "P"])
def test_impossible_flags_are_invalid_and_change_nothing(flags: str) -> None:
    talk = established().after(5)
    talk.client(flags, 1, 1).expect("invalid", "established", 431995)


@pytest.mark.parametrize(("flags", "state"), [("SEW", "syn_sent"), ("SU", "syn_sent"), ("SP", "syn_sent")])
def test_opening_with_additional_flags_is_an_opening(flags: str, state: str) -> None:
    Conversation().client(flags).expect("new", state, 120)


def test_timer_counts_from_the_packets_time() -> None:
    talk = Conversation().after(50).client("S")
    assert talk.connection["expires"] == 170 * SECOND
    assert talk.connection["timeout"] == 120 * SECOND
