"""`--state-in` and `--state-out`: a run goes on where another stopped, or begins with what it is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwsim.fuzz.captured import write_traffic
from fwsim.fuzz.policy import EVERY_STATE
from tests.cli.conftest import Invoke

RULES = """\
interfaces:
  lan: {networks: [10.1.0.0/16]}
  wan: {networks: [any]}
chains:
  forward: {hook: forward, policy: drop, rules: [{ct_state: established, verdict: accept}]}
"""


def records(invoke: Invoke, *arguments: object) -> list[dict[str, object]]:
    outcome = invoke("replay", *arguments, "--format", "jsonl")
    assert outcome.status in (0, 3), outcome.err
    return [json.loads(line) for line in outcome.lines]


@pytest.mark.parametrize("seed", [1, 2])
def test_two_halves_with_the_state_between_them_are_decided_as_the_whole(
    invoke: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.yaml").write_text(EVERY_STATE)
    write_traffic("whole.pcapng", f"states {seed}", 1500, fragments=0.0)
    whole = records(invoke, "whole.pcapng", "-r", "r.yaml")
    middle = len(whole) // 2
    first = records(invoke, "whole.pcapng", "-r", "r.yaml", "-c", middle, "--state-out", "kept.json")
    invoke("replay", "whole.pcapng", "-r", "r.yaml", "-q", "-Y", f"n > {middle}", "-w", "rest.pcapng")
    second = records(invoke, "rest.pcapng", "-r", "r.yaml", "--state-in", "kept.json")
    other = {"n", "file", "connection", "evidence", "ts"}  # ghosts are not kept: they are no state of the firewall's
    for one, found in zip(whole, first + second, strict=True):
        assert {k: v for k, v in one.items() if k not in other} == {k: v for k, v in found.items() if k not in other}
    assert len(Path("kept.json").read_text().splitlines()) > 5


def test_a_written_connection_lets_its_packets_pass(invoke: Invoke, demo: Path) -> None:
    (demo / "r.yaml").write_text(RULES)
    before = records(invoke, "demo.pcap", "-r", "r.yaml")
    dropped = [one for one in before if one["proto"] == "tcp" and one["verdict"] == "drop"]
    packet = next(one for one in dropped if "R" not in str(one["flags"]))
    ends = f"src={packet['src']} dst={packet['dst']} sport={packet['sport']} dport={packet['dport']}"
    back = f"src={packet['dst']} dst={packet['src']} sport={packet['dport']} dport={packet['sport']}"
    (demo / "table.txt").write_text(f"tcp 6 3600 ESTABLISHED {ends} {back} [ASSURED] mark=0 use=1\n")
    after = records(invoke, "demo.pcap", "-r", "r.yaml", "--state-in", "table.txt")
    place = before.index(packet)
    assert (after[place]["verdict"], after[place]["ct_state"]) == ("accept", "established")


def test_the_text_is_read_again_and_the_json_is_deterministic(invoke: Invoke, demo: Path) -> None:
    command = ("replay", "demo.pcap", "-r", "demo.yaml", "-q")
    assert invoke(*command, "--state-out", "a.txt", "--state-format", "text").status == 0
    listed = invoke("conntrack", "demo.pcap", "-r", "demo.yaml")
    assert (demo / "a.txt").read_text() == "\n".join(listed.lines) + "\n"
    assert invoke(*command, "--state-in", "a.txt", "--state-out", "b.json").status == 0
    assert invoke(*command, "--state-in", "a.txt", "--state-out", "c.json").status == 0
    assert (demo / "b.json").read_bytes() == (demo / "c.json").read_bytes()


def test_a_ruleset_without_state_is_told(invoke: Invoke, demo: Path) -> None:
    (demo / "r.yaml").write_text("rules: []\npolicy: accept\n")
    (demo / "none.txt").write_text("")
    assert "asks for no state" in invoke("replay", "demo.pcap", "-r", "r.yaml", "-q", "--state-in", "none.txt").err


def test_what_does_not_go_together_is_refused(invoke: Invoke, demo: Path) -> None:
    (demo / "t.txt").write_text("")
    (demo / "bad.txt").write_text("tcp\n")
    command = ("replay", "demo.pcap", "-r", "demo.yaml")
    for more in (
        ("--state-format", "text"),
        ("--state-in", "t.txt", "--jobs", "2"),
        ("--state-in", "t.txt", "--state-out", "t.txt"),
        ("--state-out", "out", "-o", "out"),
        ("--state-in", "bad.txt"),
        ("--state-in", "missing"),
        ("--state-in", "t.txt", "--checkpoint", "point"),
    ):
        outcome = invoke(*command, *more)
        assert (outcome.status, outcome.out) == (2, ""), more


def test_a_connection_that_was_there_before_was_opened_by_no_frame(invoke: Invoke, demo: Path) -> None:
    ends = "src=10.1.0.77 dst=192.0.2.77 sport=1 dport=2"
    back = "src=192.0.2.77 dst=10.1.0.77 sport=2 dport=1"
    (demo / "table.txt").write_text(f"udp 17 3600 {ends} [UNREPLIED] {back} mark=0 use=1\n")
    outcome = invoke("replay", "demo.pcap", "-r", "demo.yaml", "--state-in", "table.txt", "--format", "json")
    (found,) = [one for one in json.loads(outcome.out)["connections"] if one["original"]["src"] == "10.1.0.77"]
    assert (found["opened_by"], found["last_seen_in"]) == (None, None)
