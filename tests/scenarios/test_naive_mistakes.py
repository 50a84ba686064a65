"""The places where simulators go wrong, one test for each item of conntrack-spec's list (section 15), by number.

Item 24, rules evaluated for each fragment, is in `test_fragments`. Most items have closer tests in the other files.
"""

from __future__ import annotations

from fwsim.capture.crafting import ICMPV6, Ip, icmp_message, packed, tcp_options
from fwsim.terms import Reason, Verdict
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
    Playbook,
    Raw,
    State,
)
from tests.playbook_simulator import BROKEN, KNOWN
from tests.playbook_simulator import NEW as ANY_NEW
from tests.playbook_stage import NO_DIRECTION


def test_01_a_syn_in_a_living_entry_is_neither_new_nor_invalid(play: Playbook) -> None:
    play.original("S").expect(ACCEPT, ct=NEW)
    play.reply("SA").expect(ACCEPT)
    for flags in ("S", "A", "S", "FA", "S"):
        words = {"seq": 500_000} if flags == "S" else {}
        play.original(flags, **words).expect(ACCEPT, ct=ESTABLISHED, direction=ORIGINAL)


def test_02_an_entry_is_created_only_behind_the_verdict(stage: Stager) -> None:
    play = stage("edge")
    outside = play.tcp("203.0.113.80:443", "10.1.0.23:40000")
    outside.original("S").expect(DROP, ct=NEW, exists=False)
    outside.reply("SA").expect(DROP, ct=INVALID)


def test_03_a_rule_that_drops_rolls_nothing_back(stage: Stager) -> None:
    play = stage([{"name": "marked", "dscp": "cs1", "verdict": "drop"}, KNOWN, ANY_NEW])
    play.handshake()
    play.original("FA", tos=0x20).expect(DROP, rule="marked")
    play.connection.is_(State.FIN_WAIT, timeout=120)


def test_04_a_stray_ack_is_new_but_fin_rst_and_synack_are_invalid(play: Playbook) -> None:
    for flags in ("FA", "R", "RA", "SA"):
        play.original(flags, seq=700).expect(DROP, ct=INVALID)
    play.original("A", seq=700, ack=900).expect(ACCEPT, ct=NEW)


def test_05_only_future_data_and_future_acknowledgements_are_invalid(play: Playbook) -> None:
    play.handshake()
    play.reply("PA", 1, seq=64_242).expect(ACCEPT, ct=ESTABLISHED)
    play.original("A", seq=-90_000).expect(ACCEPT, ct=ESTABLISHED)
    play.original("A", ack=-90_000).expect(ACCEPT, ct=ESTABLISHED)
    play.original("A", seq=900_000).expect(DROP, ct=INVALID)
    play.original("A", ack=900_000).expect(DROP, ct=INVALID)


def test_06_a_reset_needs_the_exact_number(play: Playbook) -> None:
    play.handshake()
    play.reply("R", seq=2).expect(ACCEPT, ct=ESTABLISHED, state=State.ESTABLISHED, timeout=10)
    play.original("A").expect(ACCEPT)
    play.reply("R", seq=1).expect(ACCEPT, ct=ESTABLISHED, state=State.CLOSE)


def test_07_while_closing_any_reset_will_do(play: Playbook) -> None:
    play.handshake()
    play.original("FA").expect(ACCEPT)
    play.reply("R", seq=900_000_000).expect(ACCEPT, ct=ESTABLISHED, state=State.CLOSE)


def test_08_a_refused_syn_leaves_no_entry(play: Playbook) -> None:
    play.original("S").expect(ACCEPT)
    play.reply("RA", seq=Raw(0)).expect(ACCEPT, ct=ESTABLISHED, exists=False)


def test_09_a_repeated_syn_does_not_renew_the_timer(play: Playbook) -> None:
    play.original("S").expect(ACCEPT, timeout=120)
    play.after(seconds=60).original("S").expect(ACCEPT, timeout=60)


def test_10_a_picked_up_entry_is_assured_by_its_third_packet_and_data_mean_300_seconds(play: Playbook) -> None:
    play.original("A", seq=1, ack=1).expect(ACCEPT, timeout=300, assured=False)
    play.reply("A", seq=1, ack=1).expect(ACCEPT, timeout=300, assured=False)
    play.original("A", seq=1, ack=1).expect(ACCEPT, timeout=432000, assured=True)
    play.original("PA", 10, seq=1, ack=1).expect(ACCEPT, timeout=300)


def test_11_a_first_udp_reply_makes_no_stream(play: Playbook) -> None:
    talk = play.udp()
    talk.original(10).expect(ACCEPT, timeout=30)
    play.after(seconds=10)
    talk.reply(10).expect(ACCEPT, timeout=30, assured=False)
    talk.original(10).expect(ACCEPT, timeout=120, assured=True)


