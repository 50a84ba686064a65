"""TCP windows: each bound at its very edge, the overshoot that Linux tolerates, what is learnt, and liberality."""

from __future__ import annotations

import pytest

from fwsim.engine.tcp_window import (
    BE_LIBERAL,
    DATA_UNACKNOWLEDGED,
    LEAST_ACK_WINDOW,
    MAXACK_SET,
    SACK_PERMITTED,
    WINDOW_SCALE,
    meet_sender,
    window_bounds,
)
from fwsim.tables import BOUNDS, SIDE, plain
from fwsim.terms import ABSENT, CtStatus
from tests.unit.tcp_conversation import CLIENT_ISN, SERVER_ISN, WRAP, Conversation, established, rows

# In `established()` both sides stand at 1 with windows of 1000: each may send up to 1001.

# --- bound I and the overshoot ---------------------------------------------------------------------------------


def test_data_that_begins_at_the_windows_end_is_inside() -> None:
    talk = established()
    talk.client(".", 1001, 1, payload=500).expect("established", "established")
    assert talk.side("client")["end"] == 1501


@pytest.mark.parametrize(("end", "tolerated"), [(1002, True), (2000, True), (2001, False)])
def test_data_beyond_the_window_is_tolerated_for_one_more_window(end: int, tolerated: bool) -> None:
    talk = established().after(5)
    talk.client(".", 1002, 1, payload=end - 1002)
    if tolerated:
        talk.expect("established", "established", 431995, "TCP_OVERSHOOT")
        assert talk.side("client")["end"] == end
        assert talk.side("client")["flags"] & DATA_UNACKNOWLEDGED
    else:
        talk.expect("invalid", "established", 431995, "TCP_SEQ_OVER")
        assert talk.side("client")["end"] == 1


def test_overshoot_that_acknowledges_what_was_never_sent_is_invalid() -> None:
    established().client(".", 1002, 2).expect("invalid", reason="TCP_SEQ_OVER")


def test_overshoot_with_a_very_old_ack_is_invalid() -> None:
    established().client(".", 1002, 1 - LEAST_ACK_WINDOW - 1).expect("invalid", reason="TCP_SEQ_OVER")


def test_acknowledgement_of_tolerated_data_is_inside() -> None:
    talk = established().client(".", 1002, 1, payload=100)
    talk.server(".", 1, 1102).expect("established", "established")


# --- bound III -------------------------------------------------------------------------------------------------


def test_acknowledgement_of_what_was_never_sent_is_invalid() -> None:
    talk = established().after(5)
    talk.server(".", 1, 1).expect("established", "established", 432000)
    talk.server(".", 1, 2).expect("invalid", "established", 432000, "TCP_ACK_OVER")


# --- bound II --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("end", "inside"), [(-999, True), (-1000, False)])
def test_data_older_than_the_receivers_window_is_ignored(end: int, inside: bool) -> None:
    talk = established().after(5)
    talk.client(".", end - 10, 1, payload=10)
    if inside:
        talk.expect("established", "established", 432000)
    else:
        talk.expect("established", "established", 431995, "TCP_OLD_DATA")


# --- bound IV --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ack", "inside"), [(1 - LEAST_ACK_WINDOW, True), (-LEAST_ACK_WINDOW, False)])
def test_acknowledgement_from_the_distant_past_is_ignored(ack: int, inside: bool) -> None:
    talk = established().after(5)
    talk.server(".", 1, ack)
    if inside:
        talk.expect("established", "established", 432000)
    else:
        talk.expect("established", "established", 431995, "TCP_OLD_ACK")


def test_large_window_lets_acknowledgements_reach_further_back() -> None:
    talk = Conversation().client("S", win=65535, wscale=4).server("S.", 0, 1, win=65535, wscale=4)
    talk.client(".", 1, 1, win=60_000)
    talk.client(".", 1, 1 - 960_000, win=60_000).expect("established", "established")
    talk.client(".", 1, -960_000, win=60_000).expect("established", "established", reason="TCP_OLD_ACK")


