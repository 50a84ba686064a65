"""SCTP associations (conntrack-spec 11, RFC 9260)."""

from __future__ import annotations

import pytest

from fwsim.terms import Reason, SctpState
from tests.conftest import Stager
from tests.playbook import ACCEPT, DROP, ESTABLISHED, INVALID, NEW, ORIGINAL, RELATED, REPLY, Playbook

State = SctpState


def test_an_association_is_opened_in_four_packets_and_then_assured(play: Playbook) -> None:
    """RFC 9260 §5.1."""
    talk = play.sctp()
    talk.original("init").expect(ACCEPT, ct=NEW, direction=ORIGINAL, association=State.CLOSED, timeout=10, state=None)
    talk.reply("init-ack").expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, association=State.COOKIE_WAIT, timeout=3)
    talk.original("cookie-echo", "data").expect(ACCEPT, association=State.COOKIE_ECHOED, timeout=3, assured=False)
    talk.reply("cookie-ack", "sack").expect(ACCEPT, association=State.ESTABLISHED, timeout=210, assured=True)
    play.after(seconds=100)
    talk.original("data").expect(ACCEPT, ct=ESTABLISHED, direction=ORIGINAL, timeout=210)


@pytest.mark.parametrize("closer", [ORIGINAL, REPLY])
def test_an_association_is_shut_down_by_either_side(play: Playbook, closer: int) -> None:
    """RFC 9260 §9.2."""
    talk = play.sctp()
    talk.open()
    say = (talk.original, talk.reply)
    first = (State.SHUTDOWN_SENT, State.SHUTDOWN_RECD)[closer]
    say[closer]("shutdown").expect(ACCEPT, association=first, timeout=3)
    say[1 - closer]("shutdown-ack").expect(ACCEPT, association=State.SHUTDOWN_ACK_SENT, timeout=3)
    say[closer]("shutdown-complete").expect(ACCEPT, association=State.CLOSED, timeout=10, assured=True)
    play.after(seconds=10)
    talk.connection.is_absent()


def test_the_timeouts_are_settings(stage: Stager) -> None:
    play = stage(sctp_timeout_closed=4, sctp_timeout_cookie_wait=5, sctp_timeout_established="1h")
    talk = play.sctp()
    talk.original("init").expect(timeout=4)
    talk.reply("init-ack").expect(timeout=5)
    talk.original("cookie-echo")
    talk.reply("cookie-ack").expect(timeout=3600)


def test_an_init_again_does_not_restart_the_timer(play: Playbook) -> None:
    """Spec 11: since 6.x."""
    talk = play.sctp()
    talk.original("init").expect(timeout=10)
    play.after(seconds=4)
    talk.original("init").expect(ACCEPT, ct=NEW, timeout=6, reason=Reason.SCTP_IGNORED)


# --- what opens an association ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kinds", "state", "timeout"),
    [
        (("init",), State.CLOSED, 10),
        (("heartbeat",), State.HEARTBEAT_SENT, 30),
        (("shutdown-ack",), State.SHUTDOWN_ACK_SENT, 3),
        (("heartbeat-ack",), State.CLOSED, 10),
        (("heartbeat", "shutdown-ack"), State.SHUTDOWN_ACK_SENT, 3),
    ],
    ids=str,
)
def test_these_open_an_association(play: Playbook, kinds: tuple[str, ...], state: State, timeout: int) -> None:
    """Spec 11 (K618)."""
    play.sctp().original(*kinds).expect(ACCEPT, ct=NEW, association=state, timeout=timeout)


@pytest.mark.parametrize(
    "kinds",
    [("data",), ("cookie-echo",), ("shutdown",), ("init-ack",), ("abort",), ("shutdown-complete",), ("cookie-ack",),
     ("sack",), (193,), ("heartbeat", "data")],
    ids=str,
)  # fmt: skip
def test_these_do_not_open_one(play: Playbook, kinds: tuple[str | int, ...]) -> None:
    """Spec 11 (K618): with a tag that is not 0."""
    play.sctp().original(*kinds).expect(DROP, ct=INVALID, exists=False)


@pytest.mark.parametrize("kind", ["cookie-echo", "shutdown", "init-ack", "error"])
def test_with_tag_0_more_chunks_open_an_association(play: Playbook, kind: str) -> None:
    """Spec 11: the tag is compared with none."""
    play.sctp().original(kind, vtag=0).expect(ACCEPT, ct=NEW, association=State.CLOSED)


def test_an_init_must_carry_tag_0(play: Playbook) -> None:
    """RFC 9260 §8.5.1 A."""
    play.sctp().original("init", vtag=5).expect(DROP, ct=INVALID, reason=Reason.SCTP_NOT_AN_OPENING)


# --- verification tags -----------------------------------------------------------------------------------------


def test_a_packet_with_another_tag_is_invalid_and_changes_nothing(play: Playbook) -> None:
    """RFC 9260 §8.5: a blind attacker does not know it."""
    talk = play.sctp()
    talk.open()
    play.after(seconds=9)
    for kinds in (("data",), ("shutdown",), ("abort",), ("error",)):
        talk.original(*kinds, vtag=0x77).expect(DROP, ct=INVALID, reason=Reason.SCTP_BAD_TAG)
    talk.connection.is_(association=State.ESTABLISHED, timeout=201 - 3 * play.step_ns / 1e9)


