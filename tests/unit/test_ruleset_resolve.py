"""Sets put into the values that name them."""

from __future__ import annotations

import pytest

from fwsim.ruleset import Ruleset
from fwsim.ruleset.values import (
    MARK_MASK,
    Addresses,
    Choice,
    Masked,
    Names,
    Numbers,
)


def test_a_set_is_read_as_what_it_is_compared_with() -> None:
    sets = {"admins": ["10.1.0.5", "10.1.0.9-10.1.0.12"], "web": {"type": "inet_service", "elements": [80, "https"]}}
    ruleset = Ruleset.model_validate(
        {"sets": sets, "rules": [{"src": ["@admins", "10.1.0.6"], "dst": "@admins", "proto": "tcp", "dport": "!@web"}]}
    )
    rule = ruleset.rules[0]
    assert rule.src is not None
    assert rule.dst is not None
    assert rule.dport is not None
    assert ruleset.resolved("src", rule.src) == Addresses(((0x0A010005, 0x0A010006), (0x0A010009, 0x0A01000C)))
    assert ruleset.resolved("dport", rule.dport) == Numbers(((80, 80), (443, 443)), negated=True)


def test_a_value_that_is_one_set_shares_its_intervals() -> None:
    rules = [{"src": "@many"}, {"dst": "@many"}]
    ruleset = Ruleset.model_validate({"sets": {"many": ["10.0.0.1", "10.0.0.3"]}, "rules": rules})
    first, second = ruleset.rules
    assert first.src is not None
    assert second.dst is not None
    one, other = ruleset.resolved("src", first.src), ruleset.resolved("dst", second.dst)
    assert isinstance(one, Addresses)
    assert isinstance(other, Addresses)
    assert one.v4 is other.v4


@pytest.mark.parametrize(
    ("key", "elements", "resolved"),
    [
        ("iif", ["lan", "eth*"], Names(("lan",), ("eth",))),
        ("mark", [1, "0x10/0xf0"], Masked((Choice(1, 1, MARK_MASK), Choice(16, 16, 0xF0)))),
        ("proto", ["tcp", "udp"], Numbers(((6, 6), (17, 17)))),
        ("icmp_type", ["echo-request"], Numbers(((8, 8),))),
        ("icmpv6_type", ["echo-request"], Numbers(((128, 128),))),
        ("dscp", ["ef", 10], Numbers(((10, 10), (46, 46)))),
        ("length", ["100-200"], Numbers(((100, 200),))),
    ],
)
def test_sets_of_every_kind_can_be_used(key: str, elements: object, resolved: object) -> None:
    ruleset = Ruleset.model_validate({"sets": {"some": elements}, "rules": [{key: "@some"}]})
    assert ruleset.resolved(key, getattr(ruleset.rules[0], key)) == resolved
