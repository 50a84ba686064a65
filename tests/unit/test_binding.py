"""What new connections are bound to."""

from __future__ import annotations

from fwsim.capture.crafting import GRE, Ip, gre_packet
from fwsim.terms import Reason, Verdict
from tests.deciding import tcp, udp
from tests.natted import HOST, PEER, PUBLIC, SERVER, Gateway


def masquerading(how: str) -> Gateway:
    """A gateway with one rule for who goes out."""
    chain = f'type nat hook postrouting priority srcnat; oifname "wan" {how}'
    return Gateway(f"table ip nat {{ chain post {{ {chain}\n}}\n}}\n")


def test_one_port_serves_one_connection_to_a_peer() -> None:
    gate = masquerading("meta l4proto udp masquerade to :4000")
    gate.ask(udp(HOST, PEER))
    assert gate.left == f"{PUBLIC}.4000 > {PEER}.53"
    gate.ask(udp(SERVER, PEER))
    assert (gate.row["verdict"], gate.row["reason"]) == (Verdict.DROP, Reason.NAT_CLASH)
    gate.ask(udp(SERVER, PEER, ports=(40000, 54)))
    assert gate.left == f"{PUBLIC}.4000 > {PEER}.54"


def test_a_small_range_that_is_used_up_perhaps_leaves_the_verdict_unknown() -> None:
    gate = masquerading("meta l4proto udp masquerade to :4000-4001")
    found = []
    for port in (5000, 5001, 5002):
        gate.ask(udp(HOST, PEER, ports=(port, 53)))
        found.append((Verdict(gate.row["verdict"]), gate.left))
    drawn = f"{PUBLIC}.? > {PEER}.53"
    assert found[:2] == [(Verdict.ACCEPT, drawn), (Verdict.ACCEPT, drawn)]
    assert (found[2][0], gate.row["reason"]) == (Verdict.UNKNOWN, Reason.NAT_CLASH)


def test_a_range_whose_ports_are_all_taken_for_sure_drops() -> None:
    gate = masquerading("meta l4proto udp masquerade to :4000-4001")
    for port in (4000, 4001):
        gate.ask(udp(HOST, PEER, ports=(port, 53)))
        assert gate.left == f"{PUBLIC}.{port} > {PEER}.53"
    gate.ask(udp(HOST, PEER, ports=(5000, 53)))
    assert (gate.row["verdict"], gate.row["reason"]) == (Verdict.DROP, Reason.NAT_CLASH)


def test_a_tunnel_without_ports_cannot_be_told_from_another() -> None:
    gate = masquerading("masquerade")
    tunnel = gre_packet(0, 0x0800, 0, bytes(8))
    gate.ask(Ip(HOST, PEER, GRE, tunnel))
    assert gate.row["verdict"] == Verdict.ACCEPT
    gate.ask(Ip(SERVER, PEER, GRE, tunnel))
    assert (gate.row["verdict"], gate.row["reason"]) == (Verdict.DROP, Reason.NAT_CLASH)


def test_a_port_that_another_one_has_is_exchanged_for_one_that_nobody_knows() -> None:
    gate = masquerading("masquerade")
    gate.ask(tcp("S", HOST, PEER))
    gate.ask(tcp("S", SERVER, PEER))
    assert gate.left == f"{PUBLIC}.? > {PEER}.443"
