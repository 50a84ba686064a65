"""UDP-Lite (conntrack-spec 7, last paragraph; RFC 3828)."""

from __future__ import annotations

import struct

import pytest

from fwsim.capture.crafting import UDP, checksum, pseudo_header
from fwsim.terms import Reason
from tests.playbook import ACCEPT, DROP, ESTABLISHED, INVALID, NEW, ORIGINAL, REPLY, Conversation, Playbook, Sent

UDPLITE = 136


def lite(
    talk: Conversation, direction: int = ORIGINAL, *, coverage: int = 0, summed: bool = True, proto: int = UDP
) -> Sent:
    """A datagram of 20 bytes of data, whose checksum covers `coverage` bytes (0: all of it)."""
    sender, receiver = talk.ends[direction], talk.ends[1 - direction]
    datagram = struct.pack("!HHHH", sender.port, receiver.port, coverage, 0) + bytes(range(20))
    covered = datagram[: coverage or len(datagram)]
    right = checksum(pseudo_header(sender.address, receiver.address, proto, len(datagram)) + covered)
    field = right if summed else 0
    say = talk.original if direction == ORIGINAL else talk.reply
    return say(datagram[:6] + struct.pack("!H", field) + datagram[8:])


def talk_of(play: Playbook) -> Conversation:
    """A UDP-Lite conversation between the usual hosts."""
    client, server = play.ends(None, None, 53)
    return play.generic(UDPLITE, client, server)


def test_a_stream_begins_with_the_first_packet_behind_a_reply(play: Playbook) -> None:
    """Spec 7, 6.4: no waiting for two seconds."""
    talk = talk_of(play)
    lite(talk).expect(ACCEPT, ct=NEW, timeout=30, assured=False)
    lite(talk, REPLY).expect(ACCEPT, ct=ESTABLISHED, timeout=30, seen_reply=True, assured=False)
    lite(talk).expect(ACCEPT, ct=ESTABLISHED, timeout=120, assured=True)


@pytest.mark.parametrize("coverage", [8, 20, 28])
def test_a_checksum_may_cover_the_beginning_only(play: Playbook, coverage: int) -> None:
    """RFC 3828 §3.1."""
    lite(talk_of(play), coverage=coverage).expect(ACCEPT, ct=NEW)


@pytest.mark.parametrize("coverage", [1, 7, 29])
def test_a_coverage_that_does_not_fit_is_invalid(play: Playbook, coverage: int) -> None:
    """Spec 7: below 8, or beyond the packet."""
    lite(talk_of(play), coverage=coverage).expect(DROP, ct=INVALID, reason=Reason.UDP_SHORT)


def test_there_must_be_a_checksum(play: Playbook) -> None:
    """Spec 7: 0 is invalid."""
    lite(talk_of(play), summed=False).expect(DROP, ct=INVALID, reason=Reason.UDPLITE_NO_CHECKSUM)


def test_the_checksum_is_judged_with_the_number_of_udp(play: Playbook) -> None:
    """Measured on Linux 6.18: RFC 3828 wants 136 in the pseudo-header, conntrack reckons with 17."""
    talk = talk_of(play)
    lite(talk, proto=UDPLITE).expect(DROP, ct=INVALID, reason=Reason.UDP_BAD_CHECKSUM)
    lite(talk).expect(ACCEPT, ct=NEW)
