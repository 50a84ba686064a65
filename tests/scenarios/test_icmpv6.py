"""ICMPv6 (conntrack-spec 9), and IPv6 extension headers on the way to a transport header (2)."""

from __future__ import annotations

import pytest

from fwsim.capture.crafting import ICMPV6, UDP, icmp_message, packed, udp_datagram
from fwsim.terms import Reason
from tests.conftest import Stager
from tests.playbook import (
    ACCEPT,
    DROP,
    ESTABLISHED,
    INVALID,
    NEW,
    ORIGINAL,
    RELATED,
    REPLY,
    UNTRACKED,
    Ip,
    Playbook,
    Sent,
)
from tests.playbook_stage import NO_DIRECTION

HOST, PEER, ROUTER = "fd00:1::23", "2001:db8::80", "fe80::1"


def message(
    play: Playbook,
    kind: int,
    code: int = 0,
    *,
    src: str = HOST,
    dst: str = PEER,
    data: bytes = bytes(16),
    ttl: int = 64,
) -> Sent:
    """Send one ICMPv6 message by itself, into lan if it comes from there."""
    body = icmp_message(src, dst, kind, code, bytes(4), data)
    return play.send(Ip(src, dst, ICMPV6, body, ttl=ttl), f"{src} > {dst} icmp6 {kind}/{code}")


# --- queries ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [128, 139], ids=["echo", "node information"])
def test_a_query_is_new_and_its_answer_established(stage: Stager, kind: int) -> None:
    """Spec 9, 6.2: as over IPv4, 30 s (RFC 4443, RFC 4620)."""
    query = stage(family=6).ping(kind=kind)
    query.original().expect(ACCEPT, ct=NEW, direction=ORIGINAL, timeout=30, state=None)
    query.reply().expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, timeout=30, seen_reply=True, assured=False)


@pytest.mark.parametrize("kind", [129, 140])
def test_an_answer_without_a_query_is_invalid(stage: Stager, kind: int) -> None:
    """Spec 9."""
    stray = stage(family=6).ping().original(kind=kind)
    stray.expect(DROP, ct=INVALID, reason=Reason.ICMP_REPLY_WITHOUT_REQUEST, exists=False)


def test_the_timeout_is_a_setting(stage: Stager) -> None:
    """Spec 6.2: icmpv6_timeout, not that of ICMP."""
    stage(family=6, icmpv6_timeout=9, icmp_timeout=5).ping().original().expect(ACCEPT, timeout=9)


@pytest.mark.parametrize("kind", [138, 141, 142, 144, 150, 153, 200, 255])
def test_all_other_informational_types_are_invalid(stage: Stager, kind: int) -> None:
    """Spec 9."""
    message(stage(family=6), kind).expect(DROP, ct=INVALID, direction=NO_DIRECTION, reason=Reason.ICMP_BAD_TYPE)


def test_less_than_a_header_is_invalid(stage: Stager) -> None:
    """Spec 9: 8 bytes."""
    stage(family=6).generic(58).original(b"\x80\x00\x00\x00").expect(DROP, ct=INVALID, reason=Reason.ICMP_SHORT)


def test_a_wrong_checksum_is_invalid_also_for_neighbour_discovery(stage: Stager) -> None:
    """Spec 9: before the type is looked at."""
    play = stage(family=6)
    play.ping().original(bad_checksum=True).expect(DROP, ct=INVALID, reason=Reason.ICMP_BAD_CHECKSUM)
    play.ping().original(kind=135, bad_checksum=True).expect(DROP, ct=INVALID, reason=Reason.ICMP_BAD_CHECKSUM)


# --- never tracked ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [130, 131, 132, 133, 134, 135, 136, 143, 151, 152])
def test_neighbour_discovery_and_listener_messages_are_untracked(stage: Stager, kind: int) -> None:
    """Spec 9, naive mistake 13: neither new nor invalid."""
    neighbour = message(stage(family=6), kind, ttl=255)
    neighbour.expect(ACCEPT, ct=UNTRACKED, direction=NO_DIRECTION, reason=Reason.UNTRACKED_ND, rule="untracked")


def test_neighbour_discovery_dies_of_a_policy_that_forgets_untracked(stage: Stager) -> None:
    """Naive mistake 13: `established,related accept; drop` kills it."""
    rules = [{"name": "known", "ct_state": ["established", "related", "new"], "verdict": "accept"}]
    message(stage(rules, family=6), 135, ttl=255).expect(DROP, ct=UNTRACKED, rule="policy")


# --- redirects -------------------------------------------------------------------------------------------------


