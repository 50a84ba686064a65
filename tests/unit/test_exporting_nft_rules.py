"""The rules of a table as nft rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fwsim.convert.identifiers import Identifiers
from fwsim.exporting.nft import nft_text
from fwsim.exporting.nft_rules import commented, names_of, without_dependencies
from tests.exporting import loads, read

HEAD = "table inet t {\n\tchain c {\n\t\ttype filter hook forward priority 0;\n\t\t"


@pytest.mark.parametrize(
    ("parts", "family", "left"),
    [
        (["meta nfproto ipv4", "ip saddr 1.2.3.4"], 0, ["ip saddr 1.2.3.4"]),
        (["meta nfproto ipv4", "ip6 saddr ::1"], 0, ["meta nfproto ipv4", "ip6 saddr ::1"]),
        (["meta nfproto ipv4", "meta l4proto icmp", "icmp type 8"], 0, ["icmp type 8"]),
        (["meta l4proto tcp", "tcp dport 22"], 4, ["tcp dport 22"]),
        (["meta l4proto tcp", "counter", "tcp dport 22"], 4, ["meta l4proto tcp", "counter", "tcp dport 22"]),
        (["meta l4proto tcp", "ip saddr . tcp dport @s"], 4, ["meta l4proto tcp", "ip saddr . tcp dport @s"]),
    ],
)
def test_dependencies_that_nft_adds_are_left_away(parts: list[str], family: int, left: list[str]) -> None:
    assert without_dependencies(parts, family) == left


def test_a_mark_of_the_connection_is_taken_leniently_where_the_rule_was_written_so() -> None:
    text = nft_text(read("rules:\n  - {set_ct_mark: 1/3, verdict: accept}\n").netfilter)
    assert "ct state established,related,new ct mark set ct mark & 0xfffffffc | 0x1 accept" in text
    assert "ct state invalid,untracked accept" in text
    assert loads("nft", text) == ""


def test_connections_by_address_are_counted_in_a_set() -> None:
    rule = "-A INPUT -p tcp -m connlimit --connlimit-above 3 --connlimit-mask 24 -j DROP"
    text = nft_text(read(f"*filter\n:INPUT ACCEPT [0:0]\n{rule}\nCOMMIT\n").netfilter)
    assert "add @connections { ip saddr & 255.255.255.0 ct count over 3 } drop" in text
    assert loads("nft", text) == ""


def test_an_unused_name_is_kept_and_a_word_of_the_grammar_changed() -> None:
    assert names_of({"drop": 0}, Identifiers(), keep=True) == {"drop": "drop"}
    assert names_of({"drop": 0}, Identifiers(), keep=False) == {"drop": "drop_"}


def test_a_name_becomes_a_comment() -> None:
    assert commented(None) == ""
    assert commented("web") == 'comment "web"'
    text = nft_text(read(HEAD + 'tcp dport 22 accept comment "a b"\n\t}\n}\n').netfilter)
    assert 'tcp dport 22 accept comment "a b"' in text


def test_an_answer_of_one_family_is_given_in_that_family_only() -> None:
    ruleset = read("rules:\n  - {fragment: later, family: ipv4, verdict: reject, reject_with: icmp-net-unreachable}\n")
    (table,) = ruleset.netfilter.tables
    (chain,) = table.chains.values()
    (rule,) = chain.rules
    asks = tuple(step for step in rule.steps if getattr(step, "selector", "") != "family")
    chains = {chain.name: replace(chain, rules=(replace(rule, steps=asks),))}
    text = nft_text(replace(ruleset.netfilter, tables=(replace(table, chains=chains),)))
    assert text.count("reject with icmp net-unreachable") == 1
    assert loads("nft", text) == ""
