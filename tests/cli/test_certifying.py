"""`fwsim check --only spoofing`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke

RULES = """\
interfaces:
  lan: {networks: [10.1.0.0/16]}
  wan: {networks: [any]}
chains:
  forward:
    hook: forward
    policy: drop
    rules:
      - {iif: lan, src: "!10.1.0.0/16", verdict: drop}
      - {family: ipv6, verdict: drop}
      - {name: web, proto: tcp, dport: 443, verdict: accept}
"""
GUARD = "      - {iif: wan, src: 10.1.0.0/16, verdict: drop}\n      - {name: web"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "edge.yaml"
    path.write_text(RULES)
    return path


def test_a_forged_source_that_gets_in_is_shown_with_the_rule_and_status_1(invoke: Invoke, rules: Path) -> None:
    done = invoke("check", rules, "--only", "spoofing")
    assert done.status == 1
    lines = done.out.splitlines()
    assert "  lan IPv4 through, stateful: certified" in lines
    (found,) = [line for line in lines if line.startswith("  wan IPv4 through, stateful")]
    assert "gets through: tcp 10.1.0.7:40000 > 198.51.100.7:443 syn, by " in found
    assert f'rule "web" of forward ({rules}:11)' in found


def test_certified_everywhere_is_status_0(invoke: Invoke, rules: Path) -> None:
    rules.write_text(RULES.replace("      - {name: web", GUARD))
    done = invoke("check", rules, "--only", "spoofing")
    assert done.status == 0
    assert all(line.endswith(": certified") for line in done.out.splitlines()[1:])


def test_what_is_not_known_is_status_3_and_named(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.nft"
    path.write_text(
        "table ip x {\n chain c {\n type filter hook forward priority 0; policy drop;\n meta cpu 1 accept\n }\n}\n"
    )
    done = invoke("check", path, "--only", "spoofing", "--interface", "lan=10.0.0.0/8", "--interface", "wan=any")
    assert done.status == 3
    assert f"not certified: it hangs on what is not known here: rule 1 of ip x c ({path}:4) [meta cpu 1]" in done.out


def test_programs_get_objects_and_the_bytes_of_the_packet(invoke: Invoke, rules: Path) -> None:
    done = invoke("check", rules, "--only", "spoofing", "--format", "json")
    assert done.status == 1
    (found,) = json.loads(done.out)
    assert found["path"] == str(rules)
    by = {(one["interface"], one["family"], one["hook"], one["mode"]): one for one in found["spoofing"]}
    assert by["lan", 4, "forward", "stateful"]["status"] == "certified"
    open_one = by["wan", 4, "forward", "stateful"]
    assert open_one["status"] == "open"
    assert open_one["rules"] == [
        {"rule": "web", "chain": "forward", "path": str(rules), "line": 11, "not_simulated": []}
    ]
    assert open_one["packet"]["src"] == "10.1.0.7"
    assert bytes.fromhex(open_one["packet"]["bytes"])[12:14] == b"\x08\x00"


def test_of_an_interface_that_nobody_has_placed_nothing_is_certified(invoke: Invoke, rules: Path) -> None:
    guarded = RULES.replace("      - {name: web", GUARD)
    rules.write_text(guarded.replace("chains:", "  dmz: {}\nchains:"))
    done = invoke("check", rules, "--only", "spoofing")
    assert done.status == 3
    assert done.out.splitlines()[-1].startswith("  dmz: not certified: nothing is known to lie behind it (--interface ")
    (found,) = json.loads(invoke("check", rules, "--only", "spoofing", "--format", "json").out)
    assert found["without_network"] == ["dmz"]


def test_without_networks_there_is_nothing_to_certify(invoke: Invoke, tmp_path: Path) -> None:
    path = tmp_path / "edge.yaml"
    path.write_text("policy: drop\nrules: []\n")
    done = invoke("check", path, "--only", "spoofing")
    assert done.status == 3
    assert "no interface has a network" in done.out


def test_one_ruleset_of_which_nothing_is_known_among_others_is_status_3(
    invoke: Invoke, rules: Path, tmp_path: Path
) -> None:
    path = tmp_path / "bare.yaml"
    path.write_text("policy: drop\nrules: []\n")
    assert invoke("check", path, rules, "--only", "spoofing").status == 3


def test_it_says_of_which_packets_it_speaks(invoke: Invoke, rules: Path) -> None:
    title = invoke("check", rules, "--only", "spoofing").lines[0]
    assert "stateful: packets that belong to no connection" in title


def test_several_rulesets_are_told_one_after_the_other(invoke: Invoke, rules: Path) -> None:
    done = invoke("check", rules, "rulesets/v6-router.yaml", "--only", "spoofing")
    titles = [line for line in done.out.splitlines() if not line.startswith(" ")]
    assert [title.split("  ")[0] for title in titles] == [str(rules), "rulesets/v6-router.yaml"]
    assert "type 128 code 0 ttl 255" in done.out


def test_certificates_are_written_where_they_are_wanted(invoke: Invoke, rules: Path, tmp_path: Path) -> None:
    printed = invoke("check", rules, "--only", "spoofing")
    done = invoke("check", rules, "--only", "spoofing", "-o", tmp_path / "certified")
    assert (done.status, done.out) == (1, "")
    assert (tmp_path / "certified").read_text() == printed.out
