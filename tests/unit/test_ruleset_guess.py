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


def test_interfaces_that_are_given_say_what_lies_inside() -> None:
    ruleset, text = guess_policy(interfaces={"lan": ["10.1.0.0/16"], "dmz": ["192.0.2.0/28"], "wan": ["any"]})
    assert load_ruleset(io.StringIO(text)) == ruleset
    assert list(ruleset.interfaces) == ["lan", "dmz", "wan"]
    assert ruleset.rules[-1].iif is not None
    assert ruleset.rules[-1].iif.names == ("lan", "dmz")
    assert list(guess_policy(interfaces={"lan": ["10.1.0.0/16"]})[0].interfaces) == ["lan", "outside"]
    assert list(guess_policy(interfaces={"eth0": ["any"]})[0].interfaces) == ["inside", "outside"]


def test_what_has_addresses_of_its_own_is_a_host() -> None:
    ruleset, text = guess_policy(local=["192.0.2.10", "2001:db8::10"])
    assert load_ruleset(io.StringIO(text)) == ruleset
    assert yaml.safe_load(text)["local"] == ["192.0.2.10", "2001:db8::10"]
    assert {name: chain.policy for name, chain in ruleset.chains.items()} == {
        "input": Verdict.DROP,
        "output": Verdict.ACCEPT,
    }
    assert not ruleset.interfaces


def test_a_host_with_interfaces_is_a_router_too() -> None:
    ruleset, text = guess_policy(interfaces={"lan": ["10.1.0.0/16"]}, local=["10.1.0.1"])
    assert load_ruleset(io.StringIO(text)) == ruleset
    assert list(ruleset.chains) == ["input", "output", "forward"]
