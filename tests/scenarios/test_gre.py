"""GRE, and PPTP's call ids (conntrack-spec 2.1, 10; RFC 2784, RFC 2637)."""

from __future__ import annotations

import pytest

from fwsim.capture.crafting import GRE, gre_packet
from fwsim.terms import Reason
from tests.conftest import Stager
from tests.playbook import ACCEPT, DROP, ESTABLISHED, INVALID, NEW, RELATED, REPLY, Playbook

PPP = 0x880B


def gre(version: int = 0, key: int = 1, inner: int = 0x0800) -> bytes:
    """A GRE packet that holds something."""
    return gre_packet(version, inner, key, b"payload.")


def pptp(call: int) -> bytes:
    """GRE version 1 with PPP in it."""
    return gre(1, 8 << 16 | call, PPP)


def test_a_tunnel_is_assured_with_the_first_packet_behind_a_reply(play: Playbook) -> None:
    tunnel = play.generic(GRE)
    tunnel.original(gre()).expect(ACCEPT, ct=NEW, timeout=30, assured=False)
    tunnel.reply(gre()).expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, timeout=30, seen_reply=True, assured=False)
    tunnel.original(gre()).expect(ACCEPT, ct=ESTABLISHED, timeout=180, assured=True)


def test_the_key_tells_nothing_apart(play: Playbook) -> None:
    tunnel = play.generic(GRE)
    tunnel.original(gre(key=1)).expect(ACCEPT, ct=NEW)
    tunnel.reply(gre(key=2)).expect(ACCEPT, ct=ESTABLISHED)
    tunnel.original(gre(version=2, key=3)).expect(ACCEPT, ct=ESTABLISHED)


def test_the_timeouts_are_settings(stage: Stager) -> None:
    tunnel = stage(gre_timeout=7, gre_timeout_stream=8).generic(GRE)
    tunnel.original(gre()).expect(timeout=7)
    tunnel.reply(gre())
    tunnel.reply(gre()).expect(timeout=8)


def test_without_a_helper_the_two_directions_of_pptp_are_two_connections(play: Playbook) -> None:
    """Spec 2.1: only the PPTP helper knows which call id answers which."""
    tunnel = play.generic(GRE)
    tunnel.original(pptp(5)).expect(ACCEPT, ct=NEW)
    tunnel.reply(pptp(6)).expect(ACCEPT, ct=NEW)
    tunnel.original(pptp(5)).expect(ACCEPT, ct=NEW)
    tunnel.original(pptp(7)).expect(ACCEPT, ct=NEW)


def test_version_1_with_anything_but_ppp_is_invalid(play: Playbook) -> None:
    play.generic(GRE).original(gre(version=1)).expect(DROP, ct=INVALID, reason=Reason.GRE_BAD_PROTOCOL)


@pytest.mark.parametrize("size", [0, 3, 7])
def test_a_header_too_short_for_a_call_id_is_plain_gre(play: Playbook, size: int) -> None:
    tunnel = play.generic(GRE)
    tunnel.original(gre()).expect(ACCEPT, ct=NEW)
    tunnel.reply(pptp(5)[:size]).expect(ACCEPT, ct=ESTABLISHED)


def test_an_icmp_error_about_it_is_related_to_the_call(play: Playbook) -> None:
    tunnel = play.generic(GRE)
    tunnel.original(pptp(5)).expect(ACCEPT, ct=NEW)
    code = (3, 3) if play.family == 4 else (1, 4)
    tunnel.error(*code, source=tunnel.ends[1].address).expect(ACCEPT, ct=RELATED)
    stranger = tunnel.packet(0, pptp(6))
    tunnel.error(*code, about=stranger, source=tunnel.ends[1].address).expect(DROP, ct=INVALID)
    nonsense = tunnel.packet(0, gre(version=1))
    unreadable = tunnel.error(*code, about=nonsense, source=tunnel.ends[1].address)
    unreadable.expect(DROP, ct=INVALID, reason=Reason.ICMP_ERROR_BAD_QUOTE)
