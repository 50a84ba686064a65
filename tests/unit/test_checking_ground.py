"""What findings stand on."""

from __future__ import annotations

from io import StringIO

from fwsim.checking.ground import Budget, Ground
from fwsim.checking.traffic import FAMILIES
from fwsim.engine.path import LOCAL
from fwsim.lower import lower
from fwsim.ruleset import load_ruleset
from fwsim.space.fields import CT_STATE, DPORT, IIF, OIF, PROTO, SRC, TTL
from fwsim.space.intervals import point
from fwsim.terms import CtState, Hook, Verdict
from tests.findings import lowered_of, tcp


def test_packets_that_may_meet_a_box_come_as_it_asks_unless_that_changes_on_the_way() -> None:
    ground = Ground(lowered_of([tcp("5-9", ttl=3, ct_state="new"), {"set_mark": 1, "verdict": "continue"}]))
    (line,) = ground.lines[0]
    packets = ground.packets(4, line.box)
    assert (packets[DPORT], packets[CT_STATE]) == (((5, 9),), point(int(CtState.NEW)))
    assert TTL not in packets
    assert packets[SRC] == FAMILIES[4][SRC]


NAT = """\
table ip x {
\tchain pre {
\t\ttype nat hook prerouting priority -100;
\t\ttcp dport 80 dnat to 10.0.0.2:8080
\t}
\tchain raw {
\t\ttype filter hook prerouting priority -300;
\t\ttcp dport 81 notrack
\t}
\tchain c {
\t\ttype filter hook forward priority 0; policy drop;
\t\ttcp dport 8080 ct state untracked accept
\t}
}
"""


def test_where_addresses_are_translated_and_packets_exempted_nothing_is_said_of_these() -> None:
    ground = Ground(lower(load_ruleset(StringIO(NAT)), interfaces=()))
    (line,) = ground.lines[2]
    packets = ground.packets(4, line.box)
    assert DPORT not in packets
    assert CT_STATE not in packets
    assert packets[PROTO] == point(6)


def test_a_chain_is_called_for_only_by_packets_of_a_rule_that_leads_there() -> None:
    below = {"rules": [tcp("1-9")]}
    ground = Ground(lowered_of([{"iif": "lan", "proto": "tcp", "verdict": "jump below"}], below=below))
    assert ground.hooks_of_chains == {0: [int(Hook.FORWARD)], 1: [int(Hook.FORWARD)]}
    assert ground.is_called_for(1, {IIF: point(0)})
    assert not ground.is_called_for(1, {IIF: point(1)})
    assert not ground.is_called_for(1, {PROTO: point(17)})
    assert ground.is_called_for(0, {PROTO: point(17)})


def test_a_rule_has_a_verdict_if_all_its_lines_have_the_same() -> None:
    text = "table ip x {\n chain c {\n type filter hook forward priority 0;\n"
    text += "  tcp dport vmap { 1 : accept, 2 : drop }\n tcp dport { 3, 4 } reject\n }\n}\n"
    ground = Ground(lower(load_ruleset(StringIO(text)), interfaces=()))
    assert ground.verdict_of(0) is None
    verdict = ground.verdict_of(1)
    assert verdict is not None
    assert verdict[0] == Verdict.REJECT


def test_a_budget_is_spent_question_by_question() -> None:
    budget = Budget(7_000)
    assert budget.steps == 5_000
    budget.left -= 6_000
    assert budget.steps == 1_000
    budget.left -= 6_000
    assert budget.steps == 0


def test_packets_from_local_to_local_come_and_go_by_the_loopback_interface() -> None:
    ground = Ground(lower(load_ruleset(StringIO(NAT)), interfaces=("eth0", "lo")))
    packets = ground.packets(4, {}, LOCAL)
    assert (packets[IIF], packets[OIF]) == (point(1), point(1))
    sample = ground.sample(LOCAL, next(iter(ground.ordinary.samples(4, {}))))
    assert sample is not None
    assert (sample.packet[IIF], sample.packet[OIF]) == (1, 1)


def test_the_way_from_local_to_local_is_looked_at_only_where_it_may_tell_more() -> None:
    own = {"hook": "input", "policy": "drop", "rules": [tcp("22")]}
    assert Ground(lowered_of([], own=own)).hooks_of_chains[1] == [int(Hook.INPUT)]
    marking = {"set_mark": 1, "verdict": "continue"}
    assert Ground(lowered_of([marking], own=own)).hooks_of_chains[1] == [int(Hook.INPUT), LOCAL]
