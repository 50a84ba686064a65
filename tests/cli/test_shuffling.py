"""`replay --shuffle`: what hangs on the order of packets, and which rules need the connection table."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.fuzz.captured import write_traffic
from tests.cli.conftest import Invoke

RULES = """\
interfaces:
  lan: {networks: [10.1.0.0/16, "fd00:1::/64"]}
  wan: {networks: [any]}
chains:
  forward:
    hook: forward
    policy: drop
    rules:
      - {name: replies, ct_state: established, verdict: accept}
      - {name: out, iif: lan, proto: udp, ct_state: new, verdict: accept}
      - {name: web, proto: tcp, dport: 443, verdict: accept}
"""
STATELESS = """\
interfaces: {lan: {networks: [10.1.0.0/16, "fd00:1::/64"]}, wan: {networks: [any]}}
rules: [{name: udp, proto: udp, verdict: accept}, {name: refused, dscp: 62, verdict: reject}]
policy: drop
"""


@pytest.fixture
def traffic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_traffic("a.pcapng", "shuffled", 300, fragments=0.0)
    Path("r.yaml").write_text(RULES)
    Path("s.yaml").write_text(STATELESS)
    return tmp_path


def test_without_state_nothing_hangs_on_the_order(invoke: Invoke, traffic: Path) -> None:
    outcome = invoke("replay", "a.pcapng", "-r", "s.yaml", "-q", "--mode", "stateless", "--shuffle", "1")
    assert outcome.status == 0
    assert "stateless: none get another verdict; stateful: none get another verdict." in outcome.out
    table = invoke("replay", "a.pcapng", "-r", "s.yaml", "-q", "--shuffle", "1")
    rules = [line for line in table.lines if line.startswith('"')]
    assert rules
    assert all("could be stateless" in line for line in rules)


def test_with_state_the_rule_for_replies_needs_the_table(invoke: Invoke, traffic: Path) -> None:
    outcome = invoke("replay", "a.pcapng", "-r", "r.yaml", "-q", "--shuffle", "1")
    assert "stateful: none" not in outcome.out
    assert "stateless: none" in outcome.out
    (replies,) = [line for line in outcome.lines if line.startswith('"replies"')]
    assert "could be stateless" not in replies
    (out,) = [line for line in outcome.lines if line.startswith('"out"')]
    assert "could be stateless" in out


def test_the_same_seed_tells_the_same(invoke: Invoke, traffic: Path) -> None:
    command = ("replay", "a.pcapng", "-r", "r.yaml", "-q", "--shuffle")
    one, other = invoke(*command, "5"), invoke(*command, "5")
    assert one == other
    assert invoke(*command, "6").out != one.out


def test_rules_that_count_are_told(invoke: Invoke, traffic: Path) -> None:
    Path("limit.yaml").write_text(STATELESS.replace("proto: udp,", "proto: udp, limit: 1/second,"))
    assert "note: rules that count" in invoke("replay", "a.pcapng", "-r", "limit.yaml", "-q", "--shuffle", "1").out


def test_what_does_not_go_together_is_refused(invoke: Invoke, traffic: Path) -> None:
    Path("t.txt").write_text("")
    for more in (
        ("--shuffle", "-1"),
        ("--shuffle", "1", "--switch", "+0=s.yaml"),
        ("--shuffle", "1", "--state-in", "t.txt"),
        ("--shuffle", "1", "--format", "parquet", "-o", "x"),
        ("--shuffle", "1", "--checkpoint", "x"),
    ):
        outcome = invoke("replay", "a.pcapng", "-r", "r.yaml", *more)
        assert (outcome.status, outcome.out) == (2, ""), more
    assert invoke("replay", "a.pcapng", "--shuffle", "1").status == 2
