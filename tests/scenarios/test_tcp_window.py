"""The TCP window and the timers that hang on it (conntrack-spec 5 and 6)."""

from __future__ import annotations

import pytest

from fwsim.capture.crafting import tcp_options
from fwsim.terms import Evidence, Reason
from tests.conftest import Stager
from tests.playbook import ACCEPT, DROP, ESTABLISHED, INVALID, NEW, Playbook, State

GRANTED = 64_241
"""The right edge of the server's window after the handshake: 1 + 64,240."""


# --- bounds I to IV (5.5) --------------------------------------------------------------------------------------


def test_data_up_to_the_right_edge_pass(play: Playbook) -> None:
    """Bound I looks at where a segment begins."""
    play.handshake()
    play.reply("PA", 1000, seq=GRANTED).expect(ACCEPT, ct=ESTABLISHED, evidence=0, timeout=300)


@pytest.mark.parametrize(("seq", "size"), [(GRANTED + 1, 1), (GRANTED + 64_139, 100)])
def test_data_slightly_beyond_the_window_are_let_through_and_not_followed(play: Playbook, seq: int, size: int) -> None:
    """Overshoot by up to the receiver's window, naive mistake 5: the timer runs on."""
    play.handshake()
    over = play.reply("PA", size, seq=seq)
    over.expect(ACCEPT, ct=ESTABLISHED, reason=Reason.TCP_OVERSHOOT, evidence=Evidence.SEQ_ABOVE_WINDOW)
    play.connection.is_(State.ESTABLISHED, timeout=431999.999)


@pytest.mark.parametrize(("seq", "size"), [(GRANTED + 64_139, 101), (GRANTED + 64_240, 1), (1_000_000, 1)])
def test_data_far_beyond_the_window_are_invalid(play: Playbook, seq: int, size: int) -> None:
    """Bound I, violated by more than the receiver's window."""
    play.handshake()
    far = play.reply("PA", size, seq=seq)
    far.expect(DROP, ct=INVALID, reason=Reason.TCP_SEQ_OVER, evidence=Evidence.SEQ_ABOVE_WINDOW)
    play.connection.is_(State.ESTABLISHED, timeout=431999.999)


def test_an_acknowledgement_of_unsent_data_is_invalid(play: Playbook) -> None:
    """Bound III: whatever lies beyond the highest number seen from the other end."""
    play.handshake()
    play.original("PA", 100).expect(ACCEPT)
    play.reply("A", ack=102).expect(DROP, ct=INVALID, reason=Reason.TCP_ACK_OVER, evidence=Evidence.ACK_ABOVE_WINDOW)
    play.reply("A", ack=101).expect(ACCEPT, ct=ESTABLISHED, evidence=0)


def test_data_from_before_the_window_are_let_through_and_not_followed(play: Playbook) -> None:
    """Bound II: `already ACKed data retransmitted`."""
    play.handshake()
    play.original("PA", 100).expect(ACCEPT, timeout=300)
    old = play.original("PA", 100, seq=-64_340)
    old.expect(ACCEPT, ct=ESTABLISHED, reason=Reason.TCP_OLD_DATA, evidence=0, timeout=299.999)
    play.original("PA", 100, seq=-64_239).expect(ACCEPT, ct=ESTABLISHED, timeout=300)


def test_a_very_old_acknowledgement_is_let_through_and_not_followed(play: Playbook) -> None:
    """Bound IV: 66,000 at least are tolerated whatever the window."""
    play.handshake()
    play.original("PA", 100).expect(ACCEPT, timeout=300)
    play.reply("A", ack=101 - 66_000).expect(ACCEPT, ct=ESTABLISHED, timeout=300)
    old = play.after(seconds=1).reply("A", ack=100 - 66_000)
    old.expect(ACCEPT, ct=ESTABLISHED, reason=Reason.TCP_OLD_ACK, timeout=299)


def test_the_window_grows_with_what_is_acknowledged(play: Playbook) -> None:
    """Step 6: maxend is the highest ack + window ever seen."""
    play.handshake()
    for _ in range(44):
        play.reply("A", 1460).expect(ACCEPT, ct=ESTABLISHED, evidence=0)
    play.original("A").expect(ACCEPT)
    play.reply("A", 1460, seq=1 + 44 * 1460 + 64_240).expect(ACCEPT, ct=ESTABLISHED, evidence=0)


