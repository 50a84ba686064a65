"""TCP connections that begin: sanity, handshakes of every kind, picking up in mid-stream (spec 3, 4.1, 4.4)."""

from __future__ import annotations

from itertools import combinations

import pytest

from fwsim.terms import Reason
from tests.conftest import Stager
from tests.playbook import ACCEPT, DROP, ESTABLISHED, INVALID, NEW, ORIGINAL, REPLY, Playbook, Raw, State
from tests.playbook_stage import NO_DIRECTION

VALID_FLAGS = {"S", "SU", "SA", "R", "RA", "FA", "FAU", "A", "AU"}
ALL_FLAGS = ["".join(c) for n in range(6) for c in combinations("FSRAU", n)]


def is_valid(flags: str) -> bool:
    return set(flags) in [set(valid) for valid in VALID_FLAGS]


def test_a_handshake_goes_through_three_states_and_is_assured_at_the_third_packet(play: Playbook) -> None:
    """Spec 3.4, 3.5, 6.2, 6.4."""
    syn = play.original("S")
    syn.expect(ACCEPT, ct=NEW, direction=ORIGINAL, state=State.SYN_SENT, timeout=120, seen_reply=False, assured=False)
    synack = play.reply("SA")
    synack.expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, before=State.SYN_SENT, state=State.SYN_RECV, timeout=60)
    play.connection.is_(State.SYN_RECV, seen_reply=True, assured=False)
    ack = play.original("A")
    ack.expect(ACCEPT, ct=ESTABLISHED, direction=ORIGINAL, before=State.SYN_RECV, state=State.ESTABLISHED)
    play.connection.is_(State.ESTABLISHED, timeout=432000, seen_reply=True, assured=True)


# --- sanity (3.1) ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", ALL_FLAGS)
def test_only_nine_combinations_of_flags_are_valid(stage: Stager, flags: str) -> None:
    """Spec 3.1: `tcp_valid_flags`; PSH, ECE and CWR are masked out first."""
    play = stage()
    play.handshake()
    for extra in ("", "P", "EW", "PEW"):
        sent = play.original(flags + extra, seq=1)
        if is_valid(flags):
            assert sent.judgement.reason != Reason.TCP_BAD_FLAGS
            sent.expect()
        else:
            sent.expect(DROP, ct=INVALID, reason=Reason.TCP_BAD_FLAGS)


@pytest.mark.parametrize("offset", [0, 4, 15])
def test_a_data_offset_that_does_not_fit_is_invalid(play: Playbook, offset: int) -> None:
    """Spec 3.1: below 5 words, or longer than the segment."""
    play.original("S", offset=offset).expect(DROP, ct=INVALID, reason=Reason.TCP_SHORT, exists=False)


def test_a_header_of_less_than_twenty_bytes_is_invalid(stage: Stager) -> None:
    """Spec 3.1."""
    play = stage()
    play.generic(6).original(b"\x9c\x40\x01\xbb" + bytes(12)).expect(DROP, ct=INVALID, reason=Reason.TCP_SHORT)


def test_a_wrong_checksum_is_invalid_and_leaves_the_connection_as_it_was(play: Playbook) -> None:
    """Spec 3.1, naive mistake 16: invalid, not dropped before the rules."""
    play.handshake()
    play.original("FA", bad_checksum=True).expect(DROP, ct=INVALID, reason=Reason.TCP_BAD_CHECKSUM, rule="broken")
    play.connection.is_(State.ESTABLISHED, timeout=431999.999)


def test_a_wrong_checksum_passes_where_checksums_are_not_verified(stage: Stager) -> None:
    """Spec 3.1: `nf_conntrack_checksum=0`."""
    stage(checksum=False).original("S", bad_checksum=True).expect(ACCEPT, ct=NEW, exists=True)


def test_ecn_and_push_do_not_change_what_a_segment_is(play: Playbook) -> None:
    """Spec 3.1; RFC 3168 §6.1.1: a SYN that offers ECN carries ECE and CWR."""
    play.original("SEW").expect(ACCEPT, ct=NEW, state=State.SYN_SENT)
    play.reply("SAE").expect(ACCEPT, ct=ESTABLISHED, state=State.SYN_RECV)
    play.original("PA", 10).expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED)


# --- what can open (3.3) ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", ["SA", "FA", "R", "RA"])
def test_what_neither_opens_nor_continues_is_invalid_without_a_connection(play: Playbook, flags: str) -> None:
    """Spec 3.3: only SYN and ACK can create an entry."""
    play.original(flags).expect(DROP, ct=INVALID, direction=NO_DIRECTION, reason=Reason.TCP_NOT_AN_OPENING)
    play.connection.is_absent()


