"""TCP connections that end, and what may follow on the same ports (conntrack-spec 3.4, 4.2, 4.3, 6.3)."""

from __future__ import annotations

import pytest

from fwsim.terms import Reason
from tests.conftest import Stager
from tests.playbook import ACCEPT, DROP, ESTABLISHED, INVALID, NEW, ORIGINAL, REPLY, Playbook, State

# --- the way through the states (3.4) --------------------------------------------------------------------------


@pytest.mark.parametrize("first", [ORIGINAL, REPLY])
def test_an_orderly_close_goes_through_four_states(play: Playbook, first: int) -> None:
    """Spec 3.4, 6.2: the same whoever begins."""
    play.handshake()
    begins, answers = (play.original, play.reply) if first == ORIGINAL else (play.reply, play.original)
    begins("FA").expect(ACCEPT, ct=ESTABLISHED, before=State.ESTABLISHED, state=State.FIN_WAIT, timeout=120)
    answers("A").expect(ACCEPT, ct=ESTABLISHED, before=State.FIN_WAIT, state=State.CLOSE_WAIT, timeout=60)
    answers("FA").expect(ACCEPT, ct=ESTABLISHED, before=State.CLOSE_WAIT, state=State.LAST_ACK, timeout=30)
    begins("A").expect(ACCEPT, ct=ESTABLISHED, before=State.LAST_ACK, state=State.TIME_WAIT, timeout=120)
    play.after(seconds=120)
    play.connection.is_absent()


def test_both_ends_may_close_at_the_same_time(play: Playbook) -> None:
    """Spec 3.4: fin in FIN_WAIT."""
    play.handshake()
    play.original("FA").expect(ACCEPT, state=State.FIN_WAIT)
    play.reply("FA", ack=1).expect(ACCEPT, state=State.LAST_ACK)
    play.original("A").expect(ACCEPT, state=State.TIME_WAIT)


def test_a_repeated_fin_of_the_same_end_moves_on_all_the_same(play: Playbook) -> None:
    """Spec 3.4: the table does not know who sent the first FIN (K618)."""
    play.handshake()
    play.original("FA").expect(ACCEPT, state=State.FIN_WAIT)
    play.original("FA", seq=1).expect(ACCEPT, ct=ESTABLISHED, before=State.FIN_WAIT, state=State.LAST_ACK)


def test_an_ack_of_the_end_that_closed_moves_on_all_the_same(play: Playbook) -> None:
    """Spec 3.4: FIN_WAIT to CLOSE_WAIT by the FIN's own sender (K618)."""
    play.handshake()
    play.original("FA").expect(ACCEPT, state=State.FIN_WAIT)
    play.original("A").expect(ACCEPT, before=State.FIN_WAIT, state=State.CLOSE_WAIT)


def test_a_fin_is_in_order_before_the_handshake_has_ended(play: Playbook) -> None:
    """Spec 3.4: fin in SYN_RECV; 6.4: such a connection never becomes assured."""
    play.original("S").expect(ACCEPT)
    play.reply("SA").expect(ACCEPT)
    play.original("FA").expect(ACCEPT, ct=ESTABLISHED, before=State.SYN_RECV, state=State.FIN_WAIT, assured=False)


def test_the_answering_end_may_go_on_sending_after_the_other_has_closed(play: Playbook) -> None:
    """Spec 3.4: data are of class `ack`: CLOSE_WAIT stays."""
    play.handshake()
    play.original("FA").expect(ACCEPT)
    play.reply("A").expect(ACCEPT, state=State.CLOSE_WAIT)
    play.reply("PA", 1000).expect(ACCEPT, ct=ESTABLISHED, state=State.CLOSE_WAIT)
    play.original("A").expect(ACCEPT, ct=ESTABLISHED, state=State.CLOSE_WAIT)


