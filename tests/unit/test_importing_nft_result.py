"""The ruleset that comes out."""

from __future__ import annotations

from fwsim.netfilter.steps import Lookup
from tests.nft_importing import imported, script, table_of, told


def test_everything_says_where_it_was_written() -> None:
    netfilter = imported("table inet t {\n set s { type mark; }\n limit l { rate 5/second; }\n chain c { }\n}\n")
    table = netfilter.tables[0]
    assert (table.location.line, table.family, table.sees) == (1, "inet", 0)
    assert table.sets["s"].location.line == 2
    assert (table.objects["l"].kind, table.objects["l"].location.line) == ("limit", 3)
    assert table.chains["c"].location.line == 4
    assert (netfilter.format, [path for path, _ in netfilter.sources]) == ("nft", ["s.nft"])


def test_chains_of_a_dormant_table_see_no_packet() -> None:
    netfilter = imported("table t {\n flags dormant;\n chain c { type filter hook input priority 0; }\n}\n")
    assert netfilter.tables[0].chains["c"].hooks == ()
    assert "dormant" in netfilter.remarks[0].what


def test_a_set_that_a_later_rule_changes_is_looked_up_by_earlier_ones() -> None:
    before = "set s { type mark; flags dynamic; }"
    table = table_of(script("mark @s accept\nadd @s { meta mark }", "ip", before))
    assert isinstance(table.chains["c"].rules[0].steps[0], Lookup)


def test_ports_beside_protocols_that_have_them_are_ports() -> None:
    before = "set s { type inet_proto . inet_service; elements = { tcp . 22, udp . 53 }\n}"
    assert told("meta l4proto . th dport @s", "ip", before) == ["proto . dport in @s"]
    assert told("meta l4proto . th dport @s", "ip", before.replace("udp", "icmp")) == ["proto . @th,16,16 in @s"]
    assert told("meta l4proto . th dport vmap { tcp . 22 : accept, * : drop }")[0].startswith("proto . @th,16,16")


def test_an_unused_map_has_cases_too() -> None:
    table = table_of("table t {\n map m { type mark : mark; elements = { 1 : 2 }\n}\n}\n")
    assert len(table.sets["m"].cases or ()) == 1
