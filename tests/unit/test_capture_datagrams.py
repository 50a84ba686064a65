"""Datagrams put together from fragments, and decoded."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.capture.crafting import ICMP, TCP, UDP, Ip, icmp_message, in_pieces, tcp_segment, udp_datagram
from fwsim.capture.datagrams import alone, decoded, whole_of
from fwsim.capture.fragments import Fragment
from fwsim.capture.reassembly import Reassembly, Set
from fwsim.engine.checksum import AUTO, VERIFY
from fwsim.tables import plain
from fwsim.terms import UNKNOWN_VALUE, Evidence, Reason
from tests.deciding import HERE, HERE6, THERE, THERE6
from tests.unit.test_capture_fragments import must

ENDS = {4: (HERE, THERE), 6: (HERE6, THERE6)}
FAMILIES = pytest.mark.parametrize("family", [4, 6])


def datagram(family: int, size: int = 100, **udp: Any) -> Ip:
    """A UDP datagram."""
    src, dst = ENDS[family]
    return Ip(src, dst, UDP, udp_datagram(src, dst, (40000, 53), bytes(range(size)), **udp), ip_id=7, ttl=9)


def complete(fragments: list[Fragment]) -> Set[int]:
    """The set that fragments make, given backwards."""
    reassembly: Reassembly[int] = Reassembly()
    for number, fragment in enumerate(reversed(fragments)):
        given = reassembly.give(fragment, number, 0)
    assert given.whole is not None
    return given.whole


@FAMILIES
def test_the_datagram_is_what_was_sent(family: int) -> None:
    packet = datagram(family)
    found = whole_of(complete([must(piece) for piece in in_pieces(packet, 40)]))
    sent = packet.encode()
    if family == 4:
        sent = Ip(packet.src, packet.dst, UDP, packet.payload, ttl=9, ip_id=7, dont_fragment=False).encode()
    assert (found.content, found.length) == (sent, len(sent))


@FAMILIES
def test_the_header_is_that_of_the_first_fragment(family: int) -> None:
    pieces = in_pieces(datagram(family), 40)
    first, *others = [must(Ip(**{**piece.__dict__, "ttl": 60 + n})) for n, piece in enumerate(pieces)]
    _, packets, _ = decoded([whole_of(complete([first, *others]))], VERIFY)
    assert (packets[0]["ttl"], packets[0]["dport"], packets[0]["fragment"]) == (60, 53, 0)


@FAMILIES
@pytest.mark.parametrize("bad", [False, True])
def test_the_checksum_is_judged_over_the_whole(family: int, bad: bool) -> None:
    pieces = [must(piece) for piece in in_pieces(datagram(family, bad_checksum=bad), 40)]
    frames, packets, _ = decoded([whole_of(complete(pieces))], VERIFY)
    assert frames[0]["transport_fault"] == (Reason.UDP_BAD_CHECKSUM if bad else 0)
    assert packets[0]["payload"] == 100


@FAMILIES
def test_no_checksum_of_a_fragmented_packet_was_left_to_the_network_card(family: int) -> None:
    """Found by a third-party capture: Linux fills it in before it fragments."""
    src, dst = ENDS[family]
    segment = tcp_segment(src, dst, (40000, 80), (1, 2), 0x10, 500, data=bytes(range(60)), offloaded=True)
    pieces = [must(piece) for piece in in_pieces(Ip(src, dst, TCP, segment, ip_id=7), 40)]
    frames, _, _ = decoded([whole_of(complete(pieces))], AUTO)
    assert frames[0]["transport_fault"] == Reason.TCP_BAD_CHECKSUM


@FAMILIES
def test_what_was_cut_off_leaves_the_rest_unknown(family: int) -> None:
    head = 14 + (20 if family == 4 else 48)
    pieces = in_pieces(datagram(family, bad_checksum=True), 40)
    for cut, port, word in ((head + 20, 53, 0), (head + 7, 53, Evidence.CUT), (head + 2, UNKNOWN_VALUE, Evidence.CUT)):
        found = whole_of(complete([must(pieces[0], cut=cut), must(pieces[1]), must(pieces[2])]))
        frames, packets, _ = decoded([found], VERIFY)
        assert (frames[0]["transport_fault"], frames[0]["evidence"]) == (0, word)
        assert packets[0]["dport"] == port


def test_several_are_decoded_at_once_with_their_quotes() -> None:
    error = Ip(THERE, HERE, ICMP, icmp_message(THERE, HERE, 3, 1, bytes(4), datagram(4).encode()[:48]), ip_id=3)
    wholes = [whole_of(complete([must(p) for p in in_pieces(packet, 16)])) for packet in (datagram(4), error, error)]
    _, packets, quotes = decoded(wholes, VERIFY)
    assert packets["quote"].tolist() == [-1, 0, 1]
    assert [plain(quote)["dst_id"] for quote in quotes[:2]] == [53, 53]


def test_a_fragment_alone_is_judged_as_if_it_were_all() -> None:
    frames, _, _ = decoded([alone(must(in_pieces(datagram(6), 40)[0]))], VERIFY)
    assert frames[0]["transport_fault"] == Reason.UDP_SHORT