def test_an_abort_may_carry_the_tag_of_its_sender_if_it_says_so(play: Playbook) -> None:
    """RFC 9260 §8.5.1 B: the T bit."""
    talk = play.sctp()
    talk.open()
    talk.reply("abort", vtag=talk.tags[1]).expect(DROP, reason=Reason.SCTP_BAD_TAG)
    talk.reply("abort", vtag=talk.tags[0], flags=1).expect(DROP, reason=Reason.SCTP_BAD_TAG)
    talk.reply("abort", vtag=talk.tags[1], flags=1).expect(ACCEPT, association=State.CLOSED, timeout=10)


def test_a_heartbeat_with_a_new_tag_is_believed_when_it_is_answered(play: Playbook) -> None:
    """Spec 11: tolerated once without restarting the timer; the answer of the other side may then bring a new tag."""
    talk = play.sctp()
    talk.original("heartbeat").expect(ACCEPT, ct=NEW, timeout=30)
    talk.reply("heartbeat-ack").expect(ACCEPT, association=State.ESTABLISHED, timeout=210, assured=True)
    play.after(seconds=10)
    talk.original("heartbeat", vtag=0x99).expect(ACCEPT, reason=Reason.SCTP_IGNORED, timeout=200)
    talk.original("heartbeat", "data", vtag=0x99).expect(DROP, reason=Reason.SCTP_BAD_TAG)
    talk.reply("heartbeat-ack", vtag=0x88).expect(ACCEPT, timeout=210)
    talk.reply("data", vtag=0x88).expect(ACCEPT)
    talk.original("heartbeat", vtag=0x99).expect(ACCEPT, ct=ESTABLISHED, timeout=210)


def test_both_sides_may_open_at_once(play: Playbook) -> None:
    """RFC 9260 §5.2.1: a collision of INITs; an INIT-ACK whose tag is not the known one is refused."""
    talk = play.sctp()
    talk.original("init").expect(ACCEPT, ct=NEW)
    talk.reply("init").expect(ACCEPT, ct=ESTABLISHED, association=State.CLOSED)
    talk.original("init-ack", tag=0x55).expect(DROP, reason=Reason.SCTP_BAD_TAG)
    talk.original("init-ack").expect(ACCEPT, association=State.CLOSED)
    talk.reply("init-ack").expect(ACCEPT, association=State.COOKIE_WAIT)
    talk.reply("cookie-echo").expect(ACCEPT, association=State.COOKIE_ECHOED)
    talk.original("cookie-ack").expect(ACCEPT, association=State.ESTABLISHED, assured=True)


# --- malformed packets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kinds", [("init", "data"), ("data", "init-ack"), ("data", "cookie-ack"), ("data", "cookie-echo"), ()], ids=str
)
def test_chunks_that_must_not_stand_together_are_invalid(play: Playbook, kinds: tuple[str, ...]) -> None:
    """RFC 9260 §6.10; a packet without chunks is none."""
    talk = play.sctp()
    talk.open()
    talk.original(*kinds).expect(DROP, ct=INVALID, reason=Reason.SCTP_BAD_CHUNKS)


def test_a_chunk_of_no_length_is_invalid(play: Playbook) -> None:
    play.sctp().original("heartbeat", claims=0).expect(DROP, ct=INVALID, reason=Reason.SCTP_BAD_CHUNKS)


def test_a_wrong_crc_is_invalid_unless_checksums_are_not_looked_at(stage: Stager) -> None:
    stage().sctp().original("init", crc=1).expect(DROP, ct=INVALID, reason=Reason.SCTP_BAD_CHECKSUM)
    stage(checksum=False).sctp().original("init", crc=1).expect(ACCEPT, ct=NEW)


def test_a_crc_left_to_the_network_card_is_not_judged(stage: Stager) -> None:
    stage().sctp().original("init", crc=0).expect(ACCEPT, ct=NEW)


def test_what_chunks_ahead_of_an_invalid_one_have_changed_stays(play: Playbook) -> None:
    """Spec 11, last sentence."""
    talk = play.sctp()
    talk.open()
    talk.original("shutdown", "abort", flags=1).expect(DROP, ct=INVALID, reason=Reason.SCTP_BAD_TAG)
    talk.connection.is_(association=State.SHUTDOWN_SENT, timeout=210 - play.step_ns / 1e9)


def test_an_answer_to_a_heartbeat_other_than_a_heartbeat_is_invalid(play: Playbook) -> None:
    talk = play.sctp()
    talk.original("heartbeat")
    talk.reply("shutdown", vtag=0).expect(DROP, ct=INVALID, reason=Reason.SCTP_INVALID_STATE)


def test_an_icmp_error_about_a_packet_is_related(play: Playbook) -> None:
    """Spec 8.1: the ports are enough."""
    talk = play.sctp()
    talk.original("init")
    code = (3, 2) if play.family == 4 else (1, 4)
    talk.error(*code, source=talk.ends[1].address).expect(ACCEPT, ct=RELATED, direction=REPLY)


def test_rules_match_on_its_ports(stage: Stager) -> None:
    play = stage([{"proto": "sctp", "dport": 36412, "ct_state": "new", "verdict": "accept"}])
    play.sctp().original("init").expect(ACCEPT)
    play.sctp(other="203.0.113.80:2905").original("init").expect(DROP, exists=False)
