"""The stage of the literature: what is refused does not arrive, and numbers count from each end's first."""

from __future__ import annotations

from fwsim.attack.literature.stage import BROKEN, CLIENT, FIRST, KNOWN, OPEN, STRANGER, STRICT, Firewall, Play
from fwsim.attack.segment import taken_apart
from fwsim.terms import TcpState

OFFICE = Firewall("office", (KNOWN, BROKEN, OPEN), conntrack=STRICT)
CALL = ((CLIENT, 4000), (STRANGER, 80))


def test_a_handshake_from_inside_opens_and_one_from_outside_does_not() -> None:
    play = Play(OFFICE.simulator(), *CALL)
    decisions = [play.send(0, "S", 0), play.send(1, "SA", 0, 1), play.send(0, "A", 1, 1)]
    assert all(decision.admitted for decision in decisions)
    assert decisions[-1].tcp_state == TcpState.ESTABLISHED
    assert not Play(OFFICE.simulator(), *CALL[::-1]).send(0, "S", 0).admitted


def test_numbers_count_from_the_first_of_each_end() -> None:
    play = Play(OFFICE.simulator(), *CALL)
    play.send(1, "PA", 5, 7, size=9, win=100)
    segment = taken_apart(play.sent[0])
    assert (segment.src, segment.dst, segment.sport, segment.dport) == (STRANGER, CLIENT, 80, 4000)
    assert (segment.seq - FIRST[1], segment.ack - FIRST[0], len(segment.data), segment.win) == (5, 7, 9, 100)
    assert segment.sound
    assert bytes(play.capture()[0]) == play.sent[0]


def test_settings_reach_the_ruleset() -> None:
    made = Firewall("any", (OPEN,), settings={"stateless": {"replies": "any"}}, conntrack={"max": 5}).ruleset()
    assert (made.stateless.replies, made.conntrack.max) == ("any", 5)
