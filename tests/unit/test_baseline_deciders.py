"""A rule is the same one in another ruleset by its name or its text, wherever it stands."""

from __future__ import annotations

import io

from fwsim.baseline.deciders import Deciders, deciders_of
from fwsim.lower import lower
from fwsim.ruleset import load_ruleset


def deciders(text: str) -> Deciders:
    return deciders_of(lower(load_ruleset(io.StringIO(text)), interfaces=()))


def identities(text: str) -> list[str]:
    return [one.identity for one in deciders(text).rules]


NFT = "table inet filter {{ chain forward {{ type filter hook forward priority 0; policy drop;\n{}\n}}\n}}"


def test_a_named_rule_keeps_its_identity_when_it_changes_and_moves() -> None:
    before = identities(NFT.format('tcp dport 80 accept comment "web"'))
    after = identities(NFT.format('udp dport 53 accept\ntcp dport { 80, 443 } accept comment "web"'))
    assert before == after[1:]
    assert after[0] not in before


def test_a_rule_without_a_name_is_known_by_its_text_without_what_counts() -> None:
    before = identities(NFT.format("tcp dport 22 counter packets 12 bytes 700 accept"))
    after = identities(NFT.format("udp dport 53 accept\ntcp dport  22 counter packets 0 bytes 0 accept # handle 9"))
    assert before == after[1:]


def test_rules_of_the_same_text_or_name_are_told_apart_by_their_number() -> None:
    twice = identities(NFT.format("tcp dport 22 accept\ntcp dport 22 accept"))
    assert len(set(twice)) == 2
    named = identities(NFT.format('tcp dport 22 accept comment "a"\ntcp dport 23 accept comment "a"'))
    assert len(set(named)) == 2


def test_a_policy_is_the_same_at_the_same_place_whatever_its_chain_is_called() -> None:
    nft = deciders(NFT.format("accept")).policies[0]
    ours = deciders("chains: {forward: {hook: forward, policy: drop, rules: []}}").policies[0]
    other = deciders("chains: {forward: {hook: input, policy: drop, rules: []}}").policies[0]
    assert nft.identity == ours.identity != other.identity
    assert nft.title == "policy of inet filter forward"
    assert ours.place == "policy of forward (line 1)"


def test_a_rule_says_where_it_stands() -> None:
    rule = deciders(NFT.format("tcp dport 22 accept")).rules[0]
    assert rule.place == "rule 1 of inet filter forward (line 2)"