def test_a_conversation_is_picked_up_in_mid_stream(play: Playbook) -> None:
    """Spec 3.3, 6.4, naive mistakes 4 and 10: new, then established, assured and long-lived one packet later."""
    first = play.original("A", seq=5000, ack=7000)
    first.expect(ACCEPT, ct=NEW, before=State.NONE, state=State.ESTABLISHED, reason=Reason.TCP_PICKED_UP)
    play.connection.is_(State.ESTABLISHED, timeout=300, seen_reply=False, assured=False)
    play.reply("A", seq=7000, ack=5000).expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, timeout=300, assured=False)
    play.connection.is_(State.ESTABLISHED, seen_reply=True)
    play.original("A", seq=5000, ack=7000).expect(ACCEPT, ct=ESTABLISHED, timeout=432000, assured=True)


def test_nothing_is_picked_up_when_tcp_loose_is_off(stage: Stager) -> None:
    """Spec 3.3: `nf_conntrack_tcp_loose=0`."""
    play = stage(tcp_loose=False)
    play.original("A", seq=5000, ack=7000).expect(DROP, ct=INVALID, reason=Reason.TCP_NO_PICKUP, exists=False)


def test_the_window_of_a_picked_up_conversation_is_never_judged(play: Playbook) -> None:
    """Spec 3.3: BE_LIBERAL for the life of the entry."""
    play.original("A", seq=5000, ack=7000).expect(ACCEPT)
    play.reply("A", seq=7000, ack=5000).expect(ACCEPT)
    play.reply("PA", 100, seq=900_000_000, ack=5000).expect(ACCEPT, ct=ESTABLISHED, reason=Reason.TCP_LIBERAL)
    play.original("PA", 100, seq=5000, ack=800_000_000).expect(ACCEPT, ct=ESTABLISHED)


def test_data_count_as_an_acknowledgement_when_they_are_picked_up(play: Playbook) -> None:
    """Spec 3.3, 3.4: data packets are of class `ack`."""
    play.original("PA", 500, seq=5000, ack=7000).expect(ACCEPT, ct=NEW, state=State.ESTABLISHED)


# --- SYN_SENT --------------------------------------------------------------------------------------------------


def test_a_repeated_syn_is_new_again_and_does_not_renew_the_timer(play: Playbook) -> None:
    """Spec 3.5, naive mistake 9 (6.3 and later)."""
    play.original("S").expect(ACCEPT, ct=NEW, timeout=120)
    play.after(seconds=3).original("S").expect(ACCEPT, ct=NEW, state=State.SYN_SENT, timeout=117)


def test_a_syn_that_nobody_answers_is_forgotten_after_two_minutes(play: Playbook) -> None:
    """Spec 6.2, naive mistake 22: dead when nothing remains."""
    play.original("S").expect(ACCEPT)
    play.after(seconds=119.999)
    play.connection.is_(State.SYN_SENT)
    play.after(seconds=0.001)
    play.connection.is_absent()
    play.reply("SA").expect(DROP, ct=INVALID, reason=Reason.TCP_NOT_AN_OPENING)


@pytest.mark.parametrize("flags", ["SA", "A", "FA"])
def test_the_opener_cannot_go_on_before_it_is_answered(play: Playbook, flags: str) -> None:
    """Spec 3.4: original column SYN_SENT."""
    play.original("S").expect(ACCEPT)
    play.original(flags, seq=1, ack=1).expect(DROP, ct=INVALID, reason=Reason.TCP_INVALID_STATE)
    play.connection.is_(State.SYN_SENT)


def test_an_answer_that_begins_with_fin_is_invalid(play: Playbook) -> None:
    """Spec 3.4: reply column SYN_SENT."""
    play.original("S").expect(ACCEPT)
    play.reply("FA", seq=0).expect(DROP, ct=INVALID, reason=Reason.TCP_INVALID_STATE)


def test_a_challenge_ack_to_a_syn_is_ignored_but_counts_as_a_reply(play: Playbook) -> None:
    """Spec 3.4 (reply ack, SYN_SENT: IG), 4.1, 2 step 9: an ignored reply sets SEEN_REPLY."""
    play.original("S").expect(ACCEPT)
    ignored = play.reply("A", seq=77, ack=1)
    ignored.expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, state=State.SYN_SENT, reason=Reason.TCP_IGNORED)
    play.connection.is_(State.SYN_SENT, seen_reply=True, assured=False, timeout=119.999)


def test_data_may_travel_with_the_syn(play: Playbook) -> None:
    """Spec 5.3: data before the handshake's end are not checked (RFC 7413, TCP Fast Open)."""
    play.original("S", 200).expect(ACCEPT, ct=NEW, state=State.SYN_SENT)
    play.reply("SA", ack=201).expect(ACCEPT, ct=ESTABLISHED, state=State.SYN_RECV)
    play.original("A", seq=201).expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED)


