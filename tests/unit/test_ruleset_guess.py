"""The policy that is used without a ruleset."""

from __future__ import annotations

import io

import yaml

from fwsim.ruleset import guess_policy, load_ruleset
from fwsim.terms import Verdict


def test_the_guessed_policy_is_the_text_that_is_printed() -> None:
    ruleset, text = guess_policy(["10.1.0.0/16", "fd00:1::/64"])
    assert load_ruleset(io.StringIO(text)) == ruleset
    assert yaml.safe_load(text)["interfaces"]["inside"]["networks"] == ["10.1.0.0/16", "fd00:1::/64"]


def test_the_guessed_policy_lets_the_inside_open_and_nobody_else() -> None:
    ruleset, _ = guess_policy(["10.1.0.0/16"])
    assert ruleset.policy == Verdict.DROP
    opening = [rule for rule in ruleset.rules if rule.verdict.kind == "accept" and rule.icmpv6_type is None]
    assert [rule.name for rule in opening] == ["replies", "from inside"]
    assert opening[1].iif is not None
    assert opening[1].iif.names == ("inside",)


def test_without_a_better_guess_private_networks_are_the_inside() -> None:
    ruleset, _ = guess_policy()
    assert [network.source for network in ruleset.interfaces["inside"].networks][:3] == [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
    ]
