"""ICMP and ICMPv6: queries, errors, and what is never tracked (conntrack-spec §8, §9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwsim.engine.icmp import is_icmp_error
from fwsim.terms import UNKNOWN_VALUE, CtState, CtStatus, Direction, Proto, Reason
from tests.tracking import SECOND, Bench, Datagram, icmp, tcp, udp

NEW = (int(CtState.NEW), int(Direction.ORIGINAL))
ORIGINAL = (int(CtState.ESTABLISHED), int(Direction.ORIGINAL))
REPLY = (int(CtState.ESTABLISHED), int(Direction.REPLY))
INVALID = (int(CtState.INVALID), int(Direction.NONE))
UNTRACKED = (int(CtState.UNTRACKED), int(Direction.NONE))
ABOUT_ORIGINAL = (int(CtState.RELATED), int(Direction.REPLY))
ABOUT_REPLY = (int(CtState.RELATED), int(Direction.ORIGINAL))

INSIDE, OUTSIDE, ROUTER = "10.0.0.1", "10.0.1.1", "10.0.9.9"
INSIDE6, OUTSIDE6, ROUTER6 = "fd00::1", "fd01::1", "fd09::9"
SENT = udp(INSIDE, 5000, OUTSIDE, 53)
SENT6 = udp(INSIDE6, 5000, OUTSIDE6, 53)


def ping(ident: int = 7, code: int = 0, kind: int = 8) -> Datagram:
    return icmp(INSIDE, OUTSIDE, kind, code, ident)


def pong(ident: int = 7, code: int = 0, kind: int = 0) -> Datagram:
    return icmp(OUTSIDE, INSIDE, kind, code, ident)


def error(about: Datagram, kind: int = 3, target: str = INSIDE, code: int = 1) -> Datagram:
    return icmp(ROUTER, target, kind, code, quote=about)


# --- queries ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("request_type", "reply_type"), [(8, 0), (13, 14), (15, 16), (17, 18)])
def test_a_reply_to_a_request_is_established(request_type: int, reply_type: int) -> None:
    bench = Bench()
    assert bench.state(ping(kind=request_type)) == NEW
    assert bench.state(pong(kind=reply_type)) == REPLY
    assert bench.state(pong(kind=reply_type)) == REPLY
    assert bench.state(ping(kind=request_type)) == ORIGINAL


def test_a_second_request_before_any_reply_is_still_new() -> None:
    bench = Bench()
    assert [bench.state(ping()), bench.state(ping())] == [NEW, NEW]


@pytest.mark.parametrize("reply_type", [0, 14, 16, 18])
def test_a_reply_without_request_is_invalid(reply_type: int) -> None:
    bench = Bench()
    result = bench.see(pong(kind=reply_type))
    assert result["reason"] == Reason.ICMP_REPLY_WITHOUT_REQUEST
    assert result["ct_state"] == CtState.INVALID
    assert bench.connections() == []


@pytest.mark.parametrize("wrong", [pong(ident=8), pong(code=1), icmp("10.0.1.2", INSIDE, 0, 0, 7), pong(kind=14)])
def test_a_reply_of_another_id_code_host_or_type_is_invalid(wrong: Datagram) -> None:
    bench = Bench()
    bench.see(ping())
    assert bench.state(wrong) == INVALID


@pytest.mark.parametrize("kind", [1, 2, 6, 7, 9, 10, 19, 30, 255])
def test_a_type_that_opens_and_answers_nothing_is_invalid(kind: int) -> None:
    assert Bench().see(ping(kind=kind))["reason"] == Reason.ICMP_BAD_TYPE


def test_a_query_lives_30_seconds_from_its_last_packet_and_is_never_assured() -> None:
    bench = Bench()
    for at, packet in ((0, ping()), (20, pong()), (40, ping()), (60, pong())):
        bench.see(packet, at)
    assert bench.only()["expires"] == 90 * SECOND
    assert not bench.only()["status"] & CtStatus.ASSURED
    assert bench.state(pong(), 90) == INVALID


def test_a_request_from_the_other_side_with_the_same_id_is_another_connection() -> None:
    bench = Bench()
    bench.see(ping())
    bench.see(pong())
    assert bench.state(icmp(OUTSIDE, INSIDE, 8, 0, 7)) == NEW
    assert len(bench.connections()) == 2


@pytest.mark.parametrize("request_type", [128, 139])
def test_an_icmpv6_query_is_tracked_like_a_ping(request_type: int) -> None:
    bench = Bench()
    assert bench.state(icmp(INSIDE6, OUTSIDE6, request_type, 0, 7)) == NEW
    assert bench.state(icmp(OUTSIDE6, INSIDE6, request_type + 1, 0, 7)) == REPLY
    assert bench.only()["timeout"] == 30 * SECOND


@pytest.mark.parametrize("reply_type", [129, 140])
def test_an_icmpv6_reply_without_request_is_invalid(reply_type: int) -> None:
    assert Bench().see(icmp(INSIDE6, OUTSIDE6, reply_type))["reason"] == Reason.ICMP_REPLY_WITHOUT_REQUEST


def test_icmp_of_the_other_ip_version_is_invalid() -> None:
    bench = Bench()
    assert bench.state(icmp(INSIDE6, OUTSIDE6, 8, proto=int(Proto.ICMP))) == INVALID
    assert bench.state(icmp(INSIDE, OUTSIDE, 128, proto=int(Proto.ICMPV6))) == INVALID
    assert bench.state(icmp(INSIDE, OUTSIDE, 135, proto=int(Proto.ICMPV6))) == INVALID


def test_an_icmp_fault_is_invalid_before_its_type_is_looked_at() -> None:
    bench = Bench()
    bench.see(ping())
    assert bench.see(replace(pong(), fault=int(Reason.ICMP_BAD_CHECKSUM)))["reason"] == Reason.ICMP_BAD_CHECKSUM
    assert bench.see(replace(pong(), fault=int(Reason.ICMP_SHORT)))["ct_state"] == CtState.INVALID
    advertisement = icmp(INSIDE6, OUTSIDE6, 136, fault=int(Reason.ICMP_BAD_CHECKSUM))
    assert bench.state(advertisement) == INVALID


# --- never tracked ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [130, 131, 132, 133, 134, 135, 136, 143, 151, 152])
def test_neighbour_discovery_and_multicast_listeners_are_untracked(kind: int) -> None:
    bench = Bench()
    result = bench.see(icmp(INSIDE6, OUTSIDE6, kind))
    assert (result["ct_state"], result["direction"]) == UNTRACKED
    assert result["reason"] == Reason.UNTRACKED_ND
    assert bench.connections() == []


@pytest.mark.parametrize("kind", [137, 138, 141, 142, 144, 148, 150, 153, 200, 255])
def test_other_informational_icmpv6_is_invalid(kind: int) -> None:
    assert Bench().state(icmp(INSIDE6, OUTSIDE6, kind, 1)) == INVALID


# --- errors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [3, 4, 5, 11, 12])
def test_an_error_about_an_original_packet_is_related_in_reply_direction(kind: int) -> None:
    bench = Bench()
    bench.see(SENT)
    assert bench.state(error(SENT, kind)) == ABOUT_ORIGINAL


def test_an_error_about_a_reply_is_related_in_original_direction_though_none_was_seen() -> None:
    bench = Bench()
    bench.see(SENT)
    assert bench.state(error(SENT.answer(), target=OUTSIDE)) == ABOUT_REPLY


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4, 100, 127])
def test_every_icmpv6_type_below_128_is_an_error(kind: int) -> None:
    bench = Bench()
    bench.see(SENT6)
    assert bench.state(icmp(ROUTER6, INSIDE6, kind, quote=SENT6)) == ABOUT_ORIGINAL
    assert bench.state(icmp(ROUTER6, INSIDE6, kind, quote=replace(SENT6, sport=1))) == INVALID


def test_an_error_is_of_its_own_ip_version_and_was_captured_so_far() -> None:
    def is_error(proto: Proto, family: int, kind: int, code: int = 0) -> bool:
        return is_icmp_error({"proto": int(proto), "family": family, "icmp_type": kind, "icmp_code": code})

    assert is_error(Proto.ICMP, 4, 3)
    assert is_error(Proto.ICMPV6, 6, 1)
    assert not is_error(Proto.ICMP, 6, 3)
    assert not is_error(Proto.ICMPV6, 4, 1)
    assert not is_error(Proto.ICMPV6, 6, UNKNOWN_VALUE)
    assert not is_error(Proto.ICMP, 4, 8)
    assert not is_error(Proto.UDP, 4, 3)


def test_an_error_about_no_connection_is_invalid() -> None:
    assert Bench().see(error(SENT))["reason"] == Reason.ICMP_ERROR_UNMATCHED


def test_an_error_about_a_connection_that_was_refused_is_invalid() -> None:
    bench = Bench()
    bench.see(SENT, accept=False)
    assert bench.see(error(SENT))["reason"] == Reason.ICMP_ERROR_UNMATCHED


def test_an_error_to_anyone_but_the_sender_of_the_quoted_packet_is_invalid() -> None:
    bench = Bench()
    bench.see(SENT)
    result = bench.see(error(SENT, target="10.0.0.2"))
    assert (result["ct_state"], result["reason"]) == (CtState.INVALID, Reason.ICMP_ERROR_WRONG_TARGET)
    assert result["connection"] == -1


@pytest.mark.parametrize("target", ["fd01::1", "fd00:0:1::1", "fd00::1:0:1", "fd00::2"])
def test_an_icmpv6_error_goes_to_the_whole_address_of_the_sender(target: str) -> None:
    bench = Bench()
    bench.see(SENT6)
    assert bench.see(icmp(ROUTER6, target, 1, 0, quote=SENT6))["reason"] == Reason.ICMP_ERROR_WRONG_TARGET
    assert bench.state(icmp(ROUTER6, INSIDE6, 1, 0, quote=SENT6)) == ABOUT_ORIGINAL


def test_an_error_may_come_from_any_router_and_again() -> None:
    bench = Bench()
    bench.see(SENT)
    for source in (ROUTER, OUTSIDE, "192.0.2.99", INSIDE):
        assert bench.state(icmp(source, INSIDE, 11, quote=SENT)) == ABOUT_ORIGINAL


def test_an_error_changes_nothing_in_its_connection() -> None:
    bench = Bench()
    bench.see(SENT, 0)
    before = bench.only()
    bench.see(error(SENT), 5)
    bench.see(error(SENT.answer(), target=OUTSIDE), 6)
    assert bench.only() == before
    assert bench.state(SENT, 7) == NEW


def test_an_error_about_an_expired_connection_is_invalid() -> None:
    bench = Bench()
    bench.see(SENT, 0)
    assert bench.state(error(SENT), 30) == INVALID


@pytest.mark.parametrize("about", [ping(), tcp(INSIDE, 5000, OUTSIDE, 80, 2), Datagram(INSIDE, OUTSIDE, 50)])
def test_an_error_about_any_tracked_protocol_is_related(about: Datagram) -> None:
    bench = Bench()
    bench.see(about)
    assert bench.state(error(about)) == ABOUT_ORIGINAL


def test_an_error_about_a_ping_reply_is_related_in_original_direction() -> None:
    bench = Bench()
    bench.see(ping())
    assert bench.state(error(pong(), target=OUTSIDE)) == ABOUT_REPLY


def test_an_error_about_an_error_is_invalid() -> None:
    bench = Bench()
    bench.see(SENT)
    nested = error(SENT)
    assert bench.see(icmp(INSIDE, ROUTER, 3, quote=nested))["reason"] == Reason.ICMP_ERROR_BAD_QUOTE


def test_an_error_with_a_quote_too_short_for_a_tuple_is_invalid() -> None:
    bench = Bench()
    bench.see(SENT)
    assert bench.see(error(replace(SENT, quotable=0)))["reason"] == Reason.ICMP_ERROR_BAD_QUOTE
    assert bench.see(icmp(ROUTER, INSIDE, 3))["reason"] == Reason.ICMP_ERROR_BAD_QUOTE


def test_an_error_whose_quote_is_cut_off_cannot_be_known() -> None:
    bench = Bench()
    bench.see(SENT)
    result = bench.see(error(replace(SENT, quotable=UNKNOWN_VALUE)))
    assert (result["ct_state"], result["reason"]) == (UNKNOWN_VALUE, Reason.CUT)


def test_an_error_about_a_gre_packet_is_related_to_its_connection() -> None:
    bench = Bench()
    sent = Datagram(INSIDE, OUTSIDE, int(Proto.GRE))
    assert bench.see(error(sent))["reason"] == Reason.ICMP_ERROR_UNMATCHED
    bench.see(sent)
    assert bench.state(error(sent)) == ABOUT_ORIGINAL


def redirect(source: str = "fe80::1", hops: int = 255, code: int = 0, about: Datagram | None = SENT6) -> Datagram:
    return icmp(source, INSIDE6, 137, code, quote=about, ttl=hops)


def test_an_icmpv6_redirect_from_the_link_is_related() -> None:
    bench = Bench()
    bench.see(SENT6)
    assert bench.state(redirect()) == ABOUT_ORIGINAL
    assert bench.state(redirect("febf:ffff::1")) == ABOUT_ORIGINAL


@pytest.mark.parametrize("wrong", [redirect(hops=254), redirect("fd00::99"), redirect("fec0::1"), redirect("fe7f::1")])
def test_an_icmpv6_redirect_from_afar_is_invalid(wrong: Datagram) -> None:
    bench = Bench()
    bench.see(SENT6)
    assert bench.see(wrong)["reason"] == Reason.ICMP_REDIRECT_NOT_LOCAL


def test_an_icmpv6_redirect_without_quote_or_with_a_code_is_invalid() -> None:
    bench = Bench()
    bench.see(SENT6)
    assert bench.see(redirect(about=None))["reason"] == Reason.ICMP_ERROR_BAD_QUOTE
    assert bench.see(redirect(code=1))["reason"] == Reason.ICMP_BAD_TYPE
