"""Rules as sets of packets."""

from __future__ import annotations

from typing import Any

from fwsim.lower import lower
from fwsim.ruleset import Ruleset
from fwsim.space import Model
from fwsim.space.fields import DPORT, MARK, PROTO, SRC
from fwsim.space.index import bits_of
from fwsim.terms import Verdict


def model_of(rules: list[dict[str, Any]], **chains: Any) -> Model:
    forward = {"hook": "forward", "policy": "drop", "rules": rules}
    return Model(lower(Ruleset.model_validate({"chains": {"forward": forward, **chains}}), interfaces=("lan", "wan")))


def test_what_a_rule_asks_first_is_its_box_and_the_rest_are_steps() -> None:
    model = model_of([{"proto": "tcp", "dport": 22, "limit": "1/second", "set_mark": 3, "verdict": "accept"}])
    (rule,) = model.chains[0].rules
    assert rule.box == {PROTO: ((6, 6),), DPORT: ((22, 22),)}
    assert len(rule.steps) == 2
    assert not rule.is_plain
    assert {SRC, MARK, DPORT} <= set(model.fields)


def test_bitsets_tell_the_rules_of_a_chain_apart() -> None:
    chain = model_of(
        [
            {"iif": "lan", "verdict": "accept"},
            {"iif": "lan", "verdict": "drop"},
            {"iif": "lan", "verdict": "continue"},
            {"limit": "1/second", "verdict": "drop"},
            {"iif": "wan", "verdict": "jump below"},
            {"iif": "wan", "verdict": "return"},
        ],
        below={"rules": []},
    ).chains[0]
    assert list(bits_of(chain.finals[int(Verdict.ACCEPT)])) == [0]
    assert list(bits_of(chain.finals[int(Verdict.DROP)])) == [1]
    assert list(bits_of(chain.idle)) == [2]
    assert list(bits_of(chain.leaving)) == [0, 1, 5]
    assert list(bits_of(chain.sources(frozenset((1, 3))))) == [1, 3]
    assert chain.everyone == 0b111111


def test_chains_that_are_called_are_found_at_any_depth() -> None:
    model = model_of(
        [{"iif": "lan", "verdict": "jump one"}],
        one={"rules": [{"iif": "lan", "verdict": "goto two"}]},
        two={"rules": []},
        three={"rules": []},
    )
    names = [chain.name for chain in model.lowered.chains]
    assert model.calls(names.index("forward")) == {names.index(name) for name in ("forward", "one", "two")}
