"""The firewall that a file of expectations is about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.expectations.preparing import Overrides, prepare
from fwsim.expectations.reading import read_expectations
from fwsim.expectations.suites import run_files
from tests.expecting import RULES, only, sound, told, write

CASE = "- {packet: 'tcp 10.1.4.23 > 9.9.9.9:443', verdict: accept}"
ACK = "- {packet: 'tcp 9.9.9.9:443 > 10.1.4.23:5 ack', %s}"
NFT = (
    'table inet filter {\n\tchain forward {\n\t\ttype filter hook forward priority 0; policy drop;\n\t\tiifname "lan" '
    'oifname "wan" accept\n\t}\n}\n'
)


def test_paths_begin_at_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, CASE)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    prepared = prepare(read_expectations("../small.fwsim.yaml"))
    assert prepared.ruleset == "../small.yaml"


def test_settings_and_networks_of_the_file_are_laid_over_its_ruleset(tmp_path: Path) -> None:
    ack = ACK % "stateful: {verdict: drop, rule: broken}"
    assert told(only(tmp_path, ack)) == []
    loose = only(tmp_path, ack, head="settings: {conntrack.tcp_loose: true}\n")
    assert told(loose) == ["stateful rule: expected broken, is policy of forward"]
    head = "interfaces: {lan: 10.1.0.0/16, wan: any}\nlocal: 192.0.2.1\n"
    assert told(only(tmp_path, CASE, rules=NFT, head=head)) == []
    own = "- {packet: 'tcp 10.1.4.23 > 192.0.2.1:443', hook: forward}"
    assert told(only(tmp_path, own, rules=NFT)) == []
    assert len(told(only(tmp_path, own, rules=NFT, head=head))) == 2


def test_a_topology_tells_where_things_are(tmp_path: Path) -> None:
    listed = [
        {"ifname": "lan", "addr_info": [{"family": "inet", "local": "10.1.0.1", "prefixlen": 16}]},
        {"ifname": "wan", "addr_info": [{"family": "inet", "local": "203.0.113.1", "prefixlen": 24}]},
    ]
    (tmp_path / "addr.json").write_text(json.dumps(listed))
    case = "- {packet: 'tcp 10.1.4.23 > 203.0.113.9:443', verdict: accept}"
    assert told(only(tmp_path, case, rules=NFT)) != []
    assert told(only(tmp_path, case, rules=NFT, head="topology: addr.json\n")) == []


def test_a_ruleset_may_be_written_in_the_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "own.fwsim.yaml"
    path.write_text(f"ruleset:\n  policy: drop\n  rules:\n    - {{proto: tcp, verdict: accept}}\ncases:\n  {CASE}\n")
    (result,) = sound(run_files([str(path)])).results
    assert told(result) == []
    path.write_text(path.read_text().replace("proto: tcp", "prot: tcp"))
    with pytest.raises(RulesetError, match=r"own\.fwsim\.yaml:4:8: unknown key 'prot'"):
        sound(run_files([str(path)]))


def test_rules_without_state_may_stand_beside(tmp_path: Path) -> None:
    interfaces = "interfaces: {lan: {networks: [10.1.0.0/16]}, wan: {networks: [any]}}\n"
    rules = "policy: drop\nrules:\n  - {name: listed, iif: wan, verdict: accept}\n"
    (tmp_path / "list.yaml").write_text(interfaces + rules)
    case = "- {packet: 'tcp 9.9.9.9 > 10.1.4.23:22', stateless: {verdict: accept, rule: listed}, stateful: drop}"
    assert told(only(tmp_path, case, head="stateless_rules: list.yaml\n")) == []


def test_options_go_before_what_the_file_says(tmp_path: Path) -> None:
    path = str(write(tmp_path, CASE, head="settings: {conntrack.tcp_loose: true}\n"))
    (tmp_path / "other.yaml").write_text(RULES.replace("name: out", "name: other"))
    report = run_files([path], Overrides(rules=str(tmp_path / "other.yaml")))
    assert report.coverage[0].ruleset == str(tmp_path / "other.yaml")
    prepared = prepare(read_expectations(path), Overrides(settings={"conntrack.tcp_loose": "0"}, local=["192.0.2.9"]))
    assert not prepared.simulator.ruleset.conntrack.tcp_loose
    assert "192.0.2.9/32" in map(str, prepared.simulator.topology.local)


def test_an_interface_that_nobody_declares_is_refused_where_it_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "- conversation:\n    - udp 9.9.9.9 > 10.1.0.5:5 in wann\n  verdict: drop\n")
    with pytest.raises(RulesetError, match=r"small\.fwsim\.yaml:4:\d+: unknown interface 'wann', did you mean 'wan'"):
        prepare(read_expectations(str(path)))


def test_a_file_without_a_ruleset_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.fwsim.yaml"
    path.write_text(f"cases:\n  {CASE}\n")
    with pytest.raises(RulesetError, match="expected a 'ruleset', here or with -r"):
        prepare(read_expectations(str(path)))


@pytest.mark.parametrize("key", ["ruleset", "stateless_rules", "topology"])
def test_a_file_that_is_not_there_is_told_where_it_is_named(tmp_path: Path, key: str) -> None:
    path = write(tmp_path, CASE)
    others = "" if key == "ruleset" else "ruleset: small.yaml\n"
    path.write_text(f"{key}: none.yaml\n{others}cases:\n  {CASE}\n")
    with pytest.raises(RulesetError, match=rf"small\.fwsim\.yaml:1:{len(key) + 3}: .*none\.yaml: no such file"):
        prepare(read_expectations(str(path)))
