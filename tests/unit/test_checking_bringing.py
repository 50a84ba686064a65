"""Packets brought about with the tracker at work."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest

from fwsim.checking.bringing import Bringing
from fwsim.checking.ground import Ground, Sample
from fwsim.lower import Lowered, lower
from fwsim.ruleset import load_ruleset
from fwsim.space.fields import CT_STATE, DPORT, DST, IIF, MARK, OIF, SPORT, SRC
from fwsim.terms import CtState, Hook, Verdict
from tests.findings import lowered_of, tcp

REPLIES = {"ct_state": ["established", "related"], "verdict": "accept"}


def sample_of(lowered: Lowered, rule: int = 1, **changed: int) -> Sample:
    ground = Ground(lowered)
    (packet, *_) = ground.ordinary.samples(4, ground.lines[rule][0].box)
    fields = {"state": CT_STATE, "mark": MARK, "iif": IIF}
    found = ground.sample(int(Hook.FORWARD), packet | {fields[name]: value for name, value in changed.items()})
    assert found is not None
    return found


def answer_to(lowered: Lowered, sample: Sample) -> Sample:
    packet = dict(sample.packet)
    for one, other in ((SRC, DST), (SPORT, DPORT), (IIF, OIF)):
        packet[one], packet[other] = sample.packet[other], sample.packet[one]
    return replace(sample, packet=packet)


def test_a_packet_shows_something_if_the_tracker_says_of_it_what_is_said() -> None:
    lowered = lowered_of([REPLIES, tcp("80")])
    bringing = Bringing(lowered)
    assert bringing.shown(sample_of(lowered))
    assert not bringing.shown(sample_of(lowered, state=int(CtState.INVALID)))
    assert not bringing.shown(sample_of(lowered, state=int(CtState.ESTABLISHED)))


def test_packets_come_unmarked_and_by_interfaces_that_there_are() -> None:
    lowered = lowered_of([REPLIES, tcp("80")])
    assert not Bringing(lowered).shown(sample_of(lowered, mark=1))
    nat = "table ip x {\n chain c {\n type nat hook postrouting priority 100;\n ct state new masquerade\n }\n}\n"
    translating = lower(load_ruleset(StringIO(nat)), interfaces=("lan",))
    found = sample_of(translating, 0)
    assert Bringing(translating).decided([found]) is not None
    assert Bringing(translating).decided([replace(found, packet={**found.packet, OIF: 99})]) is None


@pytest.mark.parametrize(("tracked", "verdict"), [(True, Verdict.ACCEPT), (False, Verdict.DROP)])
def test_an_answer_goes_its_real_way(tracked: bool, verdict: Verdict) -> None:
    lowered = lowered_of([*([REPLIES] * tracked), {"proto": "udp", "dport": 53, "verdict": "accept"}])
    opening = sample_of(lowered, int(tracked))
    answer = Bringing(lowered).answered(opening, answer_to(lowered, opening))
    assert answer is not None
    assert answer.trip.verdict == verdict
    assert answer.packet[CT_STATE] == (CtState.ESTABLISHED if tracked else CtState.NEW)


def test_what_does_not_open_as_is_said_has_no_answer() -> None:
    lowered = lowered_of([REPLIES, tcp("80")])
    opening = sample_of(lowered, state=int(CtState.INVALID))
    assert Bringing(lowered).answered(opening, answer_to(lowered, opening)) is None
