"""Conversations through a firewall that translates: answers come from where a packet has arrived."""

from __future__ import annotations

from fwsim.expectations.playbook import ACCEPT, ESTABLISHED, RELATED, Playbook, State
from fwsim.expectations.simulated import SimulatedPlaybook
from fwsim.expectations.talk import Way, parse_end, seen_as
from tests.expecting import loaded

NAT = """\
table ip nat {
\tchain pre {
\t\ttype nat hook prerouting priority dstnat;
\t\tiifname "wan" tcp dport 8080 dnat to 10.0.0.5:80
\t}
\tchain post {
\t\ttype nat hook postrouting priority srcnat;
\t\toifname "wan" masquerade
\t}
}
table inet filter {
\tchain forward {
\t\ttype filter hook forward priority 0; policy drop;
\t\tct state established,related accept
\t\tct status dnat accept
\t\tiifname "lan" accept
\t}
}
"""


def play() -> Playbook:
    rules = loaded(NAT, interfaces={"lan": ["10.0.0.0/24"], "wan": ["any"]}, local=["203.0.113.1"])
    return SimulatedPlaybook(rules, interfaces={"lan": ["10.0.0.0/24"], "wan": ["any"]}, local=["203.0.113.1"])


def test_a_masqueraded_client_is_answered_at_the_address_of_the_firewall() -> None:
    stage = play()
    stage.packet("tcp 10.0.0.9:40000 > 198.51.100.7:443 handshake")
    answer = stage.packet("tcp 198.51.100.7:443 > 203.0.113.1:40000 psh-ack len=10")
    answer.expect(ACCEPT, ct=ESTABLISHED, remains=State.ESTABLISHED)
    assert " > 203.0.113.1:40000 [SA]" in stage.sent[1].text
    stage.packet("icmp 198.51.100.9 > 203.0.113.1 host-unreachable about original").expect(ACCEPT, ct=RELATED)


def test_a_forwarded_port_is_answered_by_the_server_behind_it() -> None:
    stage = play()
    talk = stage.tcp("198.51.100.7:40000", "203.0.113.1:8080")
    talk.handshake()
    talk.original("PA", 100).expect(ACCEPT)
    talk.reply("PA", 100).expect(ACCEPT, ct=ESTABLISHED)
    assert stage.sent[-1].text.startswith("10.0.0.5:80 > 198.51.100.7:40000")
    talk.error(3, 3, source="10.0.0.5").expect(ACCEPT, ct=RELATED)


def test_a_ping_and_a_datagram_are_answered_through_the_translation() -> None:
    stage = play()
    ping = stage.ping("10.0.0.9", "198.51.100.7", ident=7)
    ping.original().expect(ACCEPT)
    ping.reply().expect(ACCEPT, ct=ESTABLISHED)
    udp = stage.udp("10.0.0.9:5", "198.51.100.7:53")
    udp.original(30).expect(ACCEPT)
    udp.reply(60).expect(ACCEPT, ct=ESTABLISHED)


def test_what_was_refused_is_not_translated_for_the_answer() -> None:
    stage = play()
    talk = stage.tcp("198.51.100.7:40000", "203.0.113.1:8081")
    talk.original("S")
    talk.reply("SA")
    assert stage.sent[-1].text.startswith("203.0.113.1:8081 > 198.51.100.7:40000")


def test_a_quoted_packet_has_the_addresses_ports_and_id_that_it_arrived_with() -> None:
    stage = Playbook()
    udp = stage.udp("10.0.0.9:5", "198.51.100.7:53")
    udp.original(30)
    arrived = seen_as(udp.last[0], Way("10.0.0.7", 530, "203.0.113.1", 50))
    assert (arrived.src, arrived.dst) == ("203.0.113.1", "10.0.0.7")
    assert arrived.payload[:4] == bytes([0, 50, 2, 18])
    ping = stage.ping("10.0.0.9", "198.51.100.7", ident=7)
    ping.original()
    assert seen_as(ping.last[0], Way("10.0.0.7", 0, "203.0.113.1", 0, 9)).payload[4:6] == b"\0\x09"


def test_ends_are_written_with_brackets_in_ipv6() -> None:
    assert parse_end("[fd00:1::23]:40000") == ("fd00:1::23", 40000)
    assert parse_end("fd00:1::23") == ("fd00:1::23", 0)
    assert parse_end("10.1.0.23:5") == ("10.1.0.23", 5)
