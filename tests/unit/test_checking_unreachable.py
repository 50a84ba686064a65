"""Rules that no packet reaches."""

from __future__ import annotations

from io import StringIO
from random import Random
from typing import Any

import pytest

from fwsim.checking import unreachable
from fwsim.checking.ordinary import Ordinary
from fwsim.checking.unreachable import Reaching
from fwsim.lower import lower
from fwsim.ruleset import Ruleset, load_ruleset

Json = dict[str, Any]


def found(rules: list[Json], **chains: Json) -> dict[int, tuple[int, ...]]:
    forward = {"hook": "forward", "policy": "drop", "rules": rules}
    ruleset = Ruleset.model_validate({"chains": {"forward": forward, **chains}})
    reaching = Reaching(lower(ruleset, interfaces=("lan", "wan")))
    result = {one.rule: one.covered_by for one in reaching.unreachable()}
    assert reaching.open == []
    return result


def tcp(ports: str, verdict: str = "accept", **more: Any) -> Json:
    return {"proto": "tcp", "dport": ports, "verdict": verdict, **more}


def test_one_rule_may_cover_another() -> None:
    assert found([tcp("1-100", "drop"), tcp("5-10"), tcp("5-101")]) == {1: (0,)}


def test_several_rules_together_may_cover_one() -> None:
    assert found([tcp("1-50", "drop"), tcp("51-100"), tcp("40-60")]) == {2: (0, 1)}


def test_all_protocols_together_cover_what_is_left() -> None:
    rules: list[Json] = [
        {"proto": "tcp", "verdict": "drop"},
        {"proto": "!tcp", "verdict": "drop"},
        {"verdict": "accept"},
    ]
    assert found(rules) == {2: (0, 1)}


def test_what_does_not_end_covers_nothing() -> None:
    below: Json = {"rules": [tcp("1-9", "drop")]}
    rules = [tcp("1-100", "continue"), tcp("1-100", "jump below"), tcp("1-10")]
    assert found(rules, below=below) == {}
    assert found([*rules, tcp("3-4")], below=below) == {3: (4,)}
    assert found([tcp("1-100", "jump below"), tcp("1-9")], below=below) == {1: (2,)}


def test_limits_and_what_is_not_simulated_cover_nothing() -> None:
    assert found([{"limit": "1/second", "verdict": "drop"}, {"verdict": "accept"}]) == {}
    text = "table ip x {\n chain c {\n type filter hook forward priority 0;\n meta cpu 1 drop\n accept\n }\n}\n"
    assert list(Reaching(lower(load_ruleset(StringIO(text)), interfaces=())).unreachable()) == []


def test_a_rule_that_only_logs_is_looked_for_too() -> None:
    assert found([{"verdict": "drop"}, {"counter": True, "verdict": "continue"}]) == {1: (0,)}


def test_negation_interfaces_and_states_cover_only_what_they_take() -> None:
    assert found([{"iif": "!lan", "verdict": "drop"}, {"iif": "wan", "verdict": "accept"}]) == {1: (0,)}
    assert found([{"iif": "!wan", "verdict": "drop"}, {"iif": "wan", "verdict": "accept"}]) == {}
    assert (
        found([{"ct_state": ["new"], "verdict": "drop"}, {"ct_state": ["new", "established"], "verdict": "accept"}])
        == {}
    )
    assert found([tcp("1-9", tcp_flags="syn / syn,ack"), tcp("1-9", tcp_flags="ack / syn,ack"), tcp("1-9")]) == {}


def test_a_set_with_a_gap_does_not_cover() -> None:
    text = """\
table ip x {{
\tset s {{ type inet_service; flags interval; elements = {{ {elements} }} }}
\tchain c {{
\t\ttype filter hook forward priority 0; policy drop;
\t\ttcp dport @s drop
\t\ttcp dport 1-20 accept
\t}}
}}
"""
    for elements, expected in (("1-10, 11-30", [1]), ("1-10, 12-30", [])):
        reaching = Reaching(lower(load_ruleset(StringIO(text.format(elements=elements))), interfaces=()))
        assert [one.rule for one in reaching.unreachable()] == expected


def test_a_rule_that_asks_for_the_impossible_is_covered_by_none() -> None:
    text = """\
table ip x {
\tchain c {
\t\ttype filter hook forward priority 0; policy drop;
\t\ttcp dport 1-20 tcp dport 30 accept
\t}
}
"""
    (one,) = Reaching(lower(load_ruleset(StringIO(text)), interfaces=())).unreachable()
    assert (one.rule, one.covered_by) == (0, ())


def test_chains_that_nothing_leads_to_are_left_alone() -> None:
    assert found([tcp("1-9")], idle={"rules": [{"verdict": "drop"}, {"verdict": "accept"}]}) == {}


@pytest.mark.parametrize("seed", range(10))
def test_the_quick_way_changes_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = Random(seed)
    rules = []
    for _ in range(20):
        low, high = sorted((dice.randrange(30), dice.randrange(30)))
        source = f"10.0.0.{dice.randrange(4) * 64}/26"
        rules.append(tcp(f"{low}-{high}", dice.choice(("accept", "drop")), **({"src": source} if low % 3 else {})))
    quick = found(rules)
    monkeypatch.setattr(Ordinary, "samples", lambda *_: iter(()))
    assert found(rules) == quick


def test_rules_that_take_too_long_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unreachable, "IN_ALL", 3)
    monkeypatch.setattr(Ordinary, "samples", lambda *_: iter(()))
    forward = {"hook": "forward", "policy": "drop", "rules": [tcp("1-9"), tcp("1-5")]}
    reaching = Reaching(lower(Ruleset.model_validate({"chains": {"forward": forward}}), interfaces=()))
    assert list(reaching.unreachable()) == []
    assert reaching.open == [0, 1]
