"""Chains that call chains: loops, levels, base chains, rejects; and rules that share a name."""

from __future__ import annotations

import time
from typing import Any

import pytest
from pydantic import ValidationError

from fwsim.ruleset import Ruleset


def chain(*targets: str, **keys: object) -> dict[str, Any]:
    return {**keys, "rules": [{"verdict": target if " " in target else f"jump {target}"} for target in targets]}


def told(**chains: object) -> str:
    with pytest.raises(ValidationError) as caught:
        Ruleset.model_validate({"chains": chains})
    return str(caught.value)


def line_of(length: int) -> dict[str, Any]:
    """A base chain and below it `length` chains, each of which jumps to the next."""
    chains = {f"c{number}": chain(f"c{number + 1}") for number in range(1, length)}
    return {"base": chain("c1", hook="input"), **chains, f"c{length}": {}}


def test_fifteen_levels_of_jumps_are_accepted_as_by_the_kernel() -> None:
    assert len(Ruleset.model_validate({"chains": line_of(15)}).all_chains) == 16


def test_the_sixteenth_level_is_refused_as_by_the_kernel() -> None:
    assert "jumps are nested deeper than the 15 levels that the kernel allows" in told(**line_of(16))


def test_gotos_count_as_levels_too() -> None:
    chains = line_of(16)
    chains["c15"] = chain("goto c16")
    assert "nested deeper" in told(**chains)


def test_many_ways_to_the_same_chain_are_no_loop() -> None:
    chains = {f"c{number}": chain(f"c{number + 1}", f"c{number + 1}") for number in range(1, 15)}
    ruleset = Ruleset.model_validate({"chains": {"base": chain("c1", "c3", hook="input"), **chains, "c15": {}}})
    assert len(ruleset.all_chains) == 16


@pytest.mark.parametrize(
    ("chains", "loop"),
    [
        ({"a": chain("a")}, "'a' -> 'a'"),
        ({"a": chain("b"), "b": chain("goto a")}, "'a' -> 'b' -> 'a'"),
        ({"base": chain("a", hook="input"), "a": chain("b"), "b": chain("c", "a"), "c": {}}, "'a' -> 'b' -> 'a'"),
    ],
)
def test_loops_of_jumps_are_refused(chains: dict[str, Any], loop: str) -> None:
    assert f"a loop of jumps: {loop}" in told(**chains)


def test_two_loops_are_both_told() -> None:
    message = told(a=chain("b"), b=chain("a"), c=chain("c"))
    assert "'a' -> 'b' -> 'a'" in message
    assert "'c' -> 'c'" in message


def test_long_lines_and_loops_of_chains_are_judged_in_bounded_time() -> None:
    count = 3000
    chains = {f"c{number}": chain(f"c{(number + 1) % count}") for number in range(count)}
    start = time.perf_counter()
    assert "a loop of jumps: 'c0' -> 'c1'" in told(**chains)
    assert time.perf_counter() - start < 5


def test_a_jump_to_a_base_chain_is_refused() -> None:
    message = told(a=chain("b", hook="input"), b={"hook": "forward"})
    assert "'b' is a base chain (it has a hook), expected a chain without hook" in message


def test_a_jump_to_the_chain_of_the_top_level_is_refused() -> None:
    with pytest.raises(ValidationError, match="'rules' is a base chain"):
        Ruleset.model_validate({"rules": [{"verdict": "jump a"}], "chains": {"a": chain("rules")}})


def test_an_unknown_chain_is_told_with_the_nearest_that_can_be_called() -> None:
    message = told(base=chain("tcpin", hook="input"), tcp_in={}, **{"tcp-in2": {"hook": "forward"}})
    assert "unknown chain 'tcpin', did you mean 'tcp_in'?" in message


@pytest.mark.parametrize("hook", ["prerouting", "input", "forward", "output"])
def test_a_reject_is_accepted_where_the_kernel_accepts_it(hook: str) -> None:
    ruleset = Ruleset.model_validate({"chains": {"a": {"hook": hook, "rules": [{"verdict": "reject"}]}}})
    assert ruleset.chains["a"].rules[0].verdict.kind == "reject"


def test_a_reject_at_postrouting_is_refused_also_behind_a_jump() -> None:
    assert "reject cannot be used at postrouting" in told(
        a=chain("b", hook="postrouting"), b=chain("c"), c=chain("reject ")
    )


def test_two_rules_of_a_chain_may_not_share_a_name() -> None:
    rules = [{"name": "ssh"}, {"name": "web"}, {"name": "ssh"}]
    assert "the name 'ssh' is taken by the rule number 1" in told(a={"rules": rules})


def test_rules_of_different_chains_may_share_a_name() -> None:
    chains = {"a": {"rules": [{"name": "ssh"}, {}, {}]}, "b": {"rules": [{"name": "ssh"}]}}
    assert len(Ruleset.model_validate({"chains": chains}).all_chains) == 2
