"""Resets: which end a connection, which are let through, which are invalid (conntrack-spec 3.5, 4.5, 6.1)."""

from __future__ import annotations

import pytest

from fwsim.terms import Evidence, Reason
from tests.conftest import Stager
from tests.playbook import ACCEPT, DROP, ESTABLISHED, INVALID, NEW, ORIGINAL, REPLY, Playbook, Raw, State


def fetch(play: Playbook, segments: int = 4) -> None:
    """A page of full segments, all acknowledged: the client expects 5841 next and has granted up to 70081."""
    play.handshake()
    play.original("PA", 120).expect(ACCEPT)
    for _ in range(segments):
        play.reply("A", 1460).expect(ACCEPT)
    play.original("A").expect(ACCEPT)


# --- before an answer (3.5) ------------------------------------------------------------------------------------


def test_a_refused_connection_is_forgotten_at_once(play: Playbook) -> None:
    """Spec 3.5, naive mistake 8: the refusal is established, the entry gone, the next SYN new."""
    play.original("S").expect(ACCEPT)
    refusal = play.reply("RA", seq=Raw(0))
    refusal.expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, before=State.SYN_SENT, reason=Reason.TCP_RESET_UNREPLIED)
    play.connection.is_absent()
    play.original("S").expect(ACCEPT, ct=NEW)


def test_a_refusal_with_a_lower_acknowledgement_ends_the_connection_too(play: Playbook) -> None:
    """Spec 4.5: only the window check counts, which takes acks from 66,000 below to one beyond (K618)."""
    play.original("S").expect(ACCEPT)
    play.reply("RA", seq=Raw(0), ack=-60_000).expect(ACCEPT, ct=ESTABLISHED)
    play.connection.is_absent()


def test_a_refusal_with_a_higher_acknowledgement_is_invalid(play: Playbook) -> None:
    """Spec 4.5: the entry survives."""
    play.original("S").expect(ACCEPT)
    play.reply("RA", seq=Raw(0), ack=3).expect(DROP, ct=INVALID, reason=Reason.TCP_ACK_OVER)
    play.connection.is_(State.SYN_SENT)


def test_the_opener_may_take_its_syn_back(play: Playbook) -> None:
    """Spec 3.5: RST of the originator while unreplied is new, and the entry gone (K618)."""
    play.original("S").expect(ACCEPT)
    play.original("R", seq=1).expect(ACCEPT, ct=NEW, direction=ORIGINAL, reason=Reason.TCP_RESET_UNREPLIED)
    play.connection.is_absent()


def test_a_reset_right_after_the_handshake_closes(play: Playbook) -> None:
    """Spec 4.5 c: exactly what the receiver expects."""
    play.handshake()
    play.original("R").expect(ACCEPT, ct=ESTABLISHED, before=State.ESTABLISHED, state=State.CLOSE, timeout=10)


# --- in an established connection (4.5) ------------------------------------------------------------------------


def test_the_exact_reset_closes(play: Playbook) -> None:
    """Spec 4.5 c; RFC 5961 §3.2."""
    fetch(play)
    play.reply("R", seq=5841).expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, state=State.CLOSE, timeout=10, evidence=0)
    play.after(seconds=10)
    play.connection.is_absent()


@pytest.mark.parametrize("seq", [5842, 30_000, 70_081])
def test_a_reset_inside_the_window_passes_but_the_connection_stays_open(play: Playbook, seq: int) -> None:
    """Spec 4.5 e, 6.1 row 2 (6.18), naive mistake 6: the timer is cut to 10 s."""
    fetch(play)
    inexact = play.reply("R", seq=seq)
    inexact.expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED, reason=Reason.TCP_RST_INEXACT, timeout=10)
    inexact.expect(evidence=Evidence.RST_INEXACT)
    play.after(seconds=2).original("A").expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED)


@pytest.mark.parametrize("seq", [70_082, 134_320])
def test_a_reset_slightly_beyond_the_window_is_let_through_and_changes_no_state(play: Playbook, seq: int) -> None:
    """Spec 5.5 overshoot: no more than the receiver's window beyond; the timer runs on."""
    fetch(play)
    over = play.reply("R", seq=seq)
    over.expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED, reason=Reason.TCP_OVERSHOOT)
    over.expect(timeout=431999.999, evidence=Evidence.RST_OUT_OF_WINDOW)


