"""Rules in the terms of netfilter as one of our own rulesets: written, loaded again, the same decisions."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from fwsim.errors import FwsimError, RulesetError
from fwsim.exporting.nft import nft_text
from fwsim.exporting.yaml_ruleset import ruleset_of
from fwsim.ruleset import load_ruleset, to_yaml
from tests.examples import RULESETS
from tests.exporting import assert_same_walks, read
from tests.rule_strategies import branching_ruleset

ROOT = Path(__file__).parent.parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "rulesets"

NFT = """\
table inet t {
	set ports { type inet_service; flags interval; elements = { 22, 80-90 } }
	chain x {
		tcp flags syn / syn,ack tcp dport @ports limit rate 5/second burst 5 packets log prefix "new " accept
		meta mark & 0xf0 == 0x10 return
		ip saddr . tcp dport { 1.2.3.4 . 22, 10.0.0.0/8 . 1-5 } reject with tcp reset
		counter meta mark set 0x5 ip saddr 10.0.0.0/8 accept
		meta l4proto { tcp, udp } th dport 53 accept
		icmpv6 type { 133, 134 } accept
		ct state new ip6 saddr fe80::/10 drop
	}
	chain input {
		type filter hook input priority 10; policy drop;
		ct state vmap { established : accept, invalid : drop, new : jump x }
		tcp dport vmap { 22 : accept, 80 : goto x, * : drop }
	}
}
table ip other {
	chain input {
		type filter hook input priority 0; policy drop;
		ip daddr 192.0.2.0/24 accept
		meta mark set ip saddr map { 1.2.3.4 : 0x5, 2.3.0.0/16 : 0x6 }
		meta mark 0x5 limit rate 1/hour burst 1 packets accept
	}
}
"""


def written(text: str) -> str:
    """A ruleset of nft as YAML."""
    ruleset = read(text)
    return to_yaml(ruleset_of(ruleset.netfilter, ruleset))


@pytest.mark.parametrize("seed", range(5))
def test_a_ruleset_of_nft_decides_the_same_as_yaml(seed: int) -> None:
    assert_same_walks(read(NFT), read(written(NFT)), seed=seed)


def test_a_base_chain_of_one_family_lets_the_other_pass() -> None:
    text = written("table ip t {\n\tchain c {\n\t\ttype filter hook input priority 0; policy drop;\n\t}\n}\n")
    assert "- {family: ipv6, verdict: accept}" in text


def test_chains_of_the_same_name_in_two_tables_are_told_apart() -> None:
    text = written(NFT)
    assert "  inet-t-input:" in text
    assert "  ip-other-input:" in text


def test_a_set_keeps_its_name_and_elements() -> None:
    text = written(NFT)
    assert "  ports: {type: port, elements: [22, 80-90]}" in text
    assert 'dport: "@ports"' in text


def test_what_the_keys_cannot_say_is_told_with_its_place() -> None:
    text = (
        "table inet t {\n\tchain c {\n\t\ttype nat hook postrouting priority 100;\n\t\tmasquerade\n\t}\n"
        "\tchain d {\n\t\tfib daddr type local accept\n\t\tquota over 5 bytes drop\n\t}\n}\n"
    )
    with pytest.raises(RulesetError) as caught:
        written(text)
    lines = [problem.line for problem in caught.value.problems]
    assert lines == [2, 4, 7, 8]
    assert caught.value.problems[2].what == "rule 1 of chain inet t d cannot be written as YAML: 'fib daddr type local'"


def test_chains_that_nest_too_deep_once_written_out_are_refused_with_an_error() -> None:
    chains = "".join(
        f"\tchain c{number} {{\n\t\tmeta mark set 0x1 tcp dport 22 jump c{number + 1}\n\t}}\n" for number in range(12)
    )
    base = "\tchain base {\n\t\ttype filter hook input priority 0;\n\t\tjump c0\n\t}\n"
    text = f"table inet t {{\n\tchain c12 {{\n\t}}\n{chains}{base}}}\n"
    with pytest.raises(RulesetError, match="nested deeper"):
        written(text)


@pytest.mark.parametrize("path", RULESETS, ids=lambda path: path.stem)
def test_our_rulesets_decide_the_same_by_way_of_netfilter(path: Path) -> None:
    ruleset = load_ruleset(path)
    again = read(to_yaml(ruleset_of(ruleset.netfilter, ruleset)))
    assert again.interfaces == ruleset.interfaces
    assert_same_walks(ruleset, again, count=100)


@pytest.mark.parametrize("seed", range(40))
def test_rules_that_branch_decide_the_same_by_way_of_nft(seed: int) -> None:
    ruleset = branching_ruleset(Random(seed))
    foreign = read(nft_text(ruleset.netfilter))
    assert_same_walks(ruleset, read(to_yaml(ruleset_of(foreign.netfilter))), seed=seed, count=40)


@pytest.mark.corpus
def test_third_party_rulesets_decide_the_same_as_yaml_or_are_refused() -> None:
    paths = sorted([*CORPUS.rglob("*.canon.nft"), *CORPUS.rglob("*.canon.ipt")])
    if not paths:
        pytest.skip("the corpus is not there")
    same = 0
    for path in paths[::3]:
        try:
            ruleset = load_ruleset(path)
            text = to_yaml(ruleset_of(ruleset.netfilter, ruleset))
        except FwsimError:
            continue
        assert_same_walks(ruleset, read(text), count=10)
        same += 1
    assert same >= 20
