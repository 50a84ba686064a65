"""What became of a packet in two firewalls: what is a difference, and what agrees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fwsim.capture.crafting import Ip
from fwsim.capture.ends import Ends
from fwsim.kernel import Answer
from fwsim.naming import NAT
from fwsim.parity import Comparison
from fwsim.parity.translated import disagreeing, ends_text
from fwsim.report.parity_text import told
from tests.deciding import error_about, icmp, tcp, udp
from tests.natted import HOST, PEER, PUBLIC, SELF, Gateway

SYN = tcp("S", HOST, PEER)
DRAWN = udp(HOST, PEER, ports=(123, 123))
OUT = (PUBLIC, 40000, PEER, 443)


def found(packet: Ip, theirs: Ends | None, gate: Gateway | None = None, *, compared: bool = True) -> list[Any]:
    gate = gate or Gateway()
    gate.ask(packet)
    return list(disagreeing(gate.batch, {} if theirs is None else {0: theirs}, np.array([compared])))


@pytest.mark.parametrize(
    ("packet", "theirs"),
    [
        (SYN, OUT),
        (DRAWN, (PUBLIC, 60123, PEER, 123)),  # the kernel has drawn it
        (tcp("S", HOST, SELF), None),  # as it came
        (icmp(8, HOST, PEER), (PUBLIC, 7, PEER, 8 << 8)),
        (Ip(HOST, PEER, 99, b"1234"), (PUBLIC, 0, PEER, 0)),
    ],
)
def test_equal_ends_agree_and_what_is_not_known_agrees_with_everything(packet: Ip, theirs: Ends | None) -> None:
    assert found(packet, theirs) == []


@pytest.mark.parametrize(
    ("packet", "theirs"),
    [
        (SYN, None),
        (SYN, (PUBLIC, 40001, PEER, 443)),
        (DRAWN, ("203.0.113.2", 60123, PEER, 123)),
        (tcp("S", HOST, SELF), OUT),
        (icmp(8, HOST, PEER), (PUBLIC, 8, PEER, 8 << 8)),
    ],
)
def test_other_ends_are_a_difference(packet: Ip, theirs: Ends | None) -> None:
    assert len(found(packet, theirs)) == 1
    assert found(packet, theirs, compared=False) == []


def test_an_error_about_a_translated_packet_has_no_id() -> None:
    gate = Gateway()
    gate.ask(SYN)
    error = error_about(tcp("S", PUBLIC, PEER), "192.0.2.9")
    assert found(error, ("192.0.2.9", 0, HOST, 3 << 8 | 1), gate) == []


def test_a_difference_is_counted_and_told_with_both_ends() -> None:
    gate, comparison = Gateway(), Comparison()
    gate.ask(SYN)
    comparison.add(gate.batch, Answer(gate.batch.stateful.copy(), translated={0: ("203.0.113.2", 40000, PEER, 443)}))
    (one,) = comparison.differences
    assert (one.fields, comparison.differing.total()) == ((NAT,), 1)
    first, ours, theirs = told(one, gate.naming.rules["stateful"], ["lan.pcap"])
    assert first.endswith(": nat")
    assert ours.endswith(f", leaves as {PUBLIC} 40000 > {PEER} 443")
    assert theirs.endswith(f", leaves as 203.0.113.2 40000 > {PEER} 443")
    assert ends_text((None, None, PEER, 443)) == f"? ? > {PEER} 443"


def test_ends_are_compared_only_where_both_let_the_packet_through() -> None:
    gate, comparison = Gateway(), Comparison()
    gate.ask(SYN)
    theirs = gate.batch.stateful.copy()
    theirs["verdict"] = 1
    comparison.add(gate.batch, Answer(theirs))
    assert NAT not in comparison.differences[0].fields
    assert comparison.differing.total() == 1