# --- SYN_RECV and later ----------------------------------------------------------------------------------------


def test_a_syn_inside_a_connection_is_established_and_changes_nothing(play: Playbook) -> None:
    """Spec 4.1, naive mistake 1."""
    play.original("S").expect(ACCEPT)
    play.reply("SA").expect(ACCEPT)
    again = play.original("S", seq=0)
    again.expect(ACCEPT, ct=ESTABLISHED, direction=ORIGINAL, state=State.SYN_RECV, reason=Reason.TCP_IGNORED)
    play.original("A").expect(ACCEPT, state=State.ESTABLISHED)
    stray = play.original("S", seq=900_000)
    stray.expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED, reason=Reason.TCP_IGNORED)
    play.connection.is_(State.ESTABLISHED, timeout=431999.999)


def test_a_syn_from_the_answering_end_is_invalid_in_an_open_connection(play: Playbook) -> None:
    """Spec 3.4: reply syn, SYN_RECV to CLOSE."""
    play.handshake()
    play.reply("S", seq=9000).expect(DROP, ct=INVALID, reason=Reason.TCP_INVALID_STATE)
    play.connection.is_(State.ESTABLISHED)


def test_a_repeated_synack_is_accepted_and_renews_nothing(play: Playbook) -> None:
    """Spec 4.1, naive mistake 14."""
    play.original("S").expect(ACCEPT)
    play.reply("SA").expect(ACCEPT, timeout=60)
    play.after(seconds=1).reply("SA").expect(ACCEPT, ct=ESTABLISHED, state=State.SYN_RECV, timeout=59)
    play.original("A").expect(ACCEPT, timeout=432000)
    again = play.after(seconds=2).reply("SA")
    again.expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, state=State.ESTABLISHED, timeout=431998)


def test_a_synack_from_the_opener_is_invalid_in_an_open_connection(play: Playbook) -> None:
    """Spec 3.4: original synack, ESTABLISHED."""
    play.handshake()
    play.original("SA", seq=1).expect(DROP, ct=INVALID, reason=Reason.TCP_INVALID_STATE)


def test_a_second_acknowledgement_by_the_answering_end_stays_in_syn_recv(play: Playbook) -> None:
    """Spec 3.4 (reply ack, SYN_RECV: SR) and 4.4: it opens only after a simultaneous open."""
    play.original("S").expect(ACCEPT)
    play.reply("SA").expect(ACCEPT)
    play.reply("A").expect(ACCEPT, ct=ESTABLISHED, before=State.SYN_RECV, state=State.SYN_RECV, timeout=60)


# --- both ends open (4.4) --------------------------------------------------------------------------------------


def test_two_ends_may_open_at_the_same_time(play: Playbook) -> None:
    """Spec 4.4, K618: S / S / S.(orig) / S.(reply) / ack. The second SYN comes before any reply: no new timer (3.5)."""
    play.original("S").expect(ACCEPT, ct=NEW, state=State.SYN_SENT)
    play.reply("S").expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, state=State.SYN_SENT2, timeout=119.999)
    play.original("SA", seq=0).expect(ACCEPT, ct=ESTABLISHED, direction=ORIGINAL, state=State.SYN_RECV, timeout=60)
    play.reply("SA", seq=0).expect(ACCEPT, ct=ESTABLISHED, state=State.SYN_RECV, reason=Reason.TCP_IGNORED)
    play.original("A").expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED, timeout=432000, assured=True)


def test_a_server_that_splits_the_handshake_opens_it_by_its_own_ack(play: Playbook) -> None:
    """Spec 4.4: SYN_RECV left by a reply-direction ACK, because both have sent a SYN."""
    play.original("S").expect(ACCEPT)
    play.reply("S").expect(ACCEPT, state=State.SYN_SENT2)
    play.original("SA", seq=0).expect(ACCEPT, state=State.SYN_RECV)
    play.reply("A").expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, before=State.SYN_RECV, state=State.ESTABLISHED)
    play.connection.is_(State.ESTABLISHED, assured=True)


def test_a_syn_may_be_repeated_while_both_are_opening(play: Playbook) -> None:
    """Spec 3.4: syn in SYN_SENT2, either direction."""
    play.original("S").expect(ACCEPT)
    play.reply("S").expect(ACCEPT, state=State.SYN_SENT2)
    play.original("S").expect(ACCEPT, ct=ESTABLISHED, before=State.SYN_SENT2, state=State.SYN_SENT2)
    play.reply("S").expect(ACCEPT, ct=ESTABLISHED, before=State.SYN_SENT2, state=State.SYN_SENT2)