def test_a_smaller_window_takes_nothing_back(play: Playbook) -> None:
    """Step 6: maxend never shrinks."""
    play.handshake()
    play.original("A", win=10).expect(ACCEPT)
    play.reply("PA", 1000, seq=GRANTED).expect(ACCEPT, ct=ESTABLISHED, evidence=0)


def test_a_zero_window_allows_one_byte_more(stage: Stager) -> None:
    """Step 6: maxend is one more where the window is 0, for the probe."""
    play = stage()
    play.tcp(win=(0, 64_240)).original("S").expect(ACCEPT)
    play.reply("SA").expect(ACCEPT)
    play.original("A", win=0).expect(ACCEPT)
    play.reply("A", 1, seq=2).expect(ACCEPT, ct=ESTABLISHED, evidence=0)
    play.reply("A", 1, seq=3).expect(DROP, ct=INVALID)


def test_bound_three_is_told_before_bound_two(play: Playbook) -> None:
    """The order I, III, II, IV: the first violation decides."""
    play.handshake()
    play.original("PA", 100).expect(ACCEPT)
    play.original("PA", 1, seq=-900_000, ack=500).expect(DROP, ct=INVALID, reason=Reason.TCP_ACK_OVER)
    play.original("PA", 1, seq=900_000, ack=500).expect(DROP, ct=INVALID, reason=Reason.TCP_SEQ_OVER)


def test_nothing_is_outside_the_window_where_windows_are_not_judged(stage: Stager) -> None:
    """Liberal override: accepted, but nothing is learned from it."""
    play = stage(tcp_be_liberal=True)
    play.handshake()
    play.reply("PA", 10, seq=900_000).expect(ACCEPT, ct=ESTABLISHED, reason=Reason.TCP_LIBERAL)
    play.reply("PA", 10, ack=900_000).expect(ACCEPT, ct=ESTABLISHED)
    play.original("FA", seq=900_000).expect(ACCEPT, ct=ESTABLISHED, state=State.FIN_WAIT)


def test_numbers_wrap_around_in_the_middle_of_a_transfer(stage: Stager) -> None:
    """RFC 9293 §3.4."""
    play = stage()
    play.tcp(isn=(0xFFFFFF00, 0xFFFFF000)).handshake()
    for _ in range(10):
        play.reply("A", 1460).expect(ACCEPT, ct=ESTABLISHED, evidence=0)
        play.original("PA", 100).expect(ACCEPT, ct=ESTABLISHED, evidence=0)


def test_an_overshoot_moves_the_end_of_its_sender_also_back(play: Playbook) -> None:
    """Overshoot: S.end := e even if that is smaller; acknowledgements beyond it are then invalid."""
    play.handshake()
    play.reply("PA", 100, seq=GRANTED + 5_000).expect(ACCEPT, reason=Reason.TCP_OVERSHOOT)
    play.reply("PA", 100, seq=GRANTED + 500).expect(ACCEPT, reason=Reason.TCP_OVERSHOOT)
    play.original("A", ack=GRANTED + 5_100).expect(DROP, ct=INVALID, reason=Reason.TCP_ACK_OVER)
    play.original("A", ack=GRANTED + 600).expect(ACCEPT, ct=ESTABLISHED, evidence=0)


# --- window scale (5.2, naive mistake 19) ----------------------------------------------------------------------


def test_the_window_is_scaled_if_both_ends_offer_it(stage: Stager) -> None:
    """RFC 7323 §2.2; the SYN's own window is never scaled."""
    play = stage()
    play.tcp(wscale=(7, 7), win=(502, 502)).handshake()
    play.reply("PA", 10, seq=1 + 502 * 128).expect(ACCEPT, ct=ESTABLISHED, evidence=0)
    play.reply("PA", 10, seq=400_000).expect(DROP, ct=INVALID)


def test_the_window_is_not_scaled_if_one_end_does_not_offer_it(stage: Stager) -> None:
    """Spec 5.3 step 1: then both scales are 0."""
    play = stage()
    play.tcp(wscale=(7, None), win=(2_000, 64_240)).original("S", win=2_000).expect(ACCEPT)
    play.reply("SA").expect(ACCEPT)
    play.original("A").expect(ACCEPT)
    play.reply("PA", 10, seq=2_001).expect(ACCEPT, ct=ESTABLISHED, evidence=0)
    play.reply("PA", 10, seq=2_001 + 2_001).expect(DROP, ct=INVALID, reason=Reason.TCP_SEQ_OVER)


