"""A whole ruleset as nft text: tables, chains, their order; read again it is the same."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fwsim.errors import FwsimError, RulesetError
from fwsim.exporting.nft import nft_text
from fwsim.netfilter import Netfilter
from fwsim.ruleset import load_ruleset
from tests.examples import RULESETS
from tests.exporting import assert_same_walks, loads, read
from tests.rule_strategies import branching_ruleset

ROOT = Path(__file__).parent.parent.parent
CORPUS = ROOT.parent / "shared" / "corpus" / "rulesets"
UNTOLD = ("text", "location", "registered", "sources", "remarks", "source", "construct", "size")
"""Parts of a ruleset that tell where it comes from, not what it means."""

EVERYTHING = """\
table inet t {
	limit slow { rate over 10/second burst 5 packets; }
	quota much { over 100 bytes used 5 bytes; }
	ct helper ftp-21 { type "ftp" protocol tcp; }
	set seen { type ipv4_addr . inet_service; size 100; flags dynamic,timeout; timeout 10s; }
	set ports { type inet_service; flags interval; elements = { 22, 80-90 } }
	map ways { type ipv4_addr : verdict; flags interval; elements = { 10.0.0.0/8 : jump x, 11.0.0.1 : drop } }
	chain x {
		ct state { established, related } accept
		ct original ip saddr 1.2.3.4 counter
		tcp flags syn / syn,ack tcp dport @ports log prefix "new " accept
		udp dport 53 add @seen { ip saddr . udp dport timeout 5s } accept
		ip saddr . tcp dport @seen drop
		ip saddr . tcp dport { 1.2.3.4 . 22, 10.0.0.0/8 . 1-5 } reject with tcp reset
		meta mark set ct mark & 0xff
		ct mark set meta mark
		meta mark & 0xf0 == 0x10 return
		ip frag-off & 0x1fff != 0x0 drop
		fib daddr type local accept
		numgen inc mod 3 1 counter
		@th,16,16 0x16 accept
		tcp option maxseg size 1-500 drop
		ip6 saddr != fe80::/10 ip6 hoplimit 255 drop
		icmpv6 type { 133, 134 } accept
		icmp type echo-request limit rate 1/second burst 5 packets accept
		limit name "slow" drop
		quota name "much" drop
		tcp dport 21 ct helper set "ftp-21"
		iifname != "eth*" oifname { "a", "b" } drop
		meta l4proto { tcp, udp } th dport 53 accept
		reject with icmpx admin-prohibited
	}
	chain early {
		type filter hook prerouting priority -300; policy accept;
		udp dport 53 notrack
	}
	chain input {
		type filter hook input priority 10; policy drop;
		ct state vmap { established : accept, invalid : drop, new : jump x }
		ip saddr vmap @ways
		meta mark set ip saddr map { 1.2.3.4 : 0x5, 2.3.0.0/16 : 0x6 }
		tcp dport 22 goto x
	}
	chain post {
		type nat hook postrouting priority 100; policy accept;
		ip saddr 10.0.0.0/8 tcp dport 80 snat ip to 1.2.3.4-1.2.3.5:10-20 random,persistent
		oifname "wan" masquerade
	}
}
"""


def plain(part: Any) -> Any:
    """What a ruleset means, without where it was written."""
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        fields = [field.name for field in dataclasses.fields(part) if field.name not in UNTOLD]
        return (type(part).__name__, *(plain(getattr(part, name)) for name in fields))
    if isinstance(part, Mapping):
        return {key: plain(value) for key, value in part.items()}
    return tuple(map(plain, part)) if isinstance(part, (tuple, list)) else part


def tables(netfilter: Netfilter) -> Any:
    """All tables by name."""
    return {(table.family, table.name): plain(table) for table in netfilter.tables}


def test_a_ruleset_of_nft_is_read_again_as_the_same() -> None:
    once = read(EVERYTHING).netfilter
    again = read(nft_text(once)).netfilter
    assert tables(again) == tables(once)


def test_the_real_nft_loads_what_is_written() -> None:
    assert loads("nft", nft_text(read(EVERYTHING).netfilter)) == ""


def test_an_earlier_table_of_the_same_name_is_replaced() -> None:
    text = nft_text(read("table ip t {\n\tchain c {\n\t\taccept\n\t}\n}\n").netfilter)
    assert text.splitlines()[:2] == ["table ip t", "delete table ip t"]


def test_base_chains_that_the_text_would_register_in_another_order_are_declared_first() -> None:
    first, second = (
        f"table inet {name} {{\n\tchain c {{\n\t\ttype filter hook input priority 0; policy {policy};\n\t}}\n}}\n"
        for name, policy in (("a", "accept"), ("b", "drop"))
    )
    netfilter = read(second + first).netfilter
    swapped = dataclasses.replace(netfilter, tables=netfilter.tables[::-1])
    lines = nft_text(swapped).splitlines()
    added = [line.split()[3] for line in lines if line.startswith("add chain")]
    assert added == [table.name for table in netfilter.tables]
    assert loads("nft", nft_text(swapped)) == ""


def test_a_chain_at_several_hooks_has_its_rules_once() -> None:
    text = nft_text(read("policy: drop\nrules:\n  - {limit: 1/second, verdict: accept}\n").netfilter)
    assert text.count("limit rate") == 1
    assert text.count("jump rules") == 3
    assert loads("nft", text) == ""


def test_without_tracking_ports_are_not_looked_for_in_later_fragments() -> None:
    rules = "rules:\n  - {proto: tcp, dport: 22, verdict: accept}\n"
    assert "@th,0,24 >= 0x0 tcp dport 22" in nft_text(read(rules).netfilter)
    tracked = rules + "  - {ct_state: new, verdict: drop}\n"
    assert "@th,0,24" not in nft_text(read(tracked).netfilter)


def test_all_that_nft_cannot_say_is_told_with_its_place() -> None:
    text = "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m limit --limit 5/min -j ACCEPT\n-A INPUT -m recent --set\nCOMMIT\n"
    with pytest.raises(RulesetError) as caught:
        nft_text(read(text).netfilter)
    assert [(problem.line, "cannot be written as nft" in problem.what) for problem in caught.value.problems] == [
        (3, True),
        (4, True),
    ]


@pytest.mark.parametrize("path", RULESETS, ids=lambda path: path.stem)
def test_our_rulesets_load_in_nft_and_decide_the_same_when_read_again(path: Path) -> None:
    ruleset = load_ruleset(path)
    text = nft_text(ruleset.netfilter, fragments=False)
    assert loads("nft", nft_text(ruleset.netfilter)) == ""
    assert_same_walks(ruleset, read(text))


@pytest.mark.parametrize("seed", range(40))
def test_rules_that_branch_decide_the_same_when_read_again(seed: int) -> None:
    ruleset = branching_ruleset(Random(seed))
    assert_same_walks(ruleset, read(nft_text(ruleset.netfilter)), seed=seed, count=40)


@pytest.mark.corpus
def test_third_party_listings_are_read_again_as_the_same_and_load() -> None:
    paths = sorted(CORPUS.rglob("*.canon.nft"))
    if not paths:
        pytest.skip("the corpus is not there")
    same = 0
    for path in paths:
        try:
            netfilter = load_ruleset(path).netfilter
            text = nft_text(netfilter)
        except FwsimError:
            continue  # what only xtables says, told by name
        assert loads("nft", text) == "", path
        assert tables(read(text).netfilter) == tables(netfilter) if text else True, path
        same += 1
    assert same >= 100


def test_what_was_read_from_json_is_written_in_the_words_of_nft() -> None:
    chain = '{"chain": {"family": "ip", "table": "t", "name": "drop-all", "handle": 1}}'
    rule = (
        '{"rule": {"family": "ip", "table": "t", "chain": "drop-all", "handle": 2, '
        '"expr": [{"counter": null}, {"log": {"prefix": "a"}}, {"drop": null}]}}'
    )
    document = f'{{"nftables": [{{"table": {{"family": "ip", "name": "t", "handle": 1}}}}, {chain}, {rule}]}}'
    text = nft_text(read(document).netfilter)
    assert '\t\tcounter log prefix "a" drop\n' in text
    assert loads("nft", text) == ""
