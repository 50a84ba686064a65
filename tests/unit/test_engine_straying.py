"""Packets that may belong to a connection with a drawn port."""

from __future__ import annotations

from fwsim.terms import UNKNOWN_VALUE, CtState, Verdict
from tests.deciding import tcp, udp
from tests.natted import HOST, PEER, PUBLIC, SERVER, Gateway

RANDOM = """table ip nat {
  chain post { type nat hook postrouting priority srcnat; oifname "wan" masquerade random
  }
}
table ip filter {
  chain forward { type filter hook forward priority 0; policy drop; ct state established accept; iifname "lan" accept
  }
  chain input { type filter hook input priority 0; policy drop; ct state established accept; }
}
"""


def test_what_may_be_an_answer_is_not_known_and_nor_is_the_state_of_whom_it_may_answer() -> None:
    gate = Gateway(RANDOM)
    for host in (HOST, SERVER):
        gate.ask(udp(host, PEER))
        assert gate.row["ct_state"] == CtState.NEW
    gate.ask(udp(PEER, PUBLIC, ports=(53, 40000)))
    assert (gate.row["verdict"], gate.row["ct_state"]) == (Verdict.UNKNOWN, UNKNOWN_VALUE)
    for host in (HOST, SERVER):  # all that it may belong to
        gate.ask(udp(host, PEER))
        assert (gate.row["verdict"], gate.row["ct_state"]) == (Verdict.ACCEPT, UNKNOWN_VALUE)
    gate.ask(udp(SERVER, PEER, ports=(40001, 53)))
    assert gate.row["ct_state"] == CtState.NEW


def test_what_may_have_opened_a_connection_may_be_answered() -> None:
    gate = Gateway(RANDOM.replace("policy drop", "policy accept"))
    gate.ask(udp(HOST, PEER))
    gate.ask(udp(PEER, PUBLIC, ports=(53, 40000)))
    assert gate.row["ct_state"] == UNKNOWN_VALUE
    gate.ask(udp(PUBLIC, PEER, ports=(40000, 53)), seen="wan", direction=2)
    assert gate.row["ct_state"] != CtState.NEW


def test_a_packet_that_no_connection_would_take_is_known_to_be_invalid() -> None:
    gate = Gateway(RANDOM)
    gate.ask(tcp("S", HOST, PEER))
    gate.ask(tcp("SF", PEER, PUBLIC, ports=(443, 40000)))
    assert (gate.row["verdict"], gate.row["ct_state"]) == (Verdict.DROP, CtState.INVALID)


def test_a_stray_reset_does_not_end_a_connection_for_sure() -> None:
    gate = Gateway(RANDOM)
    gate.ask(tcp("S", HOST, PEER))
    gate.ask(tcp("RA", PEER, PUBLIC, ports=(443, 40000), ack=1001))
    assert gate.row["verdict"] == Verdict.UNKNOWN
    gate.ask(tcp("A", HOST, PEER, seq=1001, ack=1))
    assert gate.row["ct_state"] == UNKNOWN_VALUE
