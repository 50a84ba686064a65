"""`fwsim check`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Invoke

NFT = """\
table inet filter {
\tchain forward {
\t\ttype filter hook forward priority 0; policy drop;
\t\tiifname "lan" accept
\t\tmeta cpu 1 accept
\t}
}
"""


def test_what_is_not_simulated_is_listed_with_its_line_and_ends_with_status_3(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.nft"
    path.write_text(NFT)
    result = invoke("check", str(path))
    assert result.status == 3
    first, construct, network = result.out.splitlines()
    assert first == f"{path}  nft, 2 rules in 1 chain"
    assert construct == f"  {path}:5: not simulated: meta cpu 1, in rule 2 of inet filter forward"
    assert "no network: nothing is known to lie behind lan" in network


def test_a_ruleset_that_is_simulated_whole_ends_with_status_0(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.nft"
    path.write_text(NFT.replace("meta cpu 1", "tcp dport 22"))
    result = invoke("check", str(path), "--interface", "lan=10.0.0.0/8")
    assert result.status == 0
    assert "nothing to remark" in result.out


def test_an_own_address_that_masquerading_needs_is_remarked(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.nft"
    chain = "type nat hook postrouting priority 100; oifname lan masquerade"
    path.write_text(f"table ip nat {{\nchain post {{\n{chain}\n}}\n}}\n")
    result = invoke("check", str(path), "--interface", "lan=10.0.0.0/8")
    assert result.status == 0
    assert result.lines[1] == (
        f"  {path}:3: no address: masquerade needs the firewall's own address on lan, which is not known: "
        "--local ADDRESS or --topology FILE tells it, in rule 1 of ip nat post"
    )
    told = invoke("check", str(path), "--interface", "lan=10.0.0.0/8", "--local", "10.0.0.1")
    assert "nothing to remark" in told.out


def test_several_rulesets_are_objects_of_one_list_for_programs(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.nft"
    path.write_text(NFT)
    result = invoke("check", str(path), "rulesets/office.yaml", "--format", "json")
    first, second = json.loads(result.out)
    assert [finding["kind"] for finding in first["findings"]] == ["not_simulated", "no_network"]
    assert (first["findings"][0]["line"], first["findings"][1]["line"]) == (5, None)
    assert second == {"path": "rulesets/office.yaml", "format": "yaml", "findings": []}


def test_a_ruleset_with_a_mistake_ends_with_status_2_and_its_place(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.nft"
    path.write_text(NFT.replace("accept", "acept", 1))
    result = invoke("check", str(path))
    assert result.status == 2
    assert f"{path}:4:22" in result.err


def test_a_rule_whose_alternatives_multiply_is_told_by_its_line(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "rules.v4"
    ways = " ".join(f"-m multiport --ports {number}" for number in range(1, 25))
    path.write_text(f"*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp {ways} -j ACCEPT\nCOMMIT\n")
    done = invoke("check", str(path))
    assert done.status == 3
    assert f"{path}:3: not simulated: a rule of very many parts, in rule 1 of ip filter INPUT" in done.out
