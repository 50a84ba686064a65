"""ICMP and ICMPv6 errors: related, or invalid (conntrack-spec 8.1, 9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwsim.capture.crafting import Ip, icmp_message
from fwsim.terms import Evidence, Reason
from tests.conftest import Stager
from tests.playbook import ACCEPT, DROP, INVALID, NEW, ORIGINAL, RELATED, REPLY, Playbook, State

ROUTER = {4: "198.51.100.1", 6: "2001:db8:1::1"}
UNREACHABLE = {4: (3, 1), 6: (1, 3)}
FORGED = Evidence.ICMP_ERROR_WITHOUT_CONNECTION


def unreachable(play: Playbook) -> tuple[int, int]:
    """Host unreachable, in the playbook's family."""
    return UNREACHABLE[play.family]


def test_an_error_about_a_packet_of_the_opener_is_related_and_a_reply(play: Playbook) -> None:
    """Spec 8.1 step 5: the direction of the found tuple, naive mistake 12."""
    play.original("S").expect(ACCEPT)
    error = play.usual.error(*unreachable(play), source=ROUTER[play.family])
    error.expect(ACCEPT, ct=RELATED, direction=REPLY, reason=Reason.ICMP_ERROR_RELATED, evidence=0)


def test_an_error_about_a_packet_of_the_answering_end_is_related_and_original(play: Playbook) -> None:
    """Spec 8.1 step 5."""
    play.handshake()
    router = {4: "10.1.255.1", 6: "fd00:1::ffff"}[play.family]
    error = play.usual.error(*unreachable(play), about=REPLY, source=router)
    error.expect(ACCEPT, ct=RELATED, direction=ORIGINAL)


def test_an_error_changes_nothing_in_the_connection_it_is_about(play: Playbook) -> None:
    """Spec 8.1 step 5: no timer, no state, no SEEN_REPLY, no entry of its own; repeated errors are all related."""
    play.original("S").expect(ACCEPT)
    for _ in range(3):
        play.usual.error(*unreachable(play), source=ROUTER[play.family]).expect(ACCEPT, ct=RELATED)
    play.connection.is_(State.SYN_SENT, timeout=119.997, seen_reply=False)
    play.original("S").expect(ACCEPT, ct=NEW)


def test_anybody_may_send_the_error(play: Playbook) -> None:
    """Spec 8.1 step 4: the outer source does not matter."""
    play.original("S").expect(ACCEPT)
    anybody = {4: "203.0.113.7", 6: "2001:db8:dead::7"}[play.family]
    play.usual.error(*unreachable(play), source=anybody).expect(ACCEPT, ct=RELATED)


def test_an_error_to_somebody_else_is_invalid(play: Playbook) -> None:
    """Spec 8.1 step 4: the outer destination must be the sender of the quoted packet."""
    play.original("S").expect(ACCEPT)
    other = {4: "10.1.0.99", 6: "fd00:1::99"}[play.family]
    error = play.usual.error(*unreachable(play), source=ROUTER[play.family], to=other)
    error.expect(DROP, ct=INVALID, reason=Reason.ICMP_ERROR_WRONG_TARGET, evidence=FORGED)


def test_an_error_about_an_unknown_packet_is_invalid(play: Playbook) -> None:
    """Spec 8.1 step 3."""
    play.original("S").expect(ACCEPT)
    stranger = play.tcp()
    stranger.ends[0].port = 40001
    unknown = stranger.packet(ORIGINAL, b"\x9c\x41\x01\xbb" + bytes(16))
    error = play.usual.error(*unreachable(play), about=unknown, source=ROUTER[play.family])
    error.expect(DROP, ct=INVALID, reason=Reason.ICMP_ERROR_UNMATCHED, evidence=FORGED)


def test_an_error_about_an_expired_connection_is_invalid(play: Playbook) -> None:
    """Spec 8.1 step 3: expired entries do not count."""
    udp = play.udp()
    udp.original(30).expect(ACCEPT)
    play.after(seconds=30)
    udp.error(*unreachable(play), source=ROUTER[play.family]).expect(DROP, ct=INVALID)


def test_an_error_about_a_reply_that_was_never_sent_is_related(play: Playbook) -> None:
    """Spec 8.1 (K618): only the tuple matters."""
    play.original("S").expect(ACCEPT)
    never = play.usual.packet(REPLY, b"\x01\xbb\x9c\x40" + bytes(16))
    router = {4: "10.1.255.1", 6: "fd00:1::ffff"}[play.family]
    play.usual.error(*unreachable(play), about=never, source=router).expect(ACCEPT, ct=RELATED, direction=ORIGINAL)


