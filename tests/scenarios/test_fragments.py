"""Fragments (conntrack-spec 12, naive mistake 24): rules see datagrams, and only those that become whole."""

from __future__ import annotations

import pytest

from fwsim.capture.crafting import fragment_of
from fwsim.terms import Evidence, Reason, Verdict
from tests.conftest import Stager
from tests.playbook import ACCEPT, DROP, ESTABLISHED, INVALID, NEW, Playbook

NOT_EVALUATED = Verdict.NOT_EVALUATED


def test_a_datagram_is_judged_when_its_last_piece_comes(play: Playbook) -> None:
    dns = play.udp()
    dns.original(100, pieces=64, order=(0,)).expect(NOT_EVALUATED, reason=Reason.FRAGMENT_WAITING, exists=False)
    other = play.udp("10.1.0.9:7" if play.family == 4 else "[fd00:1::9]:7")
    other.original(2000, pieces=800).expect(ACCEPT, ct=NEW, exists=True)
    other.reply(2000, pieces=1200).expect(ACCEPT, ct=ESTABLISHED, seen_reply=True)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_pieces_come_in_any_order(play: Playbook, order: tuple[int, ...]) -> None:
    play.udp().original(2000, pieces=800, order=order).expect(ACCEPT, ct=NEW)


def test_a_piece_that_comes_twice_does_no_harm(play: Playbook) -> None:
    dns = play.udp()
    dns.original(2000, pieces=800, order=(0, 0)).expect(NOT_EVALUATED, reason=Reason.FRAGMENT_DUPLICATE)
    play.udp("10.1.0.9:7" if play.family == 4 else "[fd00:1::9]:7").original(
        2000, pieces=800, order=(0, 0, 1, 1, 2)
    ).expect(ACCEPT, ct=NEW)


def test_the_ports_of_a_later_piece_are_those_of_the_first(stage: Stager) -> None:
    """Naive mistake 24: a rule with a port decides about the whole datagram."""
    play = stage([{"name": "dns", "proto": "udp", "dport": 53, "ct_state": "new", "verdict": "accept"}])
    play.udp().original(2000, pieces=800).expect(ACCEPT, rule="dns")
    play.udp(None, "203.0.113.80:54").original(2000, pieces=800).expect(DROP, ct=NEW)


def test_a_tcp_segment_in_tiny_pieces_is_tracked_as_one(play: Playbook) -> None:
    """RFC 1858: the flags stand in another piece than the ports. IPv6 does not wait where the header is cut in two."""
    if play.family == 4:
        play.original("S", pieces=8).expect(ACCEPT, ct=NEW, evidence=Evidence.TINY_FRAGMENT)
        play.reply("SA").expect(ACCEPT, ct=ESTABLISHED)
    else:
        play.original("S", pieces=8, order=(0,)).expect(DROP, ct=INVALID, reason=Reason.TCP_SHORT)


def test_the_checksum_is_that_of_the_whole(play: Playbook) -> None:
    play.udp().original(2000, pieces=800, bad_checksum=True).expect(DROP, ct=INVALID, reason=Reason.UDP_BAD_CHECKSUM)


def test_what_does_not_come_in_time_is_discarded(play: Playbook) -> None:
    whole = play.udp().packet(0, bytes(108), proto=253)
    pieces = [fragment_of(whole, at, min(at + 56, 108)) for at in (0, 56)]
    limit = 30 if play.family == 4 else 60
    play.send(pieces[0], "first half").expect(NOT_EVALUATED, reason=Reason.FRAGMENT_WAITING)
    play.after(seconds=limit - 0.001)
    play.send(pieces[1], "second half, just in time").expect(ACCEPT, ct=NEW)
    play.send(pieces[0], "once more").expect(NOT_EVALUATED, reason=Reason.FRAGMENT_WAITING)
    play.after(seconds=limit)
    play.send(pieces[1], "too late").expect(NOT_EVALUATED, reason=Reason.FRAGMENT_WAITING)


def test_overlapping_pieces_are_all_discarded(play: Playbook) -> None:
    dns = play.udp()
    whole = dns.packet(0, bytes(200), proto=253)
    play.send(fragment_of(whole, 0, 64), "0 to 64").expect(NOT_EVALUATED, reason=Reason.FRAGMENT_WAITING)
    play.send(fragment_of(whole, 56, 128), "56 to 128").expect(
        NOT_EVALUATED, reason=Reason.FRAGMENT_OVERLAP, evidence=Evidence.OVERLAPPING_FRAGMENT
    )
    play.send(fragment_of(whole, 64, 200), "the rest").expect(NOT_EVALUATED, reason=Reason.FRAGMENT_WAITING)
    play.send(fragment_of(whole, 0, 64), "and the beginning again").expect(ACCEPT, ct=NEW)


def test_pieces_that_contradict_each_other_about_the_end(play: Playbook) -> None:
    whole = play.udp().packet(0, bytes(200), proto=253)
    play.send(fragment_of(whole, 64, 128, more=False), "ends at 128").expect(reason=Reason.FRAGMENT_WAITING)
    play.send(fragment_of(whole, 128, 200), "ends at 200").expect(
        NOT_EVALUATED, reason=Reason.FRAGMENT_LENGTH, evidence=Evidence.BAD_LENGTH
    )
    last = play.send(fragment_of(whole, 0, 64), "the beginning")
    if play.family == 4:  # all that came before is gone
        last.expect(NOT_EVALUATED, reason=Reason.FRAGMENT_WAITING)
    else:  # only the one that lied is gone
        last.expect(ACCEPT, ct=NEW)


def test_an_atomic_fragment_is_whole(stage: Stager) -> None:
    """RFC 6946; but it gets into the way of fragments with its id."""
    play = stage(family=6)
    whole = play.udp().packet(0, bytes(64), proto=253)
    play.send(fragment_of(whole, 0, 64, more=False), "atomic").expect(ACCEPT, ct=NEW)
    play.send(fragment_of(whole, 0, 32), "half").expect(NOT_EVALUATED, reason=Reason.FRAGMENT_WAITING)
    play.send(fragment_of(whole, 0, 64), "atomic").expect(NOT_EVALUATED, reason=Reason.FRAGMENT_OVERLAP)


def test_a_ragged_piece_of_ipv6_passes_as_it_is(stage: Stager) -> None:
    """nf_ct_frag6_queue: -EPROTO, so that the target can answer with a parameter problem."""
    play = stage([{"name": "any", "ct_state": ["new", "invalid"], "verdict": "accept"}], family=6)
    whole = play.udp().packet(0, bytes(64), proto=253)
    play.send(fragment_of(whole, 8, 21), "ragged, later").expect(ACCEPT, ct=INVALID, reason=Reason.LATER_FRAGMENT)
    play.send(fragment_of(whole, 0, 21), "ragged, first").expect(ACCEPT, ct=NEW)


def test_a_firewall_without_state_in_its_rules_sees_every_piece(stage: Stager) -> None:
    """Nothing needs tracking, so the kernel does not put fragments together."""
    rules = [
        {"name": "dns", "proto": "udp", "dport": 53, "verdict": "accept"},
        {"name": "pieces", "fragment": "later", "verdict": "reject"},
    ]
    play = stage(rules)
    play.udp().original(2000, pieces=800, order=(0,)).expect(ACCEPT, rule="dns")
    play.udp().original(2000, pieces=800, order=(1,)).expect(Verdict.REJECT, rule="pieces")