def test_time_wait_is_renewed_by_late_packets(play: Playbook) -> None:
    """Spec 3.4: ack and fin in TIME_WAIT."""
    play.handshake().close()
    play.connection.is_(State.TIME_WAIT, timeout=120)
    play.after(seconds=10).reply("FA", seq=1).expect(ACCEPT, ct=ESTABLISHED, state=State.TIME_WAIT, timeout=120)
    play.original("A").expect(ACCEPT, ct=ESTABLISHED, state=State.TIME_WAIT, timeout=120)


# --- the same ports again (4.2) --------------------------------------------------------------------------------


def test_a_syn_in_time_wait_opens_a_new_connection(play: Playbook) -> None:
    """Spec 4.2, naive mistake 15: the old entry is deleted and the packet looked at again."""
    play.handshake().close()
    play.usual.again()
    reopened = play.after(seconds=5).original("S")
    reopened.expect(ACCEPT, ct=NEW, direction=ORIGINAL, state=State.SYN_SENT, reason=Reason.TCP_REOPENED)
    play.connection.is_(State.SYN_SENT, timeout=120, seen_reply=False, assured=False)
    play.reply("SA").expect(ACCEPT, ct=ESTABLISHED, state=State.SYN_RECV)


def test_a_syn_of_the_former_server_in_time_wait_opens_a_connection_the_other_way(play: Playbook) -> None:
    """Spec 4.2: the original direction is now that of the SYN's sender."""
    play.handshake().close()
    (client, server) = play.usual.ends
    turned = play.tcp(*(f"[{end.address}]:{end.port}" for end in (server, client)))
    turned.original("S").expect(ACCEPT, ct=NEW, direction=ORIGINAL, state=State.SYN_SENT)
    play.connection.is_absent()
    turned.reply("SA").expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, state=State.SYN_RECV)


def test_a_dropped_syn_in_time_wait_has_ended_the_old_connection(stage: Stager) -> None:
    """Spec 1 and 4.2: the deletion is kept although a rule drops the packet."""
    play = stage("edge")
    play.handshake().close()
    client, server = play.usual.ends
    turned = play.tcp(f"{server.address}:{server.port}", f"{client.address}:{client.port}")
    turned.original("S").expect(DROP, ct=NEW, rule="policy")
    turned.connection.is_absent()
    play.connection.is_absent()


def test_the_client_that_reset_may_open_again_at_once(play: Playbook) -> None:
    """Spec 4.2: the last packet of this direction was an RST."""
    play.handshake()
    play.original("R").expect(ACCEPT, state=State.CLOSE, timeout=10)
    play.usual.again()
    play.original("S").expect(ACCEPT, ct=NEW, state=State.SYN_SENT, seen_reply=False)


def test_a_syn_after_the_servers_reset_is_established_until_the_server_agrees(play: Playbook) -> None:
    """Spec 4.2, naive mistake 15: ignored in CLOSE, its timer runs on; the SYN-ACK brings conntrack back (K618)."""
    play.handshake()
    play.reply("R").expect(ACCEPT, state=State.CLOSE, timeout=10)
    play.usual.again()
    again = play.after(seconds=3).original("S")
    again.expect(ACCEPT, ct=ESTABLISHED, direction=ORIGINAL, state=State.CLOSE, reason=Reason.TCP_IGNORED, timeout=7)
    play.reply("SA").expect(ACCEPT, ct=ESTABLISHED, state=State.SYN_RECV, reason=Reason.TCP_RESYNC, timeout=60)
    play.original("A").expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED)


def test_a_syn_after_fin_and_reset_opens_anew(play: Playbook) -> None:
    """Spec 4.2: CLOSE_INIT is set, since one end had closed before the reset."""
    play.handshake()
    play.original("FA").expect(ACCEPT, state=State.FIN_WAIT)
    play.reply("R").expect(ACCEPT, state=State.CLOSE)
    play.usual.again()
    play.original("S").expect(ACCEPT, ct=NEW, state=State.SYN_SENT)


def test_a_syn_of_the_answering_end_is_invalid_after_a_reset(play: Playbook) -> None:
    """Spec 3.4: reply syn, CLOSE."""
    play.handshake()
    play.original("R").expect(ACCEPT, state=State.CLOSE)
    play.reply("S", seq=9000).expect(DROP, ct=INVALID, reason=Reason.TCP_INVALID_STATE)