def test_a_scale_above_fourteen_counts_as_fourteen(stage: Stager) -> None:
    """RFC 7323 §2.3."""
    play = stage()
    play.tcp(wscale=(200, 7), win=(4, 502)).handshake()
    play.original("A", win=8).expect(ACCEPT)
    play.reply("PA", 10, seq=1 + 3 * (8 << 14)).expect(DROP, ct=INVALID, reason=Reason.TCP_SEQ_OVER)
    play.reply("PA", 10, seq=1 + (8 << 14)).expect(ACCEPT, ct=ESTABLISHED, evidence=0)


@pytest.mark.parametrize(
    "garbage",
    [
        bytes([1, 1, 3, 3, 7, 0, 0, 0]),
        bytes([0, 3, 3, 7]),
        bytes([3, 1, 7, 0]),
        bytes([3, 9, 7, 0]),
        bytes([8, 2, 1, 3]),
        bytes([3, 4, 7, 7]),
    ],
    ids=["well-formed", "behind the end", "length 1", "beyond the area", "last byte alone", "wrong length"],
)
def test_garbage_in_the_options_is_survived(stage: Stager, garbage: bytes) -> None:
    """Spec 5.2: parsing stops, what was read holds. Only the first of these offers a scale."""
    play = stage()
    play.tcp(win=(1_000, 64_240)).original("S", options=garbage).expect(ACCEPT, ct=NEW)
    play.reply("SA", options=tcp_options(wscale=0)).expect(ACCEPT, ct=ESTABLISHED)
    play.original("A").expect(ACCEPT)
    scaled = garbage[0] == 1
    play.reply("PA", 10, seq=1 + 1_000).expect(ACCEPT, evidence=0)
    play.original("A", ack=1, win=1_000).expect(ACCEPT)
    far = play.reply("PA", 10, seq=100_000)
    if scaled:
        far.expect(ACCEPT, ct=ESTABLISHED, evidence=0)
    else:
        far.expect(DROP, ct=INVALID, reason=Reason.TCP_SEQ_OVER)


# --- SACK (5.1) ------------------------------------------------------------------------------------------------


def test_a_selective_acknowledgement_counts_if_the_other_end_has_offered_it(stage: Stager) -> None:
    """Spec 5.1, naive mistake 19: R.flags has SACK_PERM; then bound III looks at the highest edge."""
    play = stage()
    play.tcp(sack_ok=(False, True)).handshake()
    play.reply("A", 100).expect(ACCEPT)
    play.original("A", ack=1, sack=((200, 300),)).expect(DROP, ct=INVALID, reason=Reason.TCP_ACK_OVER)
    play.original("A", ack=1, sack=((50, 101),)).expect(ACCEPT, ct=ESTABLISHED, evidence=0)


def test_a_selective_acknowledgement_is_not_looked_at_if_the_other_end_has_not_offered_it(stage: Stager) -> None:
    """Spec 5.1: what its own sender has offered does not matter."""
    play = stage()
    play.tcp(sack_ok=(True, False)).handshake()
    play.reply("A", 100).expect(ACCEPT)
    play.original("A", ack=1, sack=((200, 300),)).expect(ACCEPT, ct=ESTABLISHED, evidence=0)


# --- retransmission and the order of things --------------------------------------------------------------------


def test_a_lost_segment_may_come_again_behind_later_ones(play: Playbook) -> None:
    """An ordinary loss beyond the firewall."""
    play.handshake()
    for _ in range(4):
        play.reply("A", 1460).expect(ACCEPT)
    for _ in range(3):
        play.original("A", ack=1461).expect(ACCEPT, ct=ESTABLISHED)
    play.reply("A", 1460, seq=1461).expect(ACCEPT, ct=ESTABLISHED, evidence=0)
    play.original("A").expect(ACCEPT, timeout=432000)


def test_a_keep_alive_is_established(play: Playbook) -> None:
    """RFC 9293 §3.8.4: one byte back, answered by an ACK."""
    play.handshake()
    play.original("PA", 50).expect(ACCEPT)
    play.reply("A").expect(ACCEPT)
    play.after(seconds=200).original("A", seq=50).expect(ACCEPT, ct=ESTABLISHED, evidence=0, timeout=432000)
    play.reply("A").expect(ACCEPT, ct=ESTABLISHED, timeout=432000)


def test_the_window_of_each_end_is_its_own(stage: Stager) -> None:
    """Spec 5: a small window of the client bounds the server, not the client."""
    play = stage()
    play.tcp(win=(1_000, 60_000)).handshake()
    play.original("PA", 100, seq=60_001).expect(ACCEPT, ct=ESTABLISHED, evidence=0)
    play.reply("PA", 100, seq=2_500).expect(DROP, ct=INVALID, reason=Reason.TCP_SEQ_OVER)


