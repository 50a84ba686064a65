"""Ordinary packets."""

from __future__ import annotations

from fwsim.checking.ground import Ground
from fwsim.space.fields import DPORT, IIF, SRC
from fwsim.space.intervals import holds, point
from fwsim.terms import Hook, Verdict
from tests.findings import lowered_of, tcp


def test_samples_of_a_box_are_packets_in_it() -> None:
    ground = Ground(lowered_of([tcp("5-9", src="10.0.0.0/24", iif="wan")]))
    (line,) = ground.lines[0]
    usual, lowest, highest = ground.ordinary.samples(4, line.box)
    assert (usual[DPORT], lowest[DPORT], highest[DPORT]) == (5, 5, 9)
    assert usual[SRC] == (10 << 24) + 7
    assert {packet[IIF] for packet in (usual, lowest, highest)} == {1}
    for packet in (usual, lowest, highest):
        sample = ground.sample(int(Hook.FORWARD), packet)
        assert sample is not None
        assert (sample.trip.verdict, sample.trip.rule) == (Verdict.ACCEPT, 0)
    assert list(ground.ordinary.samples(6, line.box)) == []


def test_a_known_connection_is_shown_by_an_ack_and_a_new_one_by_a_syn() -> None:
    ground = Ground(lowered_of([tcp("1-9", ct_state="established"), tcp("1-9", ct_state="new")]))
    flags = [next(iter(ground.ordinary.samples(4, ground.lines[rule][0].box)))[18] for rule in (0, 1)]
    assert flags == [16, 2]
    assert not holds(point(16), flags[1])