def test_first_violated_bound_gives_the_reason_in_the_kernels_order() -> None:
    established().client(".", 9000, 99_000).expect("invalid", reason="TCP_SEQ_OVER")
    established().client(".", -9000, 99_000).expect("invalid", reason="TCP_ACK_OVER")
    established().client(".", -9000, -99_000).expect("established", reason="TCP_OLD_DATA")


# --- liberality ------------------------------------------------------------------------------------------------


def test_be_liberal_accepts_what_is_outside_but_learns_nothing() -> None:
    talk = established(be_liberal=1)
    before = talk.side("client")
    talk.after(5).client(".", 900_000, 900_000, payload=10)
    talk.expect("established", "established", 432000, "TCP_LIBERAL")
    assert talk.side("client") == before
    talk.client("F.", 900_000, 1).expect("established", "fin_wait", 120, "TCP_LIBERAL")


def test_picked_up_connection_accepts_what_is_outside() -> None:
    talk = Conversation().client(".", 1, 1).server(".", 1, 1).client(".", 1, 1)
    talk.client(".", 900_000, 1).expect("established", "established", reason="TCP_LIBERAL")


def test_picked_up_first_packet_teaches_nothing_beyond_its_own_end() -> None:
    side = Conversation().client(".", 1, 1, payload=10).side("client")
    assert not side["flags"] & MAXACK_SET
    assert side["maxend"] == 11 + 1000


def test_first_reply_to_a_pick_up_shows_where_the_opener_stands() -> None:
    talk = Conversation().client(".", 1, 1, payload=10)
    talk.server(".", 1, 1, win=500).expect("established", "established")
    server = talk.side("server")
    assert (server["end"], server["maxwin"], server["maxend"]) == (1, 500, 501)
    assert server["maxack"] == 1


def test_keep_alive_answer_is_believed_when_the_answerer_is_first_seen() -> None:
    # The picked-up packet is a keep-alive, one before the next byte; its answer acknowledges one more than was seen.
    talk = Conversation().client(".", 0, 1)
    talk.server(".", 1, 1).expect("established", "established")
    assert talk.side("client")["end"] == 1


# --- what is learnt --------------------------------------------------------------------------------------------


def test_acknowledgement_moves_the_peers_window() -> None:
    talk = established().client("P.", 1, 1, payload=100)
    talk.server(".", 1, 101, win=5000).expect("established", "established")
    client, server = talk.side("client"), talk.side("server")
    assert client["maxend"] == 5101
    assert (server["maxwin"], server["maxack"]) == (5000, 101)


def test_shrunken_window_does_not_move_the_right_edge_back() -> None:
    talk = established().server(".", 1, 1, win=10)
    assert talk.side("client")["maxend"] == 1001
    assert talk.side("server")["maxwin"] == 1000


def test_closed_window_admits_a_probe_of_one_byte() -> None:
    talk = established().client("P.", 1, 1, payload=1000).server(".", 1, 1001, win=0)
    assert talk.side("client")["maxend"] == 1002


def test_data_straddling_the_windows_end_widens_the_receivers_window() -> None:
    talk = established().client(".", 1001, 1, payload=300)
    assert talk.side("server")["maxwin"] == 1300


def test_older_acknowledgement_does_not_lower_the_highest() -> None:
    talk = established().client("P.", 1, 1, payload=100).server(".", 1, 101).server(".", 1, 51)
    assert talk.side("server")["maxack"] == 101


def test_data_is_unacknowledged_until_its_exact_end_is() -> None:
    talk = established().client("P.", 1, 1, payload=100)
    assert talk.side("client")["flags"] & DATA_UNACKNOWLEDGED
    talk.server(".", 1, 100)
    assert talk.side("client")["flags"] & DATA_UNACKNOWLEDGED
    talk.server(".", 1, 101)
    assert not talk.side("client")["flags"] & DATA_UNACKNOWLEDGED


