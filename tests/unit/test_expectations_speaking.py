"""Lines become packets."""

from __future__ import annotations

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.layers.sctp import SCTP

from fwsim.errors import UsageError
from fwsim.expectations.lines import read_line
from fwsim.expectations.speaking import Speaker
from fwsim.expectations.stage import Stage
from tests.playbook import OFFICE

CLIENT, SERVER = "10.1.4.23:51822", "203.0.113.80:443"
THERE, BACK = f"tcp {CLIENT} > {SERVER}", f"tcp {SERVER} > {CLIENT}"


def spoken(*lines: str) -> list[Ether]:
    """The frames that lines become."""
    speaker = Speaker(Stage(ground=OFFICE))
    for line in lines:
        list(speaker.speak(read_line(line)))
    return [Ether(frame.data) for frame in speaker.stage.frames]


def flags(frames: list[Ether]) -> list[str]:
    return [str(frame[TCP].flags) for frame in frames]


def test_a_first_segment_without_flags_is_a_syn_and_later_ones_are_acks() -> None:
    assert flags(spoken(THERE, "reply syn-ack", "original", "original len=5")) == ["S", "SA", "A", "PA"]


def test_a_line_with_the_ends_turned_round_is_an_answer() -> None:
    syn, answer = spoken(f"{THERE} syn", f"{BACK} syn-ack")
    assert answer[TCP].ack == syn[TCP].seq + 1


def test_a_handshake_and_a_close_are_several_packets() -> None:
    frames = spoken(f"{THERE} handshake", "reply close")
    assert flags(frames) == ["S", "SA", "A", "FA", "A", "FA", "A"]
    assert [frame[IP].src for frame in frames[3:]] == ["203.0.113.80", "10.1.4.23", "10.1.4.23", "203.0.113.80"]


def test_signed_numbers_count_from_the_next_in_order() -> None:
    *_, answer, reset = spoken(f"{THERE} handshake", "reply psh-ack len=100", "reply rst seq=+1000")
    assert reset[TCP].seq == answer[TCP].seq + 100 + 1000


def test_a_conversation_may_begin_anew_with_later_numbers() -> None:
    first, *_, again = spoken(f"{THERE} syn", "reply rst", "original again")
    assert str(again[TCP].flags) == "S"
    assert again[TCP].seq > first[TCP].seq


def test_two_conversations_are_told_apart_by_their_ends() -> None:
    frames = spoken(f"{THERE} syn", "udp 10.1.4.23:5 > 9.9.9.9:53 len=30", "reply len=60", f"{BACK} syn-ack")
    assert [frame[IP].proto for frame in frames] == [6, 17, 17, 6]
    assert (frames[2][UDP].sport, len(frames[2][UDP].payload)) == (53, 60)


def test_a_ping_is_answered_with_its_id_and_pings_are_told_apart_by_it() -> None:
    there, back = "icmp 10.1.4.23 > 9.9.9.9", "icmp 9.9.9.9 > 10.1.4.23"
    frames = spoken(f"{there} ident=1", f"{there} ident=2", f"{back} echo-reply ident=1", "reply")
    assert [(frame[ICMP].type, frame[ICMP].id) for frame in frames] == [(8, 1), (8, 2), (0, 1), (0, 1)]


def test_an_echo_reply_may_come_unasked() -> None:
    (frame,) = spoken("icmp 9.9.9.9 > 10.1.4.23 echo-reply")
    assert (frame[ICMP].type, frame[IP].src) == (0, "9.9.9.9")


def test_an_error_quotes_the_packet_that_it_is_about() -> None:
    udp, error = spoken("udp 10.1.4.23:5 > 9.9.9.9:53 len=30", "icmp 9.9.9.1 > 10.1.4.23 port-unreachable")
    assert bytes(error[ICMP].payload) == bytes(udp[IP])[:28]
    (alone,) = spoken("icmp 9.9.9.1 > 10.1.4.23 host-unreachable about udp 10.1.4.23:5 > 9.9.9.9:53 len=30")
    assert (alone[ICMP].type, alone[ICMP].code) == (3, 1)
    assert bytes(alone[ICMP].payload)[12:20] == bytes(udp[IP])[12:20]


def test_sctp_opens_with_init() -> None:
    frames = spoken("sctp 10.1.4.23:5 > 9.9.9.9:36412 handshake", "original", "sctp 10.1.4.24:5 > 9.9.9.9:36412")
    kinds = [bytes(frame[SCTP].payload)[0] for frame in frames]
    assert kinds == [1, 2, 10, 11, 0, 1]


def test_fields_of_the_header_go_through() -> None:
    (frame,) = spoken(f"{THERE} syn ttl=9 dscp=46 vlan=20 win=77")
    assert (frame[IP].ttl, frame[IP].tos, frame[Dot1Q].vlan, frame[TCP].window) == (9, 0xB8, 20, 77)


def test_a_wrong_checksum_is_wrong_and_a_lost_packet_is_not_seen() -> None:
    right, wrong = spoken(f"{THERE} syn", "original syn seq=0 bad-checksum")
    assert wrong[TCP].chksum != right[TCP].chksum
    assert len(spoken(f"{THERE} syn lost", "reply syn-ack")) == 1


def test_ipv6_and_other_protocols_are_spoken() -> None:
    six, esp = spoken("tcp [fd00:1::23]:1 > [2001:db8::1]:2", "esp 10.1.4.23 > 9.9.9.9 len=40")
    assert six[IPv6].nh == 6
    assert (esp[IP].proto, esp[IP].len) == (50, 60)


@pytest.mark.parametrize("line", ["reply ack", "icmp 9.9.9.1 > 10.1.4.23 port-unreachable about reply"])
def test_nobody_goes_on_with_what_was_not_begun(line: str) -> None:
    with pytest.raises(UsageError):
        spoken(line)