@pytest.mark.parametrize("closed", [1, 2, 3])
def test_a_syn_before_the_close_is_complete_is_ignored(play: Playbook, closed: int) -> None:
    """Spec 3.4: original syn in FIN_WAIT, CLOSE_WAIT, LAST_ACK."""
    play.handshake()
    for step, flags in ((play.original, "FA"), (play.reply, "A"), (play.reply, "FA"))[:closed]:
        step(flags).expect(ACCEPT)
    state = (State.FIN_WAIT, State.CLOSE_WAIT, State.LAST_ACK)[closed - 1]
    stray = play.original("S", seq=700_000)
    stray.expect(ACCEPT, ct=ESTABLISHED, state=state, reason=Reason.TCP_IGNORED)


# --- challenge ACK (4.3) ---------------------------------------------------------------------------------------


def test_a_challenge_ack_in_last_ack_does_not_end_the_connection(play: Playbook) -> None:
    """Spec 4.3: the client opens again while conntrack thinks LAST_ACK; the server's challenge is let through once."""
    play.handshake()
    play.original("FA").expect(ACCEPT)
    play.reply("A").expect(ACCEPT)
    play.reply("FA").expect(ACCEPT, state=State.LAST_ACK)
    play.original("S", seq=700_000).expect(ACCEPT, ct=ESTABLISHED, state=State.LAST_ACK, reason=Reason.TCP_IGNORED)
    challenge = play.reply("A")
    challenge.expect(ACCEPT, ct=ESTABLISHED, state=State.LAST_ACK, reason=Reason.TCP_CHALLENGE_ACK)
    play.reply("A").expect(ACCEPT, ct=ESTABLISHED, before=State.LAST_ACK, state=State.TIME_WAIT)


# --- the hopeless close (6.3) ----------------------------------------------------------------------------------


def test_fins_of_both_ends_outside_the_window_shorten_the_timer(play: Playbook) -> None:
    """Spec 6.3 (K618): 432000 becomes 300 at the second of them."""
    play.handshake()
    far = 1_000_000
    play.original("FA", seq=far).expect(DROP, ct=INVALID, reason=Reason.TCP_SEQ_OVER)
    play.connection.is_(State.ESTABLISHED, timeout=431999.999)
    play.original("FA", seq=far).expect(DROP, ct=INVALID)
    play.connection.is_(State.ESTABLISHED, timeout=431999.998)
    play.reply("FA", seq=far).expect(DROP, ct=INVALID)
    play.connection.is_(State.ESTABLISHED, timeout=300)


def test_resets_of_both_ends_outside_the_window_shorten_the_timer(play: Playbook) -> None:
    """Spec 6.3, for class rst; the one below what is expected (4.5 b) does not count."""
    play.handshake()
    play.original("PA", 10).expect(ACCEPT)
    play.reply("A").expect(ACCEPT, timeout=432000)
    play.original("R", seq=1_000_000).expect(DROP, ct=INVALID, reason=Reason.TCP_SEQ_OVER)
    play.reply("R", seq=-5).expect(DROP, ct=INVALID, reason=Reason.TCP_RST_SEQ_LOW)
    play.connection.is_(State.ESTABLISHED, timeout=431999.998)
    play.reply("R", seq=1_000_000).expect(DROP, ct=INVALID, reason=Reason.TCP_SEQ_OVER)
    play.connection.is_(State.ESTABLISHED, timeout=300)


def test_a_timer_that_is_short_already_is_not_shortened(play: Playbook) -> None:
    """Spec 6.3: only if 120 s or more remain, and more than 300."""
    play.handshake()
    play.original("PA", 10).expect(ACCEPT, timeout=300)
    play.original("FA", seq=1_000_000).expect(DROP, ct=INVALID)
    play.after(seconds=50).reply("FA", seq=1_000_000).expect(DROP, ct=INVALID)
    play.connection.is_(State.ESTABLISHED, timeout=249.999)
