"""--topology, --live and --sysctl on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwsim.cli import describing
from fwsim.ruleset.host import Host
from tests.cli.conftest import Invoke

NFT = """
table inet filter {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "eth1" oifname "eth0" ct state new accept
  }
}
"""

INSIDE = "10.1.0.0/16"
"""What lies inside in the demo."""


def listing(inside: str) -> str:
    """`ip -j route` of the demo's router: what lies inside, and the rest behind eth0."""
    routes = [{"dst": inside, "dev": "eth1", "flags": []}, {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"}]
    return json.dumps(routes)


def verdicts(out: str) -> list[tuple[str, str, str]]:
    """Verdict, interface in and interface out of each record."""
    records = [json.loads(line) for line in out.splitlines()]
    return [(one["stateful"]["verdict"], one["iif"], one["oif"]) for one in records]


def test_imported_rules_find_their_interfaces_by_the_routes(invoke: Invoke, demo: Path) -> None:
    (demo / "rules.nft").write_text(NFT)
    (demo / "routes.json").write_text(listing(INSIDE))
    outcome = invoke("compare", "demo.pcap", "-r", "rules.nft", "--topology", "routes.json", "--format", "jsonl")
    assert outcome.status == 0, outcome.err
    found = verdicts(outcome.out)
    assert {"eth0", "eth1"} >= {name for _, *names in found for name in names if name is not None}
    assert {"accept", "drop"} <= {verdict for verdict, *_ in found}
    without = invoke("compare", "demo.pcap", "-r", "rules.nft", "--format", "jsonl")
    assert "unknown" in {verdict for verdict, *_ in verdicts(without.out)}


def test_a_machine_that_does_not_forward_evaluates_nothing_that_it_would_forward(invoke: Invoke, demo: Path) -> None:
    (demo / "sysctl.txt").write_text("net.ipv4.ip_forward = 0\nnet.ipv6.conf.all.forwarding = 0\n")
    outcome = invoke("replay", "demo.pcap", "-r", "demo.yaml", "--sysctl", "sysctl.txt", "--format", "jsonl")
    assert outcome.status == 0, outcome.err
    records = [json.loads(line) for line in outcome.lines]
    assert {(one["verdict"], one["reason"]) for one in records} == {("not_evaluated", "forwarding-off")}


def test_settings_of_conntrack_still_come_from_there(invoke: Invoke, demo: Path) -> None:
    (demo / "sysctl.txt").write_text("net.netfilter.nf_conntrack_max = nonsense\n")
    outcome = invoke("replay", "demo.pcap", "-r", "demo.yaml", "--sysctl", "sysctl.txt")
    assert outcome.status == 2
    assert "conntrack.max=nonsense" in outcome.err


def test_what_is_not_simulated_is_a_note(invoke: Invoke, demo: Path) -> None:
    (demo / "sysctl.txt").write_text("net.ipv4.conf.all.accept_local = 1\n")
    outcome = invoke("compare", "demo.pcap", "-r", "demo.yaml", "--sysctl", "sysctl.txt")
    assert "net.ipv4.conf.all.accept_local = 1 is not simulated" in outcome.out


def test_a_mistake_in_a_topology_is_located(invoke: Invoke, demo: Path) -> None:
    (demo / "bad.json").write_text('[\n {"dst": "10.0.0.0/99", "dev": "eth0"}\n]')
    outcome = invoke("replay", "demo.pcap", "-r", "demo.yaml", "--topology", "bad.json")
    assert outcome.status == 2
    assert outcome.err.startswith("error: bad.json:2:10: expected a prefix length of 0 to 32")


def test_the_command_that_explains_names_the_same_files(invoke: Invoke, demo: Path) -> None:
    (demo / "rules.nft").write_text(NFT)
    (demo / "routes.json").write_text(listing(INSIDE))
    outcome = invoke("compare", "demo.pcap", "-r", "rules.nft", "--topology", "routes.json")
    assert outcome.status == 0, outcome.err
    assert "--topology routes.json" in outcome.lines[-1]


def test_without_a_ruleset_the_description_tells_what_is_inside(invoke: Invoke, demo: Path) -> None:
    (demo / "routes.json").write_text(listing(INSIDE))
    outcome = invoke("replay", "demo.pcap", "--topology", "routes.json")
    assert outcome.status == 0, outcome.err
    assert "eth1:" in outcome.out + outcome.err


def test_live_asks_the_machine_and_a_run_that_is_kept_does_not(
    invoke: Invoke, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describing, "live", lambda: Host(sysctls={"net.ipv4.ip_forward": "0"}))
    outcome = invoke("replay", "demo.pcap", "-r", "demo.yaml", "--live", "--format", "jsonl")
    assert "forwarding-off" in {json.loads(line)["reason"] for line in outcome.lines}
    kept = invoke("replay", "demo.pcap", "-r", "demo.yaml", "--live", "--checkpoint", "state")
    assert kept.status == 2
    assert "--live" in kept.err


def test_standard_input_is_read_only_once(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("replay", "demo.pcap", "-r", "-", "--topology", "-")
    assert outcome.status == 2
    assert "standard input" in outcome.err
