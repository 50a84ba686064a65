"""Protocols without a tracker of their own (conntrack-spec 10)."""

from __future__ import annotations

import pytest

from tests.conftest import Stager
from tests.playbook import ACCEPT, ESTABLISHED, NEW, ORIGINAL, REPLY, Playbook

PROTOCOLS = {"IPIP": 4, "DCCP": 33, "ESP": 50, "OSPF": 89, "VRRP": 112, "L2TP": 115, "experimental": 253}


@pytest.mark.parametrize("proto", PROTOCOLS.values(), ids=PROTOCOLS)
def test_there_is_one_entry_for_each_pair_of_addresses(play: Playbook, proto: int) -> None:
    """Spec 10, 2.1: new until a reply, then established; 600 s, never assured. DCCP has no tracker any more."""
    tunnel = play.generic(proto)
    tunnel.original(40).expect(ACCEPT, ct=NEW, direction=ORIGINAL, timeout=600, seen_reply=False, state=None)
    tunnel.original(40).expect(ACCEPT, ct=NEW)
    tunnel.reply(40).expect(ACCEPT, ct=ESTABLISHED, direction=REPLY, timeout=600, seen_reply=True, assured=False)
    play.after(seconds=300)
    tunnel.original(40).expect(ACCEPT, ct=ESTABLISHED, timeout=600, assured=False)
    play.after(seconds=600)
    tunnel.connection.is_absent()


def test_what_the_packet_contains_does_not_matter(play: Playbook) -> None:
    """Spec 10: no validation, not even of an empty payload."""
    play.generic(253).original(b"").expect(ACCEPT, ct=NEW)


def test_first_bytes_are_no_ports(play: Playbook) -> None:
    """Naive mistake 23: the kernel uses none."""
    tunnel = play.generic(50)
    tunnel.original(b"\x00\x01\x00\x02" + bytes(20)).expect(ACCEPT, ct=NEW)
    tunnel.reply(b"\xff\xff\xff\xff" + bytes(20)).expect(ACCEPT, ct=ESTABLISHED)


def test_another_protocol_between_the_same_hosts_is_another_connection(play: Playbook) -> None:
    """Spec 2.1: the protocol belongs to the tuple."""
    play.generic(50).original(20).expect(ACCEPT, ct=NEW)
    play.generic(253).reply(20).expect(ACCEPT, ct=NEW)


def test_authentication_headers_over_ipv4_are_a_protocol_like_others(stage: Stager) -> None:
    """Spec 10: AH over IPv4 is generic."""
    ah = stage().generic(51)
    ah.original(b"\x06\x04" + bytes(22)).expect(ACCEPT, ct=NEW, timeout=600)


def test_the_timeout_is_a_setting(stage: Stager) -> None:
    """Spec 6.2."""
    stage(generic_timeout=11).generic(50).original(20).expect(ACCEPT, timeout=11)
