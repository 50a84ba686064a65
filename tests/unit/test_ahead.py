"""Looking ahead: the hashes are those of the tuples, and what is fetched changes nothing."""

from __future__ import annotations

import numpy as np

from fwsim.engine.ahead import STEP, answer_bucket, hash_packets, look_ahead
from fwsim.engine.tuples import bucket_of, hash_of, invert, of_packet
from fwsim.tables import PACKET, TUPLE, empty
from fwsim.tracker import copy, make_tracker
from fwsim.uncompiled import flush
from tests.tracking import Bench, Datagram, icmp, settings, tcp, udp

COMING = (
    udp("10.0.0.1", 1024, "10.0.0.2", 53),
    tcp("10.0.0.2", 443, "10.0.0.1", 50_000, 0x12),
    udp("2001:db8::1", 1, "2001:db8::2", 65_535),
    icmp("10.0.0.1", "10.0.0.2", 8, ident=7),
    Datagram("10.0.0.1", "10.0.0.2", 47),
) * STEP


def test_a_packet_with_ports_has_the_hash_of_its_tuple_and_others_none() -> None:
    tracker = make_tracker(settings(), key=77)
    packets, tuples, hashes = empty(PACKET, len(COMING)), empty(TUPLE, len(COMING)), np.zeros(len(COMING), np.int64)
    for datagram, packet, one in zip(COMING, packets, tuples, strict=True):
        datagram.fill(packet)
        of_packet(packet, one)
    hash_packets(tracker, packets, hashes, 0, len(COMING))
    with_ports = packets["sport"] >= 0
    assert with_ports.sum() == 3 * STEP
    assert hashes[with_ports].tolist() == [hash_of(tracker, one) for one in tuples[with_ports]]
    assert set(hashes[~with_ports].tolist()) == {-1}


def test_looking_ahead_changes_nothing_and_ends_with_the_chunk() -> None:
    tracker = make_tracker(settings(), key=77)
    before = copy(tracker)
    for i in range(8):
        look_ahead(tracker, empty(PACKET, 8), np.full(8, -1, np.int64), i, 8)
    assert all((mine == theirs).all() for mine, theirs in zip(before, tracker, strict=True))


def test_the_bucket_of_the_answer_is_that_of_the_inverse_tuple() -> None:
    tracker = make_tracker(settings(), key=77)
    packets = empty(PACKET, 1)
    for datagram in (udp("10.0.0.1", 1024, "10.0.0.2", 53), tcp("192.0.2.200", 65_535, "10.0.0.1", 1, 2)):
        datagram.fill(packets[0])
        of_packet(packets[0], tracker.tuples[0])
        assert invert(tracker.tuples[0], tracker.tuples[1])
        assert answer_bucket(tracker, packets[0]) == bucket_of(tracker, 1)


def test_looking_at_what_a_full_table_will_evict_changes_nothing() -> None:
    bench = Bench(max=40)
    openings = [tcp("10.0.0.1", port, "10.0.1.1", 80, 2) for port in range(1024, 1080)]
    for opening in openings:
        bench.see(opening)
    flush(bench.tracker)
    assert bench.arrays.counters[0]["evicted"] == 16
    packets, hashes = empty(PACKET, len(openings)), np.zeros(len(openings), np.int64)
    for datagram, packet in zip(openings, packets, strict=True):
        datagram.fill(packet)
    hash_packets(bench.arrays, packets, hashes, 0, len(openings))
    before = copy(bench.arrays)
    for i in range(len(openings)):
        look_ahead(bench.arrays, packets, hashes, i, len(openings))
    assert all((mine == theirs).all() for mine, theirs in zip(before, bench.arrays, strict=True))
