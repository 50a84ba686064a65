"""Packets whose ct state needs no look-up."""

from __future__ import annotations

import pytest

from fwsim.engine.sctp_header import MOST_CHUNKS
from fwsim.engine.settled import has_ports, is_cut, lacks_chunks
from fwsim.tables import PACKET, QUOTE, plain
from fwsim.tables import empty as empty_table
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Proto, Reason


def packet(proto: int, **fields: int) -> dict[str, int]:
    row = {**dict.fromkeys(PACKET.names or (), ABSENT), "proto": proto}
    return {**row, **fields}


@pytest.mark.parametrize(
    ("usable", "count", "why"),
    [
        (1, MOST_CHUNKS, Reason.NONE),
        (1, MOST_CHUNKS + 1, Reason.NOT_SIMULATED),
        (UNKNOWN_VALUE, 1, Reason.CUT),
        (0, MOST_CHUNKS + 1, Reason.NONE),
    ],
)
def test_a_list_of_chunks_whose_end_is_not_known_is_lacking(usable: int, count: int, why: Reason) -> None:
    row = {**plain(empty_table(QUOTE, 1)[0]), "usable": usable, "chunks": count}
    assert lacks_chunks(packet(Proto.SCTP, quote=0), [row]) == why


def test_an_sctp_fragment_by_itself_has_no_list_and_no_other_packets_list_is_taken_for_it() -> None:
    stale = {**plain(empty_table(QUOTE, 1)[0]), "usable": 1, "chunks": 1}
    assert lacks_chunks(packet(Proto.SCTP, quote=-1), [stale]) == Reason.NOT_SIMULATED


@pytest.mark.parametrize("proto", [Proto.TCP, Proto.UDP, Proto.UDPLITE, Proto.SCTP])
def test_a_packet_with_ports_is_looked_up_although_its_header_is_wrong(proto: Proto) -> None:
    assert has_ports(packet(proto, sport=1, dport=2))
    assert not has_ports(packet(proto, sport=1))
    assert not has_ports(packet(Proto.GRE, sport=1, dport=2))


def test_gre_whose_call_id_was_not_captured_is_cut() -> None:
    assert is_cut(packet(Proto.GRE, icmp_id=UNKNOWN_VALUE))
    assert not is_cut(packet(Proto.GRE))
