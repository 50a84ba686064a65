"""UDP (conntrack-spec 7)."""

from __future__ import annotations

import pytest

from fwsim.terms import Evidence, Reason
from tests.conftest import Stager
from tests.playbook import ACCEPT, DROP, ESTABLISHED, INVALID, NEW, ORIGINAL, REPLY, Playbook


def test_a_question_and_its_answer_live_half_a_minute(play: Playbook) -> None:
    """Spec 7, naive mistake 11: the first reply gives neither 120 s nor ASSURED."""
    dns = play.udp()
    dns.original(30).expect(ACCEPT, ct=NEW, direction=ORIGINAL, timeout=30, seen_reply=False, state=None)
    dns.reply(90).expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, timeout=30, seen_reply=True, assured=False)
    play.after(seconds=30)
    dns.connection.is_absent()


def test_a_second_question_is_new_until_the_first_is_answered(play: Playbook) -> None:
    """Spec 2 step 7: established needs SEEN_REPLY."""
    dns = play.udp()
    dns.original(30).expect(ACCEPT, ct=NEW)
    dns.original(30).expect(ACCEPT, ct=NEW, timeout=30)
    dns.reply(90).expect(ACCEPT, ct=ESTABLISHED)
    dns.original(30).expect(ACCEPT, ct=ESTABLISHED, direction=ORIGINAL)


@pytest.mark.parametrize("end", [ORIGINAL, REPLY])
def test_an_exchange_that_goes_on_for_two_seconds_becomes_a_stream(play: Playbook, end: int) -> None:
    """Spec 7: two seconds from creation, SEEN_REPLY set before the packet, either direction."""
    talk = play.udp()
    say = talk.original if end == ORIGINAL else talk.reply
    talk.original(30).expect(ACCEPT)
    talk.reply(30).expect(ACCEPT)
    play.after(seconds=1.998)
    say(30).expect(ACCEPT, ct=ESTABLISHED, timeout=30, assured=False)
    play.after(seconds=0.002)
    say(30).expect(ACCEPT, ct=ESTABLISHED, timeout=120, assured=True)
    say(30).expect(ACCEPT, ct=ESTABLISHED, timeout=120, assured=True)


def test_exactly_two_seconds_are_not_enough(play: Playbook) -> None:
    """Spec 7: now > stream_ts."""
    talk = play.udp()
    talk.original(30).expect(ACCEPT)
    talk.reply(30).expect(ACCEPT)
    play.after(seconds=1.999)
    talk.original(30).expect(ACCEPT, timeout=30, assured=False)


def test_a_late_first_reply_does_not_make_a_stream(play: Playbook) -> None:
    """Spec 7: SEEN_REPLY was not set before it."""
    talk = play.udp()
    talk.original(30).expect(ACCEPT)
    play.after(seconds=20)
    talk.reply(30).expect(ACCEPT, ct=ESTABLISHED, timeout=30, assured=False)
    talk.reply(30).expect(ACCEPT, timeout=120, assured=True)


def test_an_answer_without_a_question_is_new_and_looks_forged(stage: Stager) -> None:
    """UDP has no flags: only the ports speak. DESIGN: `udp-reply-without-request`."""
    play = stage("edge")
    forged = play.udp("203.0.113.53:53", "10.1.0.23:40000").original(90)
    forged.expect(DROP, ct=NEW, direction=ORIGINAL, evidence=Evidence.UDP_REPLY_WITHOUT_REQUEST, exists=False)


def test_an_answer_from_another_port_or_address_is_another_conversation(play: Playbook) -> None:
    """Spec 2.1: the tuple is both addresses and both ports."""
    dns = play.udp()
    dns.original(30).expect(ACCEPT)
    client = f"[{dns.ends[0].address}]:40000"
    play.udp(f"[{dns.ends[1].address}]:5353", client).original(30).expect(ACCEPT, ct=NEW)
    dns.connection.is_(seen_reply=False)


@pytest.mark.parametrize("setting", ["udp_timeout", "udp_timeout_stream"])
def test_both_timeouts_are_settings(stage: Stager, setting: str) -> None:
    """Spec 6.2."""
    play = stage(**{setting: 44})
    talk = play.udp()
    talk.original(30).expect(ACCEPT, timeout=44 if setting == "udp_timeout" else 30)
    talk.reply(30).expect(ACCEPT)
    play.after(seconds=5)
    talk.reply(30).expect(ACCEPT, timeout=44 if setting == "udp_timeout_stream" else 120)


# --- sanity ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [0, 7, 39, 60_000])
def test_a_length_that_does_not_fit_is_invalid(play: Playbook, length: int) -> None:
    """Spec 7: below 8 (also 0, also in IPv6), or longer than the IP payload."""
    sent = play.udp().original(30, udp_length=length)
    sent.expect(DROP, ct=INVALID, reason=Reason.UDP_SHORT, evidence=Evidence.BAD_LENGTH, exists=False)


def test_less_than_a_header_is_invalid(stage: Stager) -> None:
    """Spec 7: 8 bytes."""
    play = stage()
    play.generic(17).original(b"\x9c\x40\x00\x35\x00\x07\x00").expect(DROP, ct=INVALID, reason=Reason.UDP_SHORT)


def test_a_wrong_checksum_is_invalid(play: Playbook) -> None:
    """Spec 7, naive mistake 16."""
    sent = play.udp().original(30, bad_checksum=True)
    sent.expect(DROP, ct=INVALID, reason=Reason.UDP_BAD_CHECKSUM, evidence=Evidence.BAD_CHECKSUM)


def test_a_wrong_checksum_passes_where_checksums_are_not_verified(stage: Stager) -> None:
    """`nf_conntrack_checksum=0`."""
    stage(checksum=False).udp().original(30, bad_checksum=True).expect(ACCEPT, ct=NEW)


def test_no_checksum_is_accepted_also_over_ipv6(play: Playbook) -> None:
    """Spec 7 (K618), although RFC 8200 §8.1 forbids it."""
    play.udp().original(30, no_checksum=True).expect(ACCEPT, ct=NEW, evidence=0)


def test_the_checksum_is_summed_over_the_whole_packet(play: Playbook) -> None:
    """Spec 7, naive mistake 17: over the IP payload, with its length, whatever the UDP length says (K618)."""
    play.udp().original(30, udp_length=20, summed=20).expect(DROP, ct=INVALID, reason=Reason.UDP_BAD_CHECKSUM)
    play.udp().original(30, udp_length=20).expect(ACCEPT, ct=NEW)


def test_port_zero_is_a_port(stage: Stager) -> None:
    """Spec 7."""
    play = stage()
    talk = play.udp("10.1.0.23:0", "203.0.113.53:0")
    talk.original(30).expect(ACCEPT, ct=NEW)
    talk.reply(30).expect(ACCEPT, ct=ESTABLISHED)


def test_an_empty_datagram_is_in_order(play: Playbook) -> None:
    """RFC 768: 8 bytes."""
    play.udp().original(0).expect(ACCEPT, ct=NEW, evidence=0)