# --- window scale ----------------------------------------------------------------------------------------------


def test_window_is_scaled_if_both_offered_but_not_in_the_syns() -> None:
    talk = Conversation().client("S", win=1000, wscale=3).server("S.", 0, 1, win=2000, wscale=2)
    assert (talk.side("client")["maxwin"], talk.side("server")["maxwin"]) == (1000, 2000)
    assert talk.side("client")["maxend"] == 2001
    talk.client(".", 1, 1, win=1000)
    assert talk.side("client")["maxwin"] == 8000
    assert talk.side("server")["maxend"] == 8001


@pytest.mark.parametrize(("client", "server"), [(3, None), (None, 2)])
def test_window_is_not_scaled_if_one_side_did_not_offer(client: int | None, server: int | None) -> None:
    talk = Conversation().client("S", wscale=client, options=True).server("S.", 0, 1, wscale=server, options=True)
    assert (talk.side("client")["scale"], talk.side("server")["scale"]) == (0, 0)
    assert bool(talk.side("client")["flags"] & WINDOW_SCALE) == (client is not None)


def test_new_syn_with_options_replaces_the_offers_and_one_without_keeps_them() -> None:
    talk = Conversation().client("S", wscale=3).client("S", 10)
    assert talk.side("client")["scale"] == 3
    talk.client("S", 20, options=True)
    assert talk.side("client")["scale"] == 0


def test_new_syn_ahead_of_the_first_starts_its_sender_anew() -> None:
    talk = Conversation().client("S", win=5000).client("S", 100, win=200)
    side = talk.side("client")
    assert (side["end"], side["maxend"], side["maxwin"]) == (101, 101, 200)


# --- SACK ------------------------------------------------------------------------------------------------------


def test_selective_acknowledgement_counts_if_the_receiver_understands_it() -> None:
    talk = Conversation().client("S", sack_permitted=True).server("S.", 0, 1).client(".", 1, 1)
    talk.client("P.", 1, 1, payload=500)
    talk.server(".", 1, 1, sack=501, win=1000).expect("established", "established")
    assert talk.side("client")["maxend"] == 1501
    assert talk.side("server")["maxwin"] == 1500  # the window reaches from what is acknowledged in order
    assert talk.side("server")["maxack"] == 1
    talk.server(".", 1, 1, sack=502).expect("invalid", reason="TCP_ACK_OVER")


def test_selective_acknowledgement_does_not_count_if_the_receiver_did_not_offer() -> None:
    talk = established().client("P.", 1, 1, payload=500)
    talk.server(".", 1, 1, sack=9000, win=1000).expect("established", "established")
    assert talk.side("client")["maxend"] == 1001


def test_what_was_rewritten_is_acknowledged_by_other_numbers_than_were_sent() -> None:
    talk = established().client("P.", 1, 1, payload=10)
    talk.connection["status"] |= int(CtStatus.SEQ_ADJUST)
    talk.result["ack_offset"] = 4
    talk.server(".", 1, 16).expect("invalid", reason="TCP_ACK_OVER")
    talk.server(".", 1, 15).expect("established", "established")
    assert talk.side("server")["maxack"] == 11
    talk.result["ack_offset"] = -3
    talk.server("R", 1, 0, raw_ack=WRAP - 3).expect("established")


def test_without_rewritten_text_no_offset_counts() -> None:
    talk = established()
    talk.result["ack_offset"] = 4
    talk.server(".", 1, 1).expect("established", "established")
    assert talk.side("server")["maxack"] == 1