def test_the_quoted_sequence_number_is_not_looked_at(play: Playbook) -> None:
    """Spec 8.1, naive mistake 12."""
    play.handshake()
    forged = play.usual.packet(ORIGINAL, b"\x9c\x40\x01\xbb\xde\xad\xbe\xef" + bytes(12))
    play.usual.error(*unreachable(play), about=forged, source=ROUTER[play.family]).expect(ACCEPT, ct=RELATED)


@pytest.mark.parametrize(("quoted", "enough"), [(0, False), (3, False), (4, True), (8, True)])
def test_four_bytes_of_the_quoted_ports_suffice(play: Playbook, quoted: int, enough: bool) -> None:
    """Spec 8.1 step 2, naive mistake 12."""
    play.original("S").expect(ACCEPT)
    error = play.usual.error(*unreachable(play), source=ROUTER[play.family], quoted=quoted)
    if enough:
        error.expect(ACCEPT, ct=RELATED)
    else:
        error.expect(DROP, ct=INVALID, reason=Reason.ICMP_ERROR_BAD_QUOTE, evidence=FORGED)


@pytest.mark.parametrize(("quoted", "enough"), [(7, False), (8, True)])
def test_a_quoted_ping_needs_its_whole_header(play: Playbook, quoted: int, enough: bool) -> None:
    """Spec 8.1 step 2."""
    ping = play.ping()
    ping.original().expect(ACCEPT)
    error = ping.error(*unreachable(play), source=ROUTER[play.family], quoted=quoted)
    if enough:
        error.expect(ACCEPT, ct=RELATED, direction=REPLY)
    else:
        error.expect(DROP, ct=INVALID)


def test_an_error_about_an_error_is_invalid(play: Playbook) -> None:
    """Spec 8.1 step 2: an ICMP error has no inverse."""
    play.original("S").expect(ACCEPT)
    router = ROUTER[play.family]
    client = play.usual.ends[0].address
    kind, code = unreachable(play)
    body = icmp_message(router, client, kind, code, bytes(4), bytes(28))
    first = Ip(router, client, 58 if play.family == 6 else 1, body)
    play.icmp_error(first, kind, code, source=client, to=router).expect(DROP, ct=INVALID)


@pytest.mark.parametrize("kind", [3, 4, 5, 11, 12])
def test_five_types_of_icmp_are_errors(stage: Stager, kind: int) -> None:
    """Spec 8.1: also redirect and source quench."""
    play = stage()
    play.original("S").expect(ACCEPT)
    play.usual.error(kind, 0, source=ROUTER[4]).expect(ACCEPT, ct=RELATED)


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4, 100, 127])
def test_all_types_of_icmpv6_below_128_are_errors(stage: Stager, kind: int) -> None:
    """Spec 9: not only 1 to 4."""
    play = stage(family=6)
    play.original("S").expect(ACCEPT)
    play.usual.error(kind, 0, source=ROUTER[6]).expect(ACCEPT, ct=RELATED)


def test_a_quoted_fragment_is_invalid(stage: Stager) -> None:
    """Spec 8.1 step 1: the quoted fragment offset must be 0."""
    play = stage()
    play.original("S").expect(ACCEPT)
    piece = replace(play.usual.last[ORIGINAL], fragment=8, dont_fragment=False)
    play.usual.error(3, 1, about=piece, source=ROUTER[4]).expect(DROP, ct=INVALID, reason=Reason.ICMP_ERROR_BAD_QUOTE)


def test_what_else_the_quoted_header_says_is_not_looked_at(stage: Stager) -> None:
    """Spec 8.1 step 1: its checksum, TTL and total length."""
    play = stage()
    play.original("S").expect(ACCEPT)
    odd = replace(play.usual.last[ORIGINAL], ttl=0, length=9000, bad_header_checksum=True)
    play.usual.error(3, 1, about=odd, source=ROUTER[4]).expect(ACCEPT, ct=RELATED)


def test_an_error_about_a_protocol_without_ports_is_related(play: Playbook) -> None:
    """Spec 2.1: generic protocols have no ids to compare."""
    esp = play.generic(50)
    esp.original(b"\x01\x02\x03\x04" * 8).expect(ACCEPT, ct=NEW)
    esp.error(*unreachable(play), source=ROUTER[play.family]).expect(ACCEPT, ct=RELATED, direction=REPLY)


def test_an_error_without_any_connection_is_invalid(play: Playbook) -> None:
    """Spec 8.1 step 3: as for untracked flows."""
    lost = play.udp().packet(ORIGINAL, b"\x9c\x40\x00\x35\x00\x08\x00\x00")
    client = lost.src
    error = play.icmp_error(lost, *unreachable(play), source=ROUTER[play.family], to=client)
    error.expect(DROP, ct=INVALID, reason=Reason.ICMP_ERROR_UNMATCHED, evidence=FORGED)
