"""Forged ICMP errors: what they say, what they quote, and what they would do."""

from __future__ import annotations

import pytest

from fwsim.attack.model import Effect, Intent, Knowledge
from tests.attacking import admitted, dissected, forge, needs_tshark, outcomes


@needs_tshark
@pytest.mark.parametrize(("code", "number"), [("port", "3"), ("protocol", "2")])
def test_a_reset_is_a_hard_error_that_quotes_the_victims_own_segment(code: str, number: str) -> None:
    found = forge("icmp-reset", count=1, code=code)
    fields = ("icmp.type", "icmp.code", "icmp.checksum.status", "ip.src", "ip.dst", "tcp.srcport", "tcp.dstport")
    (row,) = dissected(found, *fields, every=True)
    assert row[:3] == ("3", number, "1")
    target = row[4].split(",")[0]
    assert row[3].split(",")[1] == target
    opener, answerer = (end.rpartition(":") for end in found[0].victim.split(">"))
    quoted = {row[3].split(",")[1]: row[5], row[4].split(",")[1]: row[6]}
    assert quoted == {opener[0]: opener[2], answerer[0]: answerer[2]}


@needs_tshark
def test_a_path_mtu_is_told_in_the_header_and_the_quote_is_eight_bytes() -> None:
    found = forge("icmp-pmtu", count=1, mtu=296)
    (row,) = dissected(found, "icmp.type", "icmp.code", "icmp.mtu", "ip.len", every=True)
    assert row[:3] == ("3", "4", "296")
    assert row[3].split(",") == [str(20 + 8 + 20 + 8), "1500"]


def test_older_hosts_believe_them_and_those_of_rfc_5927_only_what_is_in_flight() -> None:
    assert {one.intent for one in forge("icmp-reset", count=5)} == {Intent(Effect.RESET, Effect.NONE)}
    assert {one.intent for one in forge("icmp-pmtu", count=5)} == {Intent(Effect.MTU, Effect.NONE)}


def test_who_guesses_the_port_does_nothing_to_the_host() -> None:
    found = forge("icmp-reset", knows=Knowledge.NOTHING, count=20)
    assert {one.intent.before for one in found} == {Effect.NONE}


def test_state_admits_errors_about_connections_that_it_knows_and_no_others() -> None:
    assert admitted(outcomes("icmp-reset", count=5)) == (5, 5, 5)
    blind = outcomes("icmp-reset", knows=Knowledge.NOTHING, count=5)
    assert admitted(blind)[2] == 0
    assert {one.evidence for one in blind} == {("icmp-error-without-connection",)}


def test_they_seem_to_come_from_a_router_or_from_the_peer() -> None:
    from fwsim.attack.segment import addresses

    (router,) = forge("icmp-reset", count=1)
    (peer,) = forge("icmp-reset", count=1, from_="peer")
    assert addresses(router.packet)[0] == "198.51.100.66"
    assert addresses(peer.packet)[0] in peer.victim