def redirected(play: Playbook, *, option: int = 4, quoted: int = 48) -> bytes:
    """A redirect's body about the last packet of the usual conversation: target, destination, one option."""
    packet = play.usual.last[ORIGINAL].encode()[:quoted]
    return packed(ROUTER) + packed(PEER) + bytes([option, 1 + quoted // 8]) + bytes(6) + packet


def test_a_redirect_by_a_neighbour_about_a_known_packet_is_related(stage: Stager) -> None:
    """Spec 9: hop limit 255, a link-local source, the redirected header as first option."""
    play = stage(family=6)
    play.original("S").expect(ACCEPT)
    redirect = message(play, 137, src=ROUTER, dst=HOST, ttl=255, data=redirected(play))
    redirect.expect(ct=RELATED, direction=REPLY)


def test_a_redirect_from_afar_is_invalid(stage: Stager) -> None:
    """Spec 9: hop limit below 255, or a source that is not link-local."""
    play = stage(family=6)
    play.original("S").expect(ACCEPT)
    body = redirected(play)
    for source, ttl in ((ROUTER, 254), (PEER, 255)):
        far = message(play, 137, src=source, dst=HOST, ttl=ttl, data=body)
        far.expect(ct=INVALID, direction=NO_DIRECTION, reason=Reason.ICMP_REDIRECT_NOT_LOCAL)


def test_a_redirect_with_a_code_or_without_the_quoted_packet_is_invalid(stage: Stager) -> None:
    """Spec 9: each of these is a case of its own."""
    play = stage(family=6)
    play.original("S").expect(ACCEPT)
    for code, body in ((1, redirected(play)), (0, redirected(play)[:32]), (0, redirected(play, option=2))):
        message(play, 137, code, src=ROUTER, dst=HOST, ttl=255, data=body).expect(ct=INVALID)


# --- extension headers (2) -------------------------------------------------------------------------------------

EXTENSIONS = {
    "hop-by-hop": (0, bytes([0, 1, 4, 0, 0, 0, 0])),
    "destination options": (60, bytes([0, 1, 4, 0, 0, 0, 0])),
    "routing": (43, bytes([0, 4, 0, 0, 0, 0, 0])),
    "authentication": (51, bytes([4]) + bytes(22)),
    "atomic fragment": (44, bytes([0, 0, 0, 0, 0, 1, 2])),
}
"""Number and all bytes behind the next-header field."""


def behind(*headers: str) -> tuple[int, bytes]:
    """A UDP datagram behind extension headers: the number of the first, and the payload of the IPv6 packet."""
    number, payload = UDP, udp_datagram(HOST, PEER, (40000, 53), bytes(20))
    for name in reversed(headers):
        payload = bytes([number]) + EXTENSIONS[name][1] + payload
        number = EXTENSIONS[name][0]
    return number, payload


@pytest.mark.parametrize("header", EXTENSIONS)
def test_a_datagram_behind_an_extension_header_is_tracked(stage: Stager, header: str) -> None:
    """Spec 2 step 2 (K618)."""
    play = stage(family=6)
    number, payload = behind(header)
    play.generic(number).original(payload).expect(ACCEPT, ct=NEW)
    play.udp().connection.is_(timeout=30)
    play.udp().reply(30).expect(ACCEPT, ct=ESTABLISHED)


def test_a_datagram_behind_several_extension_headers_is_tracked(stage: Stager) -> None:
    """RFC 8200 §4.1."""
    play = stage(family=6)
    number, payload = behind("hop-by-hop", "destination options", "routing", "atomic fragment", "authentication")
    play.generic(number).original(payload).expect(ACCEPT, ct=NEW)
    play.udp().connection.is_(timeout=30)


def test_no_next_header_is_invalid(stage: Stager) -> None:
    """Spec 2 step 2 (K618)."""
    stage(family=6).generic(59).original(bytes(8)).expect(DROP, ct=INVALID, reason=Reason.NO_TRANSPORT)


def test_an_extension_header_that_runs_past_the_end_is_invalid(stage: Stager) -> None:
    """Spec 2 step 2 (K618)."""
    play = stage(family=6)
    play.generic(60).original(bytes([UDP, 9, 1, 4, 0, 0, 0, 0]) + bytes(16)).expect(DROP, ct=INVALID)


def test_esp_is_a_final_protocol(stage: Stager) -> None:
    """Spec 2 step 2."""
    esp = stage(family=6).generic(50)
    esp.original(bytes(32)).expect(ACCEPT, ct=NEW, timeout=600)
