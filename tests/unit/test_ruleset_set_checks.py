"""What the elements of sets are, used or not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from fwsim.ruleset import Rule, Ruleset


def accepted(*rules: dict[str, Any], **more: object) -> tuple[Rule, ...]:
    return Ruleset.model_validate({"rules": list(rules), **more}).rules


def test_families_of_sets_are_looked_at_too() -> None:
    with pytest.raises(ValidationError, match="'dst' is IPv6 but 'src' is IPv4"):
        accepted({"src": "@four", "dst": "@six"}, sets={"six": ["fd00::/8"], "four": ["10.0.0.0/8"]})


def test_a_set_may_be_used_as_several_kinds() -> None:
    rules = accepted({"mark": "@n"}, {"proto": "tcp", "dport": "@n"}, {"ttl": "@n"}, sets={"n": [1, 2]})
    assert len(rules) == 3


def test_an_unused_set_may_hold_anything_that_can_be_read() -> None:
    sets = {"a": ["10.0.0.1"], "b": ["http", 8080], "c": ["lan", "eth*"], "d": ["0x1/0xf"], "e": ["echo-request"]}
    assert len(Ruleset.model_validate({"policy": "drop", "sets": sets}).sets) == 5