def test_data_are_invalid_while_both_are_opening(play: Playbook) -> None:
    """Spec 3.4: original ack and fin, SYN_SENT2; reply ack is ignored."""
    play.original("S").expect(ACCEPT)
    play.reply("S").expect(ACCEPT, state=State.SYN_SENT2)
    play.original("A").expect(DROP, ct=INVALID, reason=Reason.TCP_INVALID_STATE)
    play.original("FA").expect(DROP, ct=INVALID, reason=Reason.TCP_INVALID_STATE)
    play.reply("A").expect(ACCEPT, ct=ESTABLISHED, state=State.SYN_SENT2, reason=Reason.TCP_IGNORED)


# --- two views of one connection (4.1) -------------------------------------------------------------------------


def test_conntrack_follows_when_both_ends_agree_on_a_connection_that_it_ignored(play: Playbook) -> None:
    """Spec 4.1 step 1: the SYN-ACK acknowledges the ignored SYN exactly."""
    play.handshake()
    play.original("S", seq=700_000).expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED)
    agreed = play.reply("SA", seq=900_000, ack=700_001)
    agreed.expect(ACCEPT, ct=ESTABLISHED, state=State.SYN_RECV, reason=Reason.TCP_RESYNC, timeout=60)
    play.connection.is_(State.SYN_RECV, seen_reply=True, assured=True)
    play.original("A", seq=700_001, ack=900_001).expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED)
    play.reply("PA", 10, seq=900_001, ack=700_001).expect(ACCEPT, ct=ESTABLISHED)


def test_a_synack_that_acknowledges_something_else_is_no_agreement(play: Playbook) -> None:
    """Spec 4.1 step 2."""
    play.handshake()
    play.original("S", seq=700_000).expect(ACCEPT)
    play.reply("SA", seq=900_000, ack=700_000).expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED)
    play.connection.is_(State.ESTABLISHED)


# --- a second beginning (5.3 step 2) ---------------------------------------------------------------------------


def test_a_syn_with_a_later_number_begins_the_senders_window_again(play: Playbook) -> None:
    """Spec 5.3 step 2: in SYN_SENT and SYN_RECV, if it ends behind what was seen."""
    play.original("S").expect(ACCEPT)
    play.original("S", seq=500_000).expect(ACCEPT, ct=NEW, state=State.SYN_SENT)
    play.reply("SA", ack=500_001).expect(ACCEPT, ct=ESTABLISHED, state=State.SYN_RECV)
    play.original("A", seq=500_001).expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED)


# --- wrong answers (5.3 steps 1 and 2) -------------------------------------------------------------------------


def test_a_synack_with_a_wrong_acknowledgement_is_invalid_and_the_right_one_still_opens(play: Playbook) -> None:
    """Spec 5.3: the wrong one has initialised the server's side, a higher one initialises it again."""
    play.original("S").expect(ACCEPT)
    play.reply("SA", seq=0, ack=5000).expect(DROP, ct=INVALID, reason=Reason.TCP_ACK_OVER)
    play.connection.is_(State.SYN_SENT)
    play.reply("SA", seq=70_000, ack=1).expect(ACCEPT, ct=ESTABLISHED, state=State.SYN_RECV)


def test_a_right_synack_that_begins_far_below_a_wrong_one_is_ignored(play: Playbook) -> None:
    """Spec 5.3: bound II against the side that the wrong one initialised; the handshake never ends in conntrack."""
    play.original("S").expect(ACCEPT)
    play.reply("SA", seq=1_000_000, ack=5000).expect(DROP, ct=INVALID)
    play.reply("SA", seq=0, ack=1).expect(ACCEPT, ct=ESTABLISHED, state=State.SYN_SENT, reason=Reason.TCP_OLD_DATA)
    play.connection.is_(State.SYN_SENT)


def test_numbers_may_wrap_around_during_the_handshake(stage: Stager) -> None:
    """RFC 9293 §3.4: arithmetic modulo 2**32."""
    play = stage()
    play.tcp(isn=(0xFFFFFFFF, 0xFFFFFFFE)).handshake()
    play.original("PA", 1000).expect(ACCEPT, ct=ESTABLISHED)
    play.reply("PA", 1000).expect(ACCEPT, ct=ESTABLISHED)
    play.original("A").expect(ACCEPT, ct=ESTABLISHED, timeout=432000)


def test_an_absolute_number_of_zero_is_as_good_as_any(stage: Stager) -> None:
    """RFC 9293 §3.4."""
    play = stage()
    play.tcp(isn=(0, 0)).handshake()
    play.original("PA", 10, seq=Raw(1)).expect(ACCEPT, ct=ESTABLISHED)