def test_12_an_icmp_error_is_judged_by_what_it_quotes_and_whom_it_goes_to(stage: Stager) -> None:
    play = stage()
    play.original("S").expect(ACCEPT)
    forged = play.usual.packet(ORIGINAL, b"\x9c\x40\x01\xbb")
    for kind in (3, 4, 5, 11, 12):
        error = play.usual.error(kind, 0, about=forged, source="203.0.113.254", quoted=4)
        error.expect(ACCEPT, ct=RELATED, direction=REPLY)
    play.usual.error(3, 0, source="203.0.113.254", to="10.1.0.24").expect(DROP, ct=INVALID)
    play.connection.is_(State.SYN_SENT, timeout=119.994, seen_reply=False)


def test_13_neighbour_discovery_is_untracked(stage: Stager) -> None:
    play = stage(family=6)
    body = icmp_message("fd00:1::23", "fd00:1::1", 135, 0, bytes(4), packed("fd00:1::1"))
    solicitation = play.send(Ip("fd00:1::23", "fd00:1::1", ICMPV6, body, ttl=255), "neighbour solicitation")
    solicitation.expect(ACCEPT, ct=UNTRACKED, direction=NO_DIRECTION, rule="untracked")


def test_14_a_repeated_synack_is_accepted_and_ignored(play: Playbook) -> None:
    play.handshake()
    play.after(seconds=1).reply("SA").expect(ACCEPT, ct=ESTABLISHED, reason=Reason.TCP_IGNORED, timeout=431999)


def test_15_time_wait_reopens_but_a_server_reset_does_not(play: Playbook) -> None:
    play.handshake().close()
    play.usual.again()
    play.handshake()
    play.reply("R").expect(ACCEPT, state=State.CLOSE)
    play.usual.again()
    play.original("S").expect(ACCEPT, ct=ESTABLISHED, state=State.CLOSE)
    play.reply("SA").expect(ACCEPT, ct=ESTABLISHED, state=State.SYN_RECV)


def test_16_a_wrong_transport_checksum_is_invalid_and_a_wrong_ip_checksum_is_never_seen(stage: Stager) -> None:
    play = stage()
    play.original("S", bad_checksum=True).expect(DROP, ct=INVALID, rule="broken")
    play.original("S", bad_header_checksum=True).expect(Verdict.NOT_EVALUATED, rule="")
    play.original("S", offloaded=True).expect(ACCEPT, ct=NEW)


def test_17_the_udp_checksum_covers_the_ip_payload(play: Playbook) -> None:
    play.udp().original(40, udp_length=24, summed=24).expect(DROP, ct=INVALID)
    play.udp().original(40, udp_length=24).expect(ACCEPT, ct=NEW)


def test_18_push_and_ecn_are_masked_and_urgent_only_in_company(play: Playbook) -> None:
    play.original("SPEW").expect(ACCEPT, ct=NEW)
    play.reply("SAPE").expect(ACCEPT, ct=ESTABLISHED)
    play.original("AUPEW", 1).expect(ACCEPT, ct=ESTABLISHED)
    play.original("RU").expect(DROP, ct=INVALID, reason=Reason.TCP_BAD_FLAGS)


def test_19_scales_hold_if_both_offer_and_sack_if_the_other_did(stage: Stager) -> None:
    play = stage()
    play.tcp(wscale=(4, 4), win=(1_000, 1_000), sack_ok=(False, True)).original("S", win=1_000).expect(ACCEPT)
    play.reply("SA", win=1_000).expect(ACCEPT)
    play.original("A").expect(ACCEPT)
    play.reply("A", 1, seq=16_001).expect(ACCEPT, ct=ESTABLISHED, evidence=0)
    play.original("A", ack=1, sack=((90_000, 90_100),)).expect(DROP, ct=INVALID)
    play.original("A", options=tcp_options() + bytes([3, 1, 99, 5])).expect(ACCEPT, ct=ESTABLISHED)


def test_20_an_invalid_packet_has_neither_direction_nor_entry(stage: Stager) -> None:
    play = stage([{"name": "any direction", "ct_direction": ["original", "reply"], "verdict": "accept"}, BROKEN])
    play.handshake()
    play.original("A", ack=900_000).expect(DROP, ct=INVALID, direction=NO_DIRECTION, rule="broken")


def test_21_an_echo_reply_must_match_type_code_and_id(stage: Stager) -> None:
    play = stage()
    ping = play.ping(ident=7)
    ping.original().expect(ACCEPT, ct=NEW)
    ping.original().expect(ACCEPT, ct=NEW)
    ping.reply(code=1).expect(DROP, ct=INVALID)
    ping.reply(ident=8).expect(DROP, ct=INVALID)
    ping.reply().expect(ACCEPT, ct=ESTABLISHED)


def test_22_an_entry_with_nothing_left_is_dead(play: Playbook) -> None:
    play.original("S").expect(ACCEPT)
    play.after(seconds=120).reply("SA").expect(DROP, ct=INVALID)


def test_23_generic_protocols_have_no_ports(play: Playbook) -> None:
    tunnel = play.generic(50)
    tunnel.original(b"\x01\x02\x03\x04" * 4).expect(ACCEPT, ct=NEW)
    tunnel.reply(b"\x05\x06\x07\x08" * 4).expect(ACCEPT, ct=ESTABLISHED)
