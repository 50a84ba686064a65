"""One packet on its way through the space (tests/properties/test_space.py compares it with the engine)."""

from __future__ import annotations

from io import StringIO
from typing import Any

from fwsim.lower import lower
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.space import Model, way_through
from fwsim.space.fields import CT_MARK, CT_STATE, CT_STATUS, DPORT, FAMILY, IIF, MARK, OIF, PROTO, SPORT, SRC, TTL
from fwsim.space.node import POLICY
from fwsim.space.walking import Trip, Walk
from fwsim.terms import CtState, Hook, Verdict

PACKET = {
    FAMILY: 4, PROTO: 6, SPORT: 40_000, DPORT: 80, TTL: 64, IIF: 0, OIF: 1, MARK: 0, CT_STATE: int(CtState.NEW),
    CT_STATUS: 0, CT_MARK: 0, SRC: 1,
}  # fmt: skip


def model_of(rules: list[dict[str, Any]], **chains: Any) -> Model:
    forward = {"hook": "forward", "policy": "drop", "rules": rules}
    return Model(lower(Ruleset.model_validate({"chains": {"forward": forward, **chains}}), interfaces=("lan", "wan")))


def walked(model: Model, packet: dict[int, int], without: tuple[int, ...] = ()) -> Trip | None:
    return Walk(model, way_through(model, int(Hook.FORWARD)), frozenset(without)).trip(packet)


def lines(trip: Trip | None) -> list[int]:
    assert trip is not None
    return [visit.line for visit in trip.visits]


RULES: list[dict[str, Any]] = [
    {"iif": "lan", "verdict": "continue"},
    {"proto": "tcp", "verdict": "jump below"},
    {"proto": "tcp", "dport": 80, "verdict": "accept"},
    {"proto": "tcp", "verdict": "drop"},
]
BELOW = {"rules": [{"dport": 22, "proto": "tcp", "verdict": "drop"}, {"iif": "lan", "verdict": "return"}]}


def test_all_rules_that_apply_are_told_in_order() -> None:
    trip = walked(model_of(RULES, below=BELOW), PACKET)
    assert lines(trip) == [0, 1, 5, 2]
    assert trip is not None
    assert (trip.verdict, trip.rule, trip.chain) == (Verdict.ACCEPT, 2, 0)
    assert [bin(visit.meeting) for visit in trip.visits] == ["0b1111", "0b1111", "0b10", "0b1111"]


def test_a_rule_that_is_left_out_applies_to_nothing() -> None:
    trip = walked(model_of(RULES, below=BELOW), PACKET, without=(2,))
    assert trip is not None
    assert (trip.verdict, trip.rule) == (Verdict.DROP, 3)


def test_the_policy_decides_about_what_no_rule_takes() -> None:
    trip = walked(model_of(RULES[:1]), PACKET)
    assert trip is not None
    assert (trip.verdict, trip.rule, trip.chain) == (Verdict.DROP, POLICY, 0)


def test_where_it_hangs_on_what_is_not_known_there_is_no_trip() -> None:
    model = model_of(RULES, below=BELOW)
    assert walked(model, {field: value for field, value in PACKET.items() if field != DPORT}) is None
    assert walked(model_of([{"limit": "1/second", "verdict": "accept"}]), PACKET) is None
    assert walked(model_of([{"limit": "1/second", "verdict": "continue"}]), PACKET) is not None


def test_a_mark_that_a_rule_sets_is_seen_by_those_behind_it() -> None:
    model = model_of([{"set_mark": 7, "verdict": "continue"}, {"mark": 7, "verdict": "accept"}])
    assert lines(walked(model, PACKET)) == [0, 1]


TRACKING = """\
table ip x {
\tchain raw {
\t\ttype filter hook prerouting priority -300;
\t\ttcp dport 80 notrack
\t}
\tchain c {
\t\ttype filter hook forward priority 0; policy drop;
\t\tct state untracked accept
\t\tip ttl 63 ct state new accept
\t}
}
"""


def test_an_exempted_packet_is_untracked_and_one_on_its_way_has_a_hop_less_left() -> None:
    model = Model(lower(load_ruleset(StringIO(TRACKING)), interfaces=()))
    assert lines(walked(model, PACKET)) == [0, 1]
    assert lines(walked(model, {**PACKET, DPORT: 81})) == [2]
    trip = walked(model, {**PACKET, DPORT: 81, TTL: 63})
    assert trip is not None
    assert (trip.verdict, trip.rule) == (Verdict.DROP, POLICY)


NAT = """\
table ip x {
\tchain post {
\t\ttype nat hook postrouting priority 100;
\t\toifname "wan" masquerade
\t}
\tchain late {
\t\ttype filter hook postrouting priority 200; policy accept;
\t\tip saddr 10.0.0.1 drop
\t}
}
"""


def test_behind_a_translation_nobody_knows_the_source() -> None:
    model = Model(lower(load_ruleset(StringIO(NAT)), interfaces=("lan", "wan")))
    assert walked(model, PACKET) is None
    assert walked(model, {**PACKET, CT_STATE: int(CtState.ESTABLISHED)}) is None
    assert lines(walked(model, {**PACKET, OIF: 0, CT_STATE: int(CtState.INVALID)})) == []