@pytest.mark.parametrize("seq", [134_321, 1_000_000])
def test_a_reset_far_beyond_the_window_is_invalid(play: Playbook, seq: int) -> None:
    """Spec 5.5 bound I."""
    fetch(play)
    wild = play.reply("R", seq=seq)
    wild.expect(DROP, ct=INVALID, reason=Reason.TCP_SEQ_OVER, evidence=Evidence.RST_OUT_OF_WINDOW)
    play.connection.is_(State.ESTABLISHED, timeout=431999.999)


@pytest.mark.parametrize("seq", [5840, 1])
def test_a_reset_below_what_is_expected_is_invalid(play: Playbook, seq: int) -> None:
    """Spec 4.5 b."""
    fetch(play)
    low = play.reply("R", seq=seq)
    low.expect(DROP, ct=INVALID, reason=Reason.TCP_RST_SEQ_LOW, evidence=Evidence.RST_OUT_OF_WINDOW)
    play.connection.is_(State.ESTABLISHED)


def test_a_low_reset_is_invalid_also_where_windows_are_not_judged(stage: Stager) -> None:
    """Spec 4.5 b: not affected by be_liberal."""
    play = stage(tcp_be_liberal=True)
    fetch(play)
    play.reply("R", seq=5840).expect(DROP, ct=INVALID, reason=Reason.TCP_RST_SEQ_LOW)


def test_a_low_reset_passes_as_inexact_if_the_check_is_off(stage: Stager) -> None:
    """Spec 4.5 b: `nf_conntrack_tcp_ignore_invalid_rst=1`."""
    play = stage(tcp_ignore_invalid_rst=True)
    fetch(play)
    play.reply("R", seq=5840).expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED, timeout=10)


def test_a_reset_right_behind_its_senders_own_data_closes(play: Playbook) -> None:
    """Spec 4.5 d: the receiver has not acknowledged the data yet."""
    fetch(play)
    play.reply("PA", 500).expect(ACCEPT)
    play.reply("R").expect(ACCEPT, ct=ESTABLISHED, state=State.CLOSE, timeout=10)


def test_a_reset_with_number_zero_does_not_close_an_assured_connection(play: Playbook) -> None:
    """Spec 4.5 a: the exception for number 0 holds only where the connection is not established and assured."""
    fetch(play)
    play.reply("R", seq=Raw(0)).expect(DROP, ct=INVALID)
    play.connection.is_(State.ESTABLISHED)


def test_a_reset_with_number_zero_closes_a_connection_that_is_not_assured(stage: Stager) -> None:
    """Spec 4.5 a: number 0 is not compared with what is expected, as any other below it would be (b)."""
    play = stage()
    play.tcp(isn=(1000, 10)).original("S").expect(ACCEPT)
    play.reply("S").expect(ACCEPT, state=State.SYN_SENT2)
    play.original("SA", seq=0).expect(ACCEPT, state=State.SYN_RECV, assured=False)
    play.reply("R", seq=Raw(5)).expect(DROP, ct=INVALID, reason=Reason.TCP_RST_SEQ_LOW)
    play.reply("R", seq=Raw(0)).expect(ACCEPT, ct=ESTABLISHED, state=State.CLOSE, timeout=10)


def test_a_reset_before_the_client_has_acknowledged_anything_needs_only_the_window(play: Playbook) -> None:
    """Spec 4.5, 5: there is no number yet that it would be compared with; nor has a window been granted."""
    play.original("S").expect(ACCEPT)
    play.reply("SA").expect(ACCEPT)
    play.reply("R", seq=2).expect(ACCEPT, ct=ESTABLISHED, state=State.SYN_RECV, reason=Reason.TCP_OVERSHOOT)
    play.reply("R", seq=0).expect(ACCEPT, ct=ESTABLISHED, before=State.SYN_RECV, state=State.CLOSE, timeout=10)


# --- after stray packets (4.5, 3 and 4) ------------------------------------------------------------------------


