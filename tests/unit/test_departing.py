"""How packets look when they leave a firewall that translates addresses."""

from __future__ import annotations

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether

from fwsim.capture import from_scapy
from fwsim.capture.crafting import Ip, ethernet, fragment_of
from fwsim.engine.departing import depart
from fwsim.tables import CAME, DECISION, DEPARTURE, LEFT, PACKET, empty, plain
from fwsim.terms import UNKNOWN_VALUE, Hook, Verdict
from tests.deciding import KNOWN, OUT, Wall, error_about, icmp, tcp, udp
from tests.gateway import FORWARD, IN, MASQUERADE, OUTSIDE
from tests.gateway import OUT as GOING
from tests.gateway import PUBLIC as OWN
from tests.gateway import Gateway as OneSided
from tests.natted import HOST, PEER, PUBLIC, SELF, SERVER, Gateway, told

SYN = tcp("S", HOST, PEER)
SYN_ACK = tcp("SA", PEER, PUBLIC, ports=(443, 40000), ack=1001)


def test_a_masqueraded_packet_leaves_with_the_public_address_and_its_answer_goes_to_who_has_asked() -> None:
    gate = Gateway()
    gate.ask(SYN)
    assert gate.left == f"{PUBLIC}.40000 > {PEER}.443"
    gate.ask(SYN_ACK)
    assert gate.left == f"{PEER}.443 > {HOST}.40000"


def test_a_forwarded_port_leads_to_the_inside_server_and_the_answer_comes_from_the_public_address() -> None:
    gate = Gateway()
    gate.ask(tcp("S", PEER, PUBLIC, ports=(50000, 8080)))
    assert gate.left == f"{PEER}.50000 > {SERVER}.80"
    gate.ask(tcp("SA", SERVER, PEER, ports=(80, 50000), ack=1001))
    assert gate.left == f"{PUBLIC}.8080 > {PEER}.50000"


def test_a_redirected_packet_stays_here() -> None:
    gate = Gateway()
    gate.ask(udp(HOST, PEER))
    assert gate.left == f"{HOST}.40000 > {SELF}.5353"


def test_a_port_that_the_kernel_draws_is_not_known() -> None:
    gate = Gateway()
    gate.ask(udp(HOST, PEER, ports=(123, 123)))
    assert gate.left == f"{PUBLIC}.? > {PEER}.123"


def test_pings_and_errors_about_translated_packets_leave_with_translated_addresses() -> None:
    gate = Gateway()
    gate.ask(icmp(8, HOST, PEER))
    assert gate.left == f"{PUBLIC} > {PEER} id 7"
    gate.ask(icmp(0, PEER, PUBLIC))
    assert gate.left == f"{PEER} > {HOST} id 7"
    gate.ask(SYN)
    gate.ask(error_about(tcp("S", PUBLIC, PEER), "192.0.2.9"))
    assert gate.left == f"192.0.2.9 > {HOST}"


@pytest.mark.parametrize(
    "packet",
    [
        tcp("S", PEER, PUBLIC, ports=(50000, 99)),  # translated, then dropped
        tcp("S", HOST, "10.1.0.77"),  # nothing to be translated
        tcp("A", PEER, HOST),  # refused, without a connection
    ],
)
def test_nothing_is_told_of_who_does_not_leave_or_looks_as_it_came(packet: Ip) -> None:
    gate = Gateway()
    gate.ask(packet)
    assert gate.left is None
    assert not any(plain(gate.batch.departures["stateful"][0]).values())


def test_all_fragments_leave_as_their_datagram_does() -> None:
    gate = Gateway()
    whole = udp(HOST, PEER, ports=(4000, 4001), data=32, ip_id=5, dont_fragment=False)
    pieces = [fragment_of(whole, 0, 24), fragment_of(whole, 24, 40)]
    captures = from_scapy([Ether(ethernet(bytes(6), bytes(6), piece.encode(), padded=False)) for piece in pieces])
    (chunk,) = captures
    gate.simulator.topology.locate(captures, chunk)
    batch = gate.simulator.run(chunk)
    assert [told(plain(row)) for row in batch.departures["stateful"]] == [f"{PUBLIC}.4000 > {PEER}.4001"] * 2


def test_without_rules_that_translate_there_is_no_table() -> None:
    wall = Wall([KNOWN, OUT])
    wall.ask(tcp())
    assert wall.batch.departures == {}


def test_stateless_a_packet_is_translated_as_if_it_were_the_first_and_its_answer_is_not() -> None:
    gate = Gateway(mode="stateless")
    assert gate.ask(SYN).admitted
    assert gate.left == f"{PUBLIC}.40000 > {PEER}.443"
    gate.ask(SYN_ACK)
    assert gate.left is None


def test_what_is_noted_differently_a_second_time_is_not_known() -> None:
    departure, decision, seen = empty(DEPARTURE, 1), empty(DECISION, 1), empty(PACKET, 1)
    decision["verdict"], seen["hook"] = Verdict.ACCEPT, Hook.FORWARD
    seen["src0"], seen["dst0"], seen["sport"], seen["dport"], seen["icmp_id"] = 1, 2, 3, 4, -1
    depart(departure[0], seen[0], 0, decision[0])
    once = plain(departure[0])
    depart(departure[0], seen[0], 0, decision[0])
    assert plain(departure[0]) == once
    seen["src0"], seen["dport"] = 9, 8
    depart(departure[0], seen[0], 0, decision[0])
    assert plain(departure[0]) == once | {"src0": UNKNOWN_VALUE, "dport": UNKNOWN_VALUE}


def test_of_a_packet_whose_way_is_not_known_the_source_is_not_known_either() -> None:
    departure, decision, seen = empty(DEPARTURE, 1), empty(DECISION, 1), empty(PACKET, 1)
    decision["verdict"], seen["hook"] = Verdict.UNKNOWN, UNKNOWN_VALUE
    seen["src0"], seen["dst0"], seen["sport"] = 1, UNKNOWN_VALUE, 3
    depart(departure[0], seen[0], 0, decision[0])
    row = plain(departure[0])
    assert (row["left"], row["src0"], row["sport"], row["dst0"]) == (1, UNKNOWN_VALUE, UNKNOWN_VALUE, UNKNOWN_VALUE)


def test_a_packet_captured_when_it_had_left_tells_how_it_came() -> None:
    gate = OneSided(FORWARD, on=("wan",))
    ask = IP(src=OUTSIDE, dst=OWN) / TCP(sport=5000, dport=80, flags="S", seq=1)
    answer = IP(src=OWN, dst=OUTSIDE) / TCP(sport=80, dport=5000, flags="SA", seq=9, ack=2)
    batches = [gate.batch("wan", IN, ask), gate.batch("wan", GOING, answer)]
    rows = [plain(batch.departures["stateful"][0]) for batch in batches]
    assert [row["left"] for row in rows] == [LEFT, CAME]
    assert [told(row) for row in rows] == [f"{OUTSIDE}.5000 > 10.2.0.2.8080", f"10.2.0.2.8080 > {OUTSIDE}.5000"]


def test_where_a_packet_came_from_that_nobody_saw_come_is_not_known() -> None:
    gate = OneSided(MASQUERADE, on=("wan",))
    batch = gate.batch("wan", GOING, IP(src=OWN, dst=OUTSIDE) / UDP(sport=5000, dport=80))
    assert batch.stateful["verdict"][0] == Verdict.UNKNOWN
    assert plain(batch.departures["stateful"][0])["left"] == 0
