"""The engine, asked about packets by their fields."""

from __future__ import annotations

from io import StringIO

from fwsim.checking.deciding import Deciding
from fwsim.checking.ground import Ground
from fwsim.lower import lower
from fwsim.ruleset import load_ruleset
from fwsim.space.fields import CT_STATE, DPORT
from fwsim.terms import CtState, Hook, Verdict
from tests.findings import lowered_of, tcp

FORWARD = int(Hook.FORWARD)


def test_the_engine_decides_as_the_space_says() -> None:
    lowered = lowered_of([tcp("1-9", "drop"), tcp("5-20", ct_state="new")])
    ground, deciding = Ground(lowered), Deciding(lowered)
    for port, state in ((5, CtState.NEW), (15, CtState.NEW), (15, CtState.ESTABLISHED), (30, CtState.NEW)):
        (packet, *_) = ground.ordinary.samples(4, ground.lines[0][0].box)
        packet = {**packet, DPORT: port, CT_STATE: int(state)}
        sample, decision = ground.sample(FORWARD, packet), deciding.decide(FORWARD, packet)
        assert sample is not None
        assert decision is not None
        assert decision["verdict"] == sample.trip.verdict


RULES = """\
table ip x {
\tchain raw {
\t\ttype filter hook prerouting priority -300;
\t\ttcp dport 80 notrack
\t}
\tchain c {
\t\ttype filter hook forward priority 0; policy drop;
\t\tct state untracked accept
\t}
\tchain post {
\t\ttype nat hook postrouting priority 100;
\t\ttcp dport 80-90 masquerade
\t}
\tchain pre {
\t\ttype nat hook prerouting priority -100;
\t\ttcp dport 99 dnat to 10.0.0.2
\t}
}
"""


def test_exempted_packets_are_untracked_and_translation_is_passed_if_the_way_stays() -> None:
    lowered = lower(load_ruleset(StringIO(RULES)), interfaces=())
    ground, deciding = Ground(lowered), Deciding(lowered)
    (packet, *_) = ground.ordinary.samples(4, ground.lines[0][0].box)
    for port, verdict in ((80, Verdict.ACCEPT), (81, Verdict.DROP)):
        decision = deciding.decide(FORWARD, {**packet, DPORT: port})
        assert decision is not None
        assert decision["verdict"] == verdict
    assert deciding.decide(FORWARD, {**packet, DPORT: 99}) is None


def test_what_hangs_on_headers_that_are_not_told_is_not_decided_and_the_rest_is() -> None:
    rules = " tcp dport 1-9 drop\n tcp option maxseg size 1 drop\n tcp dport 1-20 accept\n"
    text = f"table ip x {{\n chain c {{\n type filter hook forward priority 0;\n{rules} }}\n}}\n"
    lowered = lower(load_ruleset(StringIO(text)), interfaces=())
    (packet, *_) = Ground(lowered).ordinary.samples(4, {})
    decision = Deciding(lowered).decide(FORWARD, {**packet, DPORT: 5})
    assert decision is not None
    assert (decision["verdict"], decision["rule"]) == (Verdict.DROP, 0)
    assert Deciding(lowered).decide(FORWARD, {**packet, DPORT: 15}) is None
