"""Rulesets in the words of nft and iptables, read like any other."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from fwsim.checking.findings import findings_of
from fwsim.errors import RulesetError, UsageError
from fwsim.ruleset import Ruleset, load_ruleset, to_json, to_yaml
from fwsim.ruleset.imported import import_netfilter
from fwsim.ruleset.located import Document

NFT = """\
table ip filter {
\tchain forward {
\t\ttype filter hook forward priority 0; policy drop;
\t\tiifname "lan" oifname "wan*" accept comment "out"
\t}
}
"""
JSON = (
    '{"nftables": [{"add": {"table": {"family": "ip", "name": "t"}}},'
    ' {"add": {"chain": {"family": "ip", "table": "t", "name": "c", "type": "filter", "hook": "forward", "prio": 0}}}]}'
)
IPTABLES = "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -i lan -j ACCEPT\nCOMMIT\n"


@pytest.mark.parametrize(("text", "format"), [(NFT, "nft"), (JSON, "nft"), (IPTABLES, "iptables")])
def test_whose_words_a_text_is_in_is_told_by_its_content(text: str, format: str) -> None:
    netfilter = load_ruleset(io.StringIO(text)).netfilter
    assert netfilter.format.startswith(format)
    assert [table.family for table in netfilter.tables] == ["ip"]


def test_interfaces_that_rules_name_are_declared_and_options_say_what_lies_behind_them() -> None:
    ruleset = load_ruleset(io.StringIO(NFT), interfaces={"lan": ["10.0.0.0/8"], "dmz": ["192.0.2.0/28"]})
    assert list(ruleset.interfaces) == ["lan", "dmz"]
    assert [len(interface.networks) for interface in ruleset.interfaces.values()] == [1, 1]


def test_settings_and_local_addresses_come_from_options() -> None:
    ruleset = load_ruleset(io.StringIO(NFT), overrides={"conntrack.tcp_loose": "0"}, local=["10.0.0.1"])
    assert not ruleset.conntrack.tcp_loose
    assert ruleset.local.v4 == ((0x0A000001, 0x0A000001),)


def test_wrong_options_are_refused_by_name() -> None:
    with pytest.raises(RulesetError, match=r"--set conntrack.tcp_lose=0"):
        load_ruleset(io.StringIO(NFT), overrides={"conntrack.tcp_lose": "0"})
    with pytest.raises(RulesetError, match=r"--interface lan=x"):
        load_ruleset(io.StringIO(NFT), interfaces={"lan": ["x"]})


def test_mistakes_have_their_place_in_the_text() -> None:
    with pytest.raises(RulesetError) as caught:
        load_ruleset(io.StringIO(NFT.replace('"lan"', "10.0.0.1 x")))
    assert caught.value.problems[0].line == 4


def test_a_file_may_include_from_its_own_folder_and_text_from_standard_input_may_not(tmp_path: Path) -> None:
    (tmp_path / "sets.nft").write_text("define lan = 10.0.0.0/8\n")
    text = 'include "sets.nft"\n' + NFT.replace('iifname "lan"', "ip saddr $lan")
    (tmp_path / "edge.nft").write_text(text)
    assert load_ruleset(str(tmp_path / "edge.nft")).netfilter.tables
    with pytest.raises(RulesetError, match="include"):
        load_ruleset(io.StringIO(text))


def test_text_of_our_own_is_no_import() -> None:
    assert import_netfilter(Document("x.yaml", "policy: drop\n")) is None


@pytest.mark.parametrize("name", ["lan/1", "lan 1 ", "lan/*"])
def test_a_rule_may_name_an_interface_that_there_cannot_be(name: str) -> None:
    ruleset = load_ruleset(io.StringIO(NFT.replace('"lan"', f'"{name}"')))
    assert list(ruleset.interfaces) == []
    assert not [finding for finding in findings_of(ruleset, "r") if name in finding.what]


@pytest.mark.parametrize("write", [to_yaml, to_json])
def test_imported_rules_are_not_written_as_a_ruleset_without_any(write: Callable[[Ruleset], str]) -> None:
    text = "table ip t {\n chain f { type filter hook forward priority 0; policy drop;\n }\n}\n"
    with pytest.raises(UsageError, match="fwsim convert"):
        write(load_ruleset(io.StringIO(text)))