@pytest.mark.parametrize(("permitted", "end"), [(True, 90), (False, 77)])
def test_a_side_seen_neither_way_is_placed_by_its_own_numbers(permitted: bool, end: int) -> None:
    talk = Conversation().client(".", 1, 80, win=300, sack=93)
    sides = rows(SIDE, 2)
    sides[1]["flags"] = SACK_PERMITTED if permitted else 0
    meet_sender(sides[0], sides[1], talk.packet, 0, 3, 3)
    assert (sides[1]["end"] - SERVER_ISN) % WRAP == end


# --- the first packet of a side --------------------------------------------------------------------------------


def test_side_seen_neither_way_is_placed_by_what_acknowledges_it() -> None:
    talk = Conversation().client(".", 1, 77, win=300)
    sides = rows(SIDE, 2)
    assert not meet_sender(sides[0], sides[1], talk.packet, 0, 3, 0)
    assert ((sides[0]["end"] - CLIENT_ISN) % WRAP, sides[0]["maxwin"]) == (1, 300)
    assert ((sides[1]["end"] - SERVER_ISN) % WRAP, (sides[1]["maxend"] - SERVER_ISN) % WRAP) == (77, 77)


# --- the numbers for the explanation ---------------------------------------------------------------------------


def bounds_of(talk: Conversation, direction: int) -> dict[str, int]:
    """The window of the conversation's last packet, as it lies now."""
    row = rows(BOUNDS, 1)[0]
    window_bounds(talk.sides, 0, direction, talk.packet, talk.connection["state"], 0, row)
    return plain(row)


def test_bounds_are_told_as_numbers() -> None:
    talk = established().client(".", 5000, 3, payload=10)
    told = bounds_of(talk, 0)
    client = {name: told[name] for name in ("seq", "end", "highest_seq", "lowest_end", "tolerated_end", "expected_seq")}
    server = {name: told[name] for name in ("sack", "highest_sack", "lowest_sack")}
    assert {name: (value - CLIENT_ISN) % WRAP for name, value in client.items()} == {
        "seq": 5000, "end": 5010, "highest_seq": 1001, "lowest_end": (1 - 1000) % WRAP, "tolerated_end": 2000,
        "expected_seq": 1,
    }  # fmt: skip
    assert {name: (value - SERVER_ISN) % WRAP for name, value in server.items()} == {
        "sack": 3, "highest_sack": 1, "lowest_sack": (1 - 66000) % WRAP,
    }  # fmt: skip
    assert (told["violated"], told["tolerated"]) == (1, 0)


def test_bounds_agree_with_the_check_on_every_edge() -> None:
    named = {"NONE": 0, "TCP_SEQ_OVER": 1, "TCP_OVERSHOOT": 1, "TCP_OLD_DATA": 2, "TCP_ACK_OVER": 3, "TCP_OLD_ACK": 4}
    for seq in (-1001, -1000, -999, 1, 1001, 1002, 2000, 2001):
        for ack in (-66000, 1 - 66000, 1, 2):
            talk = established()
            sides = [plain(talk.sides[i]) for i in range(2)]
            talk.client(".", seq, ack)
            reason = talk.reason.name
            for i in range(2):
                for field, value in sides[i].items():
                    talk.sides[i][field] = value
            told = bounds_of(talk, 0)
            assert told["violated"] == named[reason], (seq, ack)
            assert told["tolerated"] == (reason == "TCP_OVERSHOOT"), (seq, ack)


def test_bounds_that_nobody_knows_yet_are_absent() -> None:
    talk = Conversation().client("S")
    talk.packet["flags"] = 0x10
    told = bounds_of(talk, 0)
    assert (told["lowest_end"], told["tolerated_end"], told["expected_seq"]) == (ABSENT, ABSENT, ABSENT)


def test_liberal_flag_survives_the_options_of_a_syn() -> None:
    talk = Conversation().client(".", 1, 1)
    assert talk.server("S.", 0, 1, wscale=1, sack_permitted=True).ct_state == "established"
    assert talk.side("server")["flags"] & (BE_LIBERAL | SACK_PERMITTED) == BE_LIBERAL | SACK_PERMITTED
