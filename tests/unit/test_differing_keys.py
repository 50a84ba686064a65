"""Keys of lines: equal if, and only if, the lines treat packets alike."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pytest

from fwsim.differing.keys import Keys, answer_to
from fwsim.differing.sides import sides_of
from fwsim.differing.universe import start_of
from fwsim.terms import Hook, RejectWith
from tests.differing import INTERFACES, model


def key(rule: dict[str, Any], family: int = 4) -> Hashable | None:
    chains = {"forward": {"hook": "forward", "rules": [rule]}, "below": {"rules": []}}
    written = model({"interfaces": INTERFACES, "chains": chains})
    sides = sides_of(written, written)
    keys = Keys(sides.old)
    return keys.of(sides.old.model.chains[0].rules[0], start_of(int(Hook.FORWARD), family, 3))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"src": "10.0.0.0/24"}, {"src": "10.0.0.0-10.0.0.255", "family": "ipv4"}),
        ({"iif": "lan"}, {"iif": "!wan"}),
        ({"proto": "tcp", "dport": [1, 2]}, {"proto": "tcp", "dport": "1-2"}),
        ({"limit": "5/second", "verdict": "accept"}, {"limit": "5/second", "verdict": "accept", "log": "x"}),
        ({"set_mark": 1}, {"set_mark": 1, "counter": True}),
    ],
)
def test_lines_that_do_the_same_have_the_same_key(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"src": "10.0.0.0/24"}, {"src": "10.0.0.0/25"}),
        ({"verdict": "accept"}, {"verdict": "drop"}),
        ({"verdict": "reject"}, {"verdict": "reject", "reject_with": "icmpx-host-unreachable"}),
        ({"limit": "5/second"}, {"limit": "6/second"}),
        ({"set_mark": 1}, {"set_mark": 2}),
        ({"set_mark": 1}, {"set_ct_mark": 1}),
        ({"notrack": True}, {}),
    ],
)
def test_lines_that_do_not_have_different_keys(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert key(one) != key(other)


def test_lines_of_another_family_have_none() -> None:
    assert key({"src": "10.0.0.0/24"}, family=6) is None


def test_answers_for_either_family_are_one_to_each() -> None:
    either = int(RejectWith.ICMPX_PORT_UNREACHABLE)
    assert answer_to(4, either) == RejectWith.ICMP_PORT_UNREACHABLE
    assert answer_to(6, either) == RejectWith.ICMPV6_PORT_UNREACHABLE
    assert answer_to(4, int(RejectWith.TCP_RESET)) == RejectWith.TCP_RESET