def test_a_reset_that_answers_a_stray_syn_is_not_judged_by_the_window(play: Playbook) -> None:
    """Spec 4.5, 3: its acknowledgement is exactly the end of the ignored SYN."""
    play.handshake()
    play.original("S", seq=700_000).expect(ACCEPT, ct=ESTABLISHED, reason=Reason.TCP_IGNORED)
    play.reply("RA", seq=Raw(0), ack=700_001).expect(ACCEPT, ct=ESTABLISHED, state=State.CLOSE, timeout=10)


def test_a_reset_after_a_stray_syn_that_acknowledges_something_else_is_judged(play: Playbook) -> None:
    """Spec 4.5, 5: bound III."""
    play.handshake()
    play.original("S", seq=700_000).expect(ACCEPT, ct=ESTABLISHED)
    play.reply("RA", seq=1, ack=900_000).expect(DROP, ct=INVALID, reason=Reason.TCP_ACK_OVER)
    play.connection.is_(State.ESTABLISHED)


def test_the_clients_reset_to_a_challenge_ack_is_accepted(play: Playbook) -> None:
    """Spec 4.5, 4: the server challenged our SYN; the reset carries the number the challenge acknowledged."""
    play.original("S").expect(ACCEPT)
    play.reply("A", seq=400_000, ack=-900_000).expect(ACCEPT, ct=ESTABLISHED, reason=Reason.TCP_IGNORED)
    play.original("R", seq=-900_000).expect(ACCEPT, ct=ESTABLISHED, before=State.SYN_SENT, state=State.CLOSE)


def test_a_reset_that_acknowledges_a_stray_acknowledgement_exactly_is_accepted(play: Playbook) -> None:
    """Spec 4.5, 3: not assured, the last packet of class ack, and the reset's acknowledgement is its end."""
    play.original("S").expect(ACCEPT)
    play.reply("A", seq=400_000, ack=1).expect(ACCEPT, ct=ESTABLISHED, reason=Reason.TCP_IGNORED)
    far = play.original("RA", seq=900_000, ack=400_000)
    far.expect(ACCEPT, ct=ESTABLISHED, before=State.SYN_SENT, state=State.CLOSE)


def test_a_reset_with_ack_set_may_leave_the_number_zero(play: Playbook) -> None:
    """Spec 5.3 step 3: then the acknowledgement is not judged."""
    fetch(play)
    play.reply("RA", seq=5841, ack=Raw(0)).expect(ACCEPT, ct=ESTABLISHED, state=State.CLOSE, timeout=10)


# --- while closing (4.5, 1) ------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", [1, 2, 3, 4])
@pytest.mark.parametrize("end", [ORIGINAL, REPLY])
def test_any_reset_ends_a_connection_that_is_closing(play: Playbook, closed: int, end: int) -> None:
    """Spec 4.5, 1, naive mistake 7: FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT are not validated at all."""
    play.handshake()
    for step, flags in ((play.original, "FA"), (play.reply, "A"), (play.reply, "FA"), (play.original, "A"))[:closed]:
        step(flags).expect(ACCEPT)
    say = play.original if end == ORIGINAL else play.reply
    say("R", seq=500_000_000).expect(ACCEPT, ct=ESTABLISHED, state=State.CLOSE, timeout=10)
    say("R", seq=900_000_000).expect(ACCEPT, ct=ESTABLISHED, before=State.CLOSE, state=State.CLOSE, timeout=10)


def test_late_data_after_a_reset_are_let_through_and_named(play: Playbook) -> None:
    """Spec 3.4: ack in CLOSE; DESIGN: `after-close`."""
    fetch(play)
    play.reply("R").expect(ACCEPT, state=State.CLOSE)
    play.reply("PA", 100).expect(ACCEPT, ct=ESTABLISHED, state=State.CLOSE, evidence=Evidence.AFTER_CLOSE)


# --- retrans, liberal ------------------------------------------------------------------------------------------


def test_a_reset_beyond_the_window_passes_where_windows_are_not_judged(stage: Stager) -> None:
    """Spec 5.5, liberal override: as an inexact one, since the number is still not the expected one."""
    play = stage(tcp_be_liberal=True)
    fetch(play)
    play.reply("R", seq=1_000_000).expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED, timeout=10)
