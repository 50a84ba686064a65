"""`convert`: a ruleset as nft, YAML or JSON; what cannot be written, told with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwsim.ruleset import load_ruleset
from tests.cli.conftest import Invoke

OFFICE = str(Path(__file__).parent.parent.parent / "rulesets" / "office.yaml")


def test_convert_writes_nft_with_the_devices_given(invoke: Invoke) -> None:
    outcome = invoke("convert", OFFICE, "--to", "nft", "--device", "lan=eth0")
    assert outcome.status == 0
    assert outcome.lines[0] == "# office edge"
    assert (
        '\t\tiifname "eth0" oifname "wan" tcp dport { 80, 443 } ct state new accept comment "staff web"'
        in outcome.lines
    )


@pytest.mark.parametrize("target", ["yaml", "json"])
def test_convert_writes_a_ruleset_that_loads_to_the_same(invoke: Invoke, tmp_path: Path, target: str) -> None:
    path = tmp_path / f"office.{target}"
    outcome = invoke("convert", OFFICE, "--to", target, "-o", path)
    assert (outcome.status, outcome.out) == (0, "")
    assert load_ruleset(str(path)) == load_ruleset(OFFICE)


def test_what_cannot_be_written_is_told_with_file_and_line_and_status_2(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "tagged.yaml"
    path.write_text("rules:\n  - {vlan: 7, verdict: accept}\n  - {log: '$', verdict: accept}\n")
    outcome = invoke("convert", path, "--to", "nft")
    assert (outcome.status, outcome.out) == (2, "")
    assert [line.partition(" cannot be written as nft: ")[::2] for line in outcome.err.splitlines()] == [
        (
            f"error: {path}:2:5: rule 1 of chain rules",
            "'vlan': the tag is off before any chain of an inet table (match the VLAN's own interface)",
        ),
        (f"error: {path}:3:5: rule 2 of chain rules", "'log': a prefix cannot hold $"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([OFFICE, "--to", "nft", "--device", "lam=eth0"], "error: no interface is called 'lam'"),
        ([OFFICE, "--to", "yaml", "--device", "lan=eth0"], "error: --device needs --to nft"),
        ([OFFICE, "--to", "nft", "-o", OFFICE], f"error: {OFFICE}: is read and cannot be written at the same time"),
        (["nope.yaml", "--to", "nft"], "error: nope.yaml: no such file"),
        (
            [OFFICE, "--to", "iptables"],
            "error: the rules see IPv4 and IPv6, and each has a file of its own: --family 4",
        ),
        ([OFFICE, "--to", "nft", "--family", "4"], "error: --family needs iptables"),
        ([OFFICE, "--to", "yaml", "--format", "nft"], "error: --format needs --to stateless"),
        (
            [OFFICE, "--to", "stateless"],
            f"error: {OFFICE}:27:9: rule 'ping' cannot be written as a stateless ruleset: ",
        ),
        ([OFFICE], "error: missing option '--to'"),
    ],
)
def test_a_wrong_request_is_refused(invoke: Invoke, arguments: list[str], message: str) -> None:
    outcome = invoke("convert", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith(message)


NFT = """\
table inet t {
	chain input {
		type filter hook input priority 0; policy drop;
		ct state established accept
		tcp dport 22 accept
	}
}
"""
"""What each format says of it."""
SAID = {
    "nft": "\t\tct state established accept\n",
    "yaml": "      - {ct_state: established, verdict: accept}\n",
    "json": '"ct_state": "established"',
    "iptables": "-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n",
    "stateless": "      - {proto: tcp, dport: 22, verdict: accept}\n",
}


@pytest.mark.parametrize("target", SAID)
def test_a_ruleset_of_nft_is_written_in_every_format(invoke: Invoke, tmp_path: Path, target: str) -> None:
    path = tmp_path / "server.nft"
    path.write_text(NFT)
    family = ["--family", "4"] if target == "iptables" else []
    outcome = invoke("convert", path, "--to", target, *family)
    assert outcome.status == 0
    assert SAID[target] in outcome.out


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("nft", "tcp dport 22 accept"), ("json", '"dport": 22'),
        ("iptables", "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"),
    ],
)  # fmt: skip
def test_rules_without_state_are_written_in_every_format(invoke: Invoke, tmp_path: Path, form: str, said: str) -> None:
    path = tmp_path / "server.nft"
    path.write_text(NFT)
    family = ["--family", "4"] if form == "iptables" else []
    outcome = invoke("convert", path, "--to", "stateless", "--format", form, *family)
    assert outcome.status == 0
    assert said in outcome.out
    assert "established" not in outcome.out.lower()


def test_devices_are_for_our_own_rulesets(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "server.nft"
    path.write_text(NFT)
    outcome = invoke("convert", path, "--to", "nft", "--device", "lan=eth0")
    assert outcome.status == 2
    assert outcome.err.startswith("error: --device needs a ruleset in YAML or JSON")


def test_options_say_what_imported_rules_do_not(invoke: Invoke, tmp_path: Path) -> None:
    rules, topology = tmp_path / "rules.nft", tmp_path / "addr.json"
    rules.write_text(
        "table inet f {\n chain c {\n  type filter hook forward priority 0; policy drop;\n"
        '  ct state established accept\n  iifname "lan" tcp dport 443 accept\n }\n}\n'
    )
    given = ["--interface", "lan=10.1.0.0/16", "--local", "10.1.0.1", "--set", "conntrack.tcp_loose=0"]
    assert invoke("convert", rules, "--to", "yaml", *given).lines[:5] == [
        "interfaces:",
        "  lan: {networks: [10.1.0.0/16]}",
        "local: [10.1.0.1]",
        "conntrack:",
        "  tcp_loose: false",
    ]
    address = {"family": "inet", "local": "10.2.0.1", "prefixlen": 16}
    topology.write_text(json.dumps([{"ifname": "lan", "addr_info": [address]}]))
    lines = invoke("convert", rules, "--to", "stateless", "--topology", topology).lines
    assert lines[:3] == ["interfaces:", "  lan: {networks: [10.2.0.0/16]}", "local: [10.2.0.1/32]"]


@pytest.mark.parametrize("target", ["yaml", "json"])
def test_what_cannot_be_said_is_told_in_the_name_of_the_format(invoke: Invoke, tmp_path: Path, target: str) -> None:
    rules = tmp_path / "rules.nft"
    rules.write_text("table ip f {\n chain c {\n  meta skuid 0 accept\n }\n}\n")
    assert f"cannot be written as {target.upper()}: 'meta skuid 0'" in invoke("convert", rules, "--to", target).err