# --- timers (6.1) ----------------------------------------------------------------------------------------------


def test_data_shorten_the_timer_until_they_are_acknowledged_exactly(play: Playbook) -> None:
    """Spec 6.1 row 3, naive mistake 10: 300 s after data, 432000 after the exact ACK."""
    play.handshake()
    play.original("PA", 100).expect(ACCEPT, timeout=300)
    play.reply("A", ack=50).expect(ACCEPT, timeout=300)
    play.reply("A", ack=101).expect(ACCEPT, timeout=432000)


def test_data_of_either_end_shorten_the_timer(play: Playbook) -> None:
    """Spec 6.1 row 3: on either side."""
    play.handshake()
    play.reply("PA", 100).expect(ACCEPT, timeout=300)
    play.original("PA", 10).expect(ACCEPT, timeout=300)
    play.reply("A").expect(ACCEPT, timeout=432000)


def test_the_fourth_identical_acknowledgement_shortens_the_timer(play: Playbook) -> None:
    """Spec 5.6, 6.1 row 1: retrans reaches nf_conntrack_tcp_max_retrans."""
    play.handshake()
    play.original("A").expect(ACCEPT, timeout=432000)
    play.original("A").expect(ACCEPT, timeout=432000)
    play.original("A").expect(ACCEPT, timeout=300)
    play.reply("A").expect(ACCEPT, timeout=432000)


def test_how_many_repetitions_shorten_the_timer_is_a_setting(stage: Stager) -> None:
    """`nf_conntrack_tcp_max_retrans`."""
    play = stage(tcp_max_retrans=1)
    play.handshake()
    play.original("A").expect(ACCEPT, timeout=300)


def test_a_zero_window_shortens_the_timer_until_it_opens(play: Playbook) -> None:
    """Spec 6.1 row 4: last_win is that of the last packet of class ack."""
    play.handshake()
    play.original("A", win=0).expect(ACCEPT, timeout=300)
    play.reply("A").expect(ACCEPT, timeout=432000)


def test_states_with_short_timers_are_not_lengthened(play: Playbook) -> None:
    """Spec 6.1: rows 1, 3 and 4 only where the state's own timer is longer."""
    play.handshake()
    play.original("FA", 100).expect(ACCEPT, state=State.FIN_WAIT, timeout=120)
    play.reply("PA", 100, ack=1).expect(ACCEPT, state=State.CLOSE_WAIT, timeout=60)


@pytest.mark.parametrize(
    ("setting", "steps", "state"),
    [
        ("tcp_timeout_syn_sent", 1, State.SYN_SENT),
        ("tcp_timeout_syn_recv", 2, State.SYN_RECV),
        ("tcp_timeout_established", 3, State.ESTABLISHED),
        ("tcp_timeout_fin_wait", 4, State.FIN_WAIT),
        ("tcp_timeout_close_wait", 5, State.CLOSE_WAIT),
        ("tcp_timeout_last_ack", 6, State.LAST_ACK),
        ("tcp_timeout_time_wait", 7, State.TIME_WAIT),
        ("tcp_timeout_close", 8, State.CLOSE),
    ],
)
def test_every_state_has_its_timeout_as_a_setting(stage: Stager, setting: str, steps: int, state: State) -> None:
    """Spec 6.2."""
    play = stage(**{setting: 77})
    way = (("original", "S"), ("reply", "SA"), ("original", "A"), ("original", "FA"), ("reply", "A"), ("reply", "FA"))
    for end, flags in (*way, ("original", "A"), ("reply", "R"))[:steps]:
        getattr(play, end)(flags).expect(ACCEPT)
    play.connection.is_(state, timeout=77)


@pytest.mark.parametrize(
    ("setting", "script"),
    [
        ("tcp_timeout_unacknowledged", ["PA"]),
        ("tcp_timeout_max_retrans", ["A", "A", "A"]),
    ],
)
def test_the_timers_of_unanswered_packets_are_settings(stage: Stager, setting: str, script: list[str]) -> None:
    """Spec 6.2: UNACK and RETRANS."""
    play = stage(**{setting: 55})
    play.handshake()
    for flags in script:
        play.original(flags, 100 if "P" in flags else 0).expect(ACCEPT)
    play.connection.is_(State.ESTABLISHED, timeout=55)
