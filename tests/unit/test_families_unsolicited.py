"""Answers that nobody asked for: what they are made of, and that state knows them."""

from __future__ import annotations

from collections import Counter

from tests.attacking import admitted, dissected, forge, needs_tshark, outcomes


@needs_tshark
def test_a_syn_ack_acknowledges_something_to_each_port() -> None:
    rows = dissected(forge("synack", ports="80,443", targets=1), "tcp.flags", "tcp.dstport", "tcp.checksum.status")
    assert rows == [("0x0012", "80", "1"), ("0x0012", "443", "1")]


@needs_tshark
def test_backscatter_is_syn_acks_resets_errors_and_echo_replies_in_turn() -> None:
    found = forge("backscatter", count=8, targets=2)
    rows = dissected(found, "tcp.flags", "icmp.type", "icmp.code", "icmp.checksum.status", "tcp.seq_raw", every=True)
    kinds = [(flags[-4:], kind, code) for flags, kind, code, _, _ in rows]
    assert kinds == [("0012", "", ""), ("0014", "", ""), ("", "3", "3"), ("", "0", "0")] * 2
    assert rows[1][4] == "0"
    assert [row[3] for row in rows[2:4]] == ["1", "1"]


@needs_tshark
def test_the_error_quotes_a_datagram_from_the_host_it_goes_to() -> None:
    error = forge("backscatter", count=3, targets=1)[2:]
    (row,) = dissected(error, "ip.src", "ip.dst", "udp.checksum.status", every=True)
    (outer_source, inner_source), (outer_target, inner_target) = (pair.split(",") for pair in row[:2])
    assert (outer_source, outer_target) == (inner_target, inner_source)


def test_state_admits_no_backscatter_and_every_kind_leaves_its_word() -> None:
    found = outcomes("backscatter", count=40)
    total, without, with_state = admitted(found)
    assert (total, with_state) == (40, 0)
    assert without > 0
    assert Counter(word for one in found for word in one.evidence) == {
        "synack-without-syn": 10, "rst-without-connection": 10, "icmp-error-without-connection": 10,
        "icmp-reply-without-request": 10,
    }  # fmt: skip


def test_state_admits_no_syn_ack_without_a_syn() -> None:
    assert admitted(outcomes("synack", ports="443", targets=1)) == (1, 1, 0)
