"""Which connection a packet belongs to, and what is left of it (conntrack-spec §1, §2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwsim.engine.conntrack import fresh_state
from fwsim.engine.tcp_window import BE_LIBERAL
from fwsim.tables import plain
from fwsim.terms import UNKNOWN_VALUE, CtState, CtStatus, Direction, Hook, Proto, Reason, TcpFlag, TcpState
from tests.tracking import SECOND, Bench, Datagram, icmp, tcp, udp

FIN, SYN, RST, ACK = (int(flag) for flag in (TcpFlag.FIN, TcpFlag.SYN, TcpFlag.RST, TcpFlag.ACK))
NEW = (int(CtState.NEW), int(Direction.ORIGINAL))
ORIGINAL = (int(CtState.ESTABLISHED), int(Direction.ORIGINAL))
REPLY = (int(CtState.ESTABLISHED), int(Direction.REPLY))
INVALID = int(CtState.INVALID)

INSIDE, OUTSIDE = "10.0.0.1", "10.0.1.1"
QUESTION = udp(INSIDE, 5000, OUTSIDE, 53)
ANSWER = QUESTION.answer()


def client(flags: int, seq: int = 100, ack: int = 0) -> Datagram:
    return tcp(INSIDE, 5000, OUTSIDE, 80, flags, seq, ack)


def server(flags: int, seq: int = 900, ack: int = 101) -> Datagram:
    return tcp(OUTSIDE, 80, INSIDE, 5000, flags, seq, ack)


def shake_hands(bench: Bench, at: float = 0) -> None:
    for packet in (client(SYN), server(SYN | ACK), client(ACK, 101, 901)):
        assert bench.see(packet, at)["ct_state"] != INVALID


# --- opening and confirming ------------------------------------------------------------------------------------


def test_a_refused_opening_leaves_nothing() -> None:
    bench = Bench()
    assert bench.state(QUESTION, 0, accept=False) == NEW
    assert bench.connections() == []
    assert bench.state(ANSWER, 1) == NEW  # an opening of its own


def test_a_refused_opening_is_new_again_when_retransmitted() -> None:
    bench = Bench()
    first = bench.see(client(SYN), 0, accept=False)
    again = bench.see(client(SYN), 1)
    assert first == again
    assert bench.only()["created"] == SECOND


def test_an_accepted_opening_gets_a_row_a_number_and_its_frame() -> None:
    bench = Bench()
    bench.see(ANSWER, 3, accept=False)
    result = bench.track(QUESTION, 5)
    assert (result["fresh"], result["connection"]) == (1, 0)
    bench.settle()
    connection = bench.only()
    assert (connection["number"], connection["opened_frame"], connection["last_frame"]) == (1, 2, 2)
    assert (connection["created"], connection["expires"]) == (5 * SECOND, 35 * SECOND)
    assert connection["status"] == CtStatus.CONFIRMED


def test_numbers_count_confirmed_connections_only() -> None:
    bench = Bench()
    bench.see(udp(INSIDE, 1, OUTSIDE, 1))
    bench.see(udp(INSIDE, 2, OUTSIDE, 1), accept=False)
    bench.see(udp(INSIDE, 3, OUTSIDE, 1))
    assert [listed["number"] for listed in bench.connections()] == [1, 2]
    assert bench.counter("next_number") == 3


def test_nothing_of_a_forgotten_opening_shows_in_the_next() -> None:
    bench = Bench()
    bench.see(replace(client(SYN), options=UNKNOWN_VALUE), 0, accept=False)
    bench.see(QUESTION, 1)
    alone = Bench()
    alone.number = 1
    alone.see(QUESTION, 1)
    assert bench.only() == alone.only()


def test_what_a_packet_did_to_a_confirmed_connection_stays_though_rules_drop_it() -> None:
    bench = Bench()
    bench.see(QUESTION, 0)
    bench.see(ANSWER, 1, accept=False)
    assert bench.state(QUESTION, 2, accept=False) == ORIGINAL
    assert bench.only()["last_frame"] == 3


def test_the_first_reply_is_not_yet_replied_before() -> None:
    bench = Bench()
    bench.see(QUESTION)
    assert [bench.see(packet)["replied_before"] for packet in (ANSWER, QUESTION, ANSWER)] == [0, 1, 1]


def test_ipv6_is_tracked_like_ipv4() -> None:
    bench = Bench()
    sent = udp("fd00::1", 5000, "fd01:0:0:1::1", 53)
    assert bench.state(sent) == NEW
    assert bench.state(replace(sent, dst="fd01:0:0:2::1").answer()) == NEW
    assert bench.state(sent.answer()) == REPLY


def test_an_expected_connection_is_related_until_it_is_answered() -> None:
    bench = Bench()
    bench.see(QUESTION)
    bench.tracker.connections[2]["status"] |= int(CtStatus.EXPECTED)
    assert bench.state(QUESTION) == (int(CtState.RELATED), int(Direction.ORIGINAL))
    assert bench.state(ANSWER) == REPLY
    assert bench.state(QUESTION) == ORIGINAL


# --- TCP through the table -------------------------------------------------------------------------------------


def test_a_handshake_is_new_established_established() -> None:
    bench = Bench()
    assert bench.state(client(SYN)) == NEW
    assert bench.state(server(SYN | ACK)) == REPLY
    result = bench.see(client(ACK, 101, 901))
    assert (result["ct_state"], result["direction"]) == ORIGINAL
    assert (result["state_before"], result["state_after"]) == (TcpState.SYN_RECV, TcpState.ESTABLISHED)
    assert bench.only()["status"] & CtStatus.ASSURED


def test_an_assured_connection_is_not_evicted() -> None:
    bench = Bench(max=2)
    shake_hands(bench, 0)
    bench.see(QUESTION, 1)
    bench.see(udp(INSIDE, 1, OUTSIDE, 1), 2)
    assert [listed["number"] for listed in bench.connections()] == [1, 3]


def test_a_udp_exchange_that_has_become_a_stream_is_not_evicted() -> None:
    bench = Bench(max=2)
    for packet, at in ((QUESTION, 0), (ANSWER, 0), (QUESTION, 3), (udp(INSIDE, 1, OUTSIDE, 1), 4)):
        bench.see(packet, at)
    bench.see(udp(INSIDE, 2, OUTSIDE, 1), 5)
    assert [listed["number"] for listed in bench.connections()] == [1, 3]


@pytest.mark.parametrize("flags", [0, FIN, SYN | FIN, SYN | RST, FIN | RST | ACK, RST | 0x20, 0x20, 0x29])
def test_impossible_flags_are_invalid_and_change_nothing(flags: int) -> None:
    bench = Bench()
    shake_hands(bench)
    before = bench.only()
    result = bench.see(client(flags, 101, 901), 5)
    assert (result["ct_state"], result["reason"]) == (INVALID, Reason.TCP_BAD_FLAGS)
    assert bench.only() == before


def test_a_packet_made_invalid_by_its_connection_still_names_it() -> None:
    bench = Bench()
    shake_hands(bench)
    result = bench.see(server(ACK, 900_000_000, 101))
    assert (result["ct_state"], result["reason"]) == (INVALID, Reason.TCP_SEQ_OVER)
    assert (result["connection"], result["direction"]) == (2, Direction.REPLY)


def test_an_invalid_packet_that_belongs_to_nothing_names_no_connection() -> None:
    bench = Bench()
    result = bench.see(server(SYN | ACK))
    assert (result["ct_state"], result["reason"]) == (INVALID, Reason.TCP_NOT_AN_OPENING)
    assert (result["connection"], result["direction"], result["fresh"]) == (-1, Direction.NONE, 0)


def test_where_the_sender_stood_is_told_from_before_the_packet() -> None:
    bench = Bench()
    shake_hands(bench)
    assert bench.see(client(ACK, 101, 901))["sender_end"] == 101
    assert bench.see(server(FIN | ACK, 901, 101))["sender_end"] == 901
    assert bench.see(server(ACK, 902, 101))["sender_end"] == 902


def test_a_refusal_is_established_and_the_connection_is_gone() -> None:
    bench = Bench()
    bench.see(client(SYN))
    result = bench.see(server(RST | ACK, 0, 101))
    assert (result["ct_state"], result["direction"]) == REPLY
    assert result["reason"] == Reason.TCP_RESET_UNREPLIED
    assert plain(bench.tracker.connections[result["connection"]])["number"] == 1  # still to be read
    assert bench.connections() == []
    assert bench.state(client(SYN, 200), 1) == NEW


def test_the_opener_takes_its_syn_back_and_the_connection_is_gone() -> None:
    bench = Bench()
    bench.see(client(SYN))
    assert bench.state(client(RST, 101)) == NEW
    assert bench.connections() == []


def test_a_reply_that_tcp_ignores_counts_as_a_reply() -> None:
    bench = Bench()
    bench.see(client(SYN))
    result = bench.see(server(ACK, 5, 70_000))
    assert ((result["ct_state"], result["direction"]), result["reason"]) == (REPLY, Reason.TCP_IGNORED)
    assert bench.state(client(SYN)) == ORIGINAL


def close_in_order(bench: Bench) -> None:
    shake_hands(bench)
    for packet in (client(FIN | ACK, 101, 901), server(FIN | ACK, 901, 102), client(ACK, 102, 902)):
        bench.see(packet)
    assert bench.only()["state"] == TcpState.TIME_WAIT


def test_a_syn_in_time_wait_opens_a_new_connection() -> None:
    bench = Bench()
    close_in_order(bench)
    result = bench.see(client(SYN, 5000), 1)
    assert (result["ct_state"], result["direction"]) == NEW
    assert (result["reason"], result["state_before"]) == (Reason.TCP_REOPENED, TcpState.NONE)
    assert bench.only()["number"] == 2


def test_a_syn_from_the_former_server_in_time_wait_opens_the_other_way_round() -> None:
    bench = Bench()
    close_in_order(bench)
    assert bench.state(server(SYN, 5000), 1) == NEW
    assert bench.only()["original"]["src_id"] == 80


def test_a_refused_reopening_has_removed_the_old_connection() -> None:
    bench = Bench()
    close_in_order(bench)
    bench.see(client(SYN, 5000), 1, accept=False)
    assert bench.connections() == []


def test_a_reopening_in_a_full_table_takes_the_place_of_the_old_connection() -> None:
    bench = Bench(max=1)
    close_in_order(bench)
    assert bench.state(client(SYN, 5000), 1) == NEW
    assert bench.counter("evicted") == 0


def test_a_timeout_cut_short_by_a_reset_takes_effect() -> None:
    bench = Bench()
    shake_hands(bench)
    bench.see(client(RST, 101), 1)
    bench.expire(10.9)
    assert len(bench.connections()) == 1
    bench.expire(11)
    assert bench.connections() == []


def test_mid_stream_pick_up_follows_tcp_loose() -> None:
    assert Bench(loose=1).state(client(ACK, 500, 900)) == NEW
    assert Bench(loose=0).see(client(ACK, 500, 900))["reason"] == Reason.TCP_NO_PICKUP


def test_an_opening_in_a_full_table_evicts_even_if_it_is_invalid() -> None:
    bench = Bench(max=1)
    bench.see(QUESTION)
    assert bench.see(server(SYN | ACK))["ct_state"] == INVALID
    assert bench.connections() == []


# --- faults and checksums --------------------------------------------------------------------------------------

BAD_SUMS = [
    replace(QUESTION, fault=int(Reason.UDP_BAD_CHECKSUM)),
    replace(client(SYN), fault=int(Reason.TCP_BAD_CHECKSUM)),
    icmp(INSIDE, OUTSIDE, 8, fault=int(Reason.ICMP_BAD_CHECKSUM)),
]


@pytest.mark.parametrize("packet", BAD_SUMS)
@pytest.mark.parametrize("hook", [Hook.FORWARD, Hook.INPUT])
def test_a_bad_checksum_from_outside_is_invalid(packet: Datagram, hook: Hook) -> None:
    bench = Bench()
    result = bench.see(replace(packet, hook=int(hook)))
    assert (result["ct_state"], result["reason"]) == (INVALID, packet.fault)
    assert bench.connections() == []


@pytest.mark.parametrize("packet", BAD_SUMS)
@pytest.mark.parametrize("hook", [int(Hook.OUTPUT), 5], ids=["output", "local to local"])
def test_the_checksum_of_what_is_made_here_is_not_verified(packet: Datagram, hook: int) -> None:
    assert Bench().state(replace(packet, hook=hook)) == NEW


@pytest.mark.parametrize("packet", BAD_SUMS)
def test_without_nf_conntrack_checksum_none_is_verified(packet: Datagram) -> None:
    assert Bench(checksum=0).state(packet) == NEW


@pytest.mark.parametrize("fault", [Reason.UDP_SHORT, Reason.L4_TRUNCATED, Reason.NO_TRANSPORT])
def test_a_malformed_header_is_invalid_wherever_it_is_made(fault: Reason) -> None:
    sent = replace(QUESTION, fault=int(fault), hook=int(Hook.OUTPUT))
    assert Bench(checksum=0).see(sent)["reason"] == fault


def test_a_malformed_packet_changes_nothing_in_its_connection() -> None:
    bench = Bench()
    bench.see(QUESTION, 0)
    result = bench.see(replace(ANSWER, fault=int(Reason.UDP_SHORT)), 5)
    assert (result["ct_state"], result["connection"]) == (INVALID, 2)
    assert bench.only()["expires"] == 30 * SECOND
    assert bench.state(QUESTION, 6) == NEW


def test_a_header_without_ports_is_invalid_without_a_look_up() -> None:
    result = Bench().see(Datagram(INSIDE, OUTSIDE, int(Proto.TCP), fault=int(Reason.L4_TRUNCATED)))
    assert (result["ct_state"], result["reason"], result["connection"]) == (INVALID, Reason.L4_TRUNCATED, -1)


# --- what cannot be known --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (Datagram(INSIDE, OUTSIDE, int(Proto.SCTP), UNKNOWN_VALUE, 2), Reason.CUT),
        (Datagram(INSIDE, OUTSIDE, UNKNOWN_VALUE), Reason.CUT),
        (udp(INSIDE, 5000, OUTSIDE, UNKNOWN_VALUE), Reason.CUT),
        (tcp(INSIDE, 5000, OUTSIDE, 80, UNKNOWN_VALUE), Reason.CUT),
        (icmp(INSIDE, OUTSIDE, 8, 0, UNKNOWN_VALUE), Reason.CUT),
        (icmp(INSIDE, OUTSIDE, UNKNOWN_VALUE), Reason.CUT),
    ],
)
def test_what_is_cut_off_or_not_simulated_has_an_unknown_ct_state(packet: Datagram, reason: Reason) -> None:
    bench = Bench()
    result = bench.see(packet)
    assert (result["ct_state"], result["reason"]) == (UNKNOWN_VALUE, reason)
    assert (result["connection"], result["direction"]) == (-1, Direction.NONE)
    assert bench.connections() == []


@pytest.mark.parametrize("cut_off", ["syn", "answer"])
def test_a_syn_with_options_cut_off_leaves_the_windows_unchecked(cut_off: str) -> None:
    bench = Bench()
    opening, answer = client(SYN), server(SYN | ACK)
    opening = replace(opening, options=UNKNOWN_VALUE) if cut_off == "syn" else opening
    answer = replace(answer, options=UNKNOWN_VALUE) if cut_off == "answer" else answer
    assert bench.state(opening) == NEW
    assert bench.state(answer) == REPLY
    assert all(side["flags"] & BE_LIBERAL for side in bench.only()["sides"])
    assert bench.state(server(ACK, 50_000, 101)) == REPLY


def test_a_syn_with_all_its_options_has_its_windows_checked() -> None:
    bench = Bench()
    bench.see(client(SYN))
    bench.see(server(SYN | ACK))
    assert not any(side["flags"] & BE_LIBERAL for side in bench.only()["sides"])
    assert bench.see(server(ACK, 50_000, 101))["reason"] == Reason.TCP_SEQ_OVER


# --- as if there were no connection ----------------------------------------------------------------------------


def fresh(bench: Bench, datagram: Datagram) -> dict[str, int]:
    frames, packets, quotes, results = bench.tables
    datagram.fill(packets[0])
    packets[0]["now"] = 10 * SECOND
    if datagram.quote is not None:
        datagram.quote.fill_quote(quotes[0])
    fresh_state(bench.tracker, frames[0], packets[0], quotes, results[0])
    return plain(results[0])


@pytest.mark.parametrize(
    ("packet", "state", "reason"),
    [
        (ANSWER, CtState.NEW, Reason.NONE),
        (client(SYN), CtState.NEW, Reason.NONE),
        (server(SYN | ACK), CtState.INVALID, Reason.TCP_NOT_AN_OPENING),
        (icmp(OUTSIDE, INSIDE, 0, 0, 7), CtState.INVALID, Reason.ICMP_REPLY_WITHOUT_REQUEST),
        (icmp(OUTSIDE, INSIDE, 3, quote=QUESTION), CtState.INVALID, Reason.ICMP_ERROR_UNMATCHED),
        (icmp(OUTSIDE, INSIDE, 3, quote=replace(QUESTION, quotable=0)), CtState.INVALID, Reason.ICMP_ERROR_BAD_QUOTE),
        (icmp(OUTSIDE, INSIDE, 9), CtState.INVALID, Reason.ICMP_BAD_TYPE),
        (icmp("fd00::1", "fd01::1", 135), CtState.UNTRACKED, Reason.UNTRACKED_ND),
        (replace(ANSWER, fragment=2), CtState.INVALID, Reason.LATER_FRAGMENT),
    ],
)
def test_a_packet_can_be_judged_as_if_nothing_were_known(packet: Datagram, state: int, reason: Reason) -> None:
    bench = Bench()
    for opening in (QUESTION, client(SYN), icmp(INSIDE, OUTSIDE, 8, 0, 7)):
        bench.see(opening, 0)
    before = bench.connections()
    result = fresh(bench, packet)
    assert (result["ct_state"], result["reason"]) == (state, reason)
    assert result["connection"] == (0 if state == CtState.NEW else -1)
    assert bench.connections() == before


def test_the_time_before_now_counts_for_a_packet_that_needs_no_connection_too() -> None:
    bench = Bench()
    bench.see(QUESTION, 0)
    bench.see(icmp("fd00::1", "fd01::1", 135), 30)
    assert bench.connections() == []
