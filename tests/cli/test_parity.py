"""`fwsim parity`: agreement, a difference told, explained and shrunk, and bad requests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fwsim.capture import Input, open_captures
from fwsim.errors import KernelError
from fwsim.kernel import KernelFirewall
from fwsim.parity.frozen import rewritten
from fwsim.ruleset import Rule, Ruleset
from tests.cli.conftest import Invoke
from tests.kernel_stage import needs_kernel


@pytest.fixture
def kernel() -> None:
    """Skip where the kernel cannot be used."""
    needs_kernel()


@pytest.fixture
def stricter_kernel(kernel: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that filters by other rules: it refuses what the rule `replies` of the demo lets through."""

    answers = Ruleset.model_validate({"rules": [{"ct_direction": "reply"}]}).rules[0].ct_direction

    def stricter(rule: Rule) -> Rule:
        return rule.model_copy(update={"ct_direction": answers}) if rule.name == "replies" else rule

    def other(ruleset: Ruleset, **options: Any) -> KernelFirewall:
        return KernelFirewall(rewritten(ruleset, stricter), **options)

    monkeypatch.setattr("fwsim.cli.judging.KernelFirewall", other)


@pytest.mark.kernel
def test_both_firewalls_agree_about_the_demo(kernel: None, invoke: Invoke, demo: Path) -> None:
    outcome = invoke("parity", "demo.pcap", "-r", "demo.yaml")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.lines[0].startswith("fwsim ")
    assert "No difference in 16 packets." in outcome.lines


@pytest.mark.kernel
def test_both_firewalls_agree_with_several_shards_too(kernel: None, invoke: Invoke, demo: Path) -> None:
    outcome = invoke("parity", "demo.pcap", "-r", "demo.yaml", "--jobs", "2")
    assert (outcome.status, outcome.err) == (0, "")
    assert "No difference in 16 packets." in outcome.lines


@pytest.mark.kernel
def test_a_difference_is_told_and_explained_with_status_1(stricter_kernel: None, invoke: Invoke, demo: Path) -> None:
    outcome = invoke("parity", "demo.pcap", "-r", "demo.yaml")
    assert outcome.status == 1
    assert any(line.startswith("packet ") and "demo.pcap" in line for line in outcome.lines)
    assert any(line.startswith("  kernel     drop") for line in outcome.lines)
    assert "    STATEFUL  accept" in outcome.out


@pytest.mark.kernel
def test_a_differing_capture_is_shrunk_to_what_is_needed(stricter_kernel: None, invoke: Invoke, demo: Path) -> None:
    outcome = invoke("parity", "demo.pcap", "-r", "demo.yaml", "--shrink", "least.pcapng")
    assert outcome.status == 1
    (chunk,) = open_captures([Input(str(demo / "least.pcapng"))], digest=False)
    assert chunk.packets["flags"].tolist() == [0x02, 0x12, 0x10]  # the last is no answer, so the kernel refuses it
    assert "3 packets that still differ: least.pcapng" in outcome.out


@pytest.mark.kernel
def test_fuzzed_traffic_agrees(kernel: None, invoke: Invoke) -> None:
    outcome = invoke("parity", "--fuzz", "0.01", "--seed", "5")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.lines[-1].startswith("No difference in 20,0")


@pytest.mark.kernel
def test_spoiled_captures_agree(kernel: None, invoke: Invoke, demo: Path) -> None:
    outcome = invoke("parity", "demo.pcap", "-r", "demo.yaml", "--fuzz", "0.5", "--seed", "3")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.lines[-1].startswith("No difference in ")


@pytest.mark.kernel
def test_fuzzed_traffic_meets_the_ruleset_given(kernel: None, invoke: Invoke, demo: Path) -> None:
    outcome = invoke("parity", "--fuzz", "0.01", "-r", "demo.yaml")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.lines[-1].startswith("No difference in 20,0")


def test_fuzzing_takes_no_real_time(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("parity", "demo.pcap", "--fuzz", "1", "--real-time", "2")
    assert outcome.status == 2
    assert outcome.err == "error: --real-time is for captures as they were taken: expected no --fuzz\n"


def test_a_kernel_that_cannot_be_used_is_status_3(invoke: Invoke, demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(self: KernelFirewall) -> None:
        raise KernelError("unshare(CLONE_NEWNET): Operation not permitted")

    monkeypatch.setattr(KernelFirewall, "__enter__", forbidden)
    outcome = invoke("parity", "demo.pcap", "-r", "demo.yaml")
    assert (outcome.status, outcome.err) == (3, "error: unshare(CLONE_NEWNET): Operation not permitted\n")


@pytest.mark.parametrize("option", ["--fuzz", "--real-time"])
@pytest.mark.parametrize("value", ["nan", "inf", "0", "-1"])
def test_times_are_finite_and_positive(invoke: Invoke, option: str, value: str) -> None:
    outcome = invoke("parity", "x.pcap", option, value)
    assert outcome.status == 2
    assert outcome.err.startswith(f"error: invalid value for '{option}'")


def test_rules_of_the_stateless_mode_are_refused(invoke: Invoke, demo: Path) -> None:
    outcome = invoke("parity", "demo.pcap", "-r", "demo.yaml", "--stateless-rules", "demo.yaml")
    assert outcome.status == 2
    assert outcome.err == "error: parity runs the stateful mode alone: expected no --stateless-rules\n"


@pytest.mark.kernel
def test_packets_are_made_from_the_rules(kernel: None, invoke: Invoke, demo: Path) -> None:
    outcome = invoke("parity", "--from-rules", "60", "-r", "demo.yaml", "--seed", "5")
    assert (outcome.status, outcome.err) == (0, "")
    assert "No difference in 60 packets." in outcome.lines


@pytest.mark.kernel
def test_a_difference_about_packets_made_from_rules_is_kept_with_the_topology_that_was_made_up(
    kernel: None, invoke: Invoke, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    udp = Ruleset.model_validate({"rules": [{"proto": "udp"}]}).rules[0].proto

    def other(ruleset: Ruleset, **options: Any) -> KernelFirewall:
        return KernelFirewall(rewritten(ruleset, lambda rule: rule.model_copy(update={"proto": udp})), **options)

    monkeypatch.setattr("fwsim.cli.judging.KernelFirewall", other)
    (demo / "plain.yaml").write_text("policy: drop\nrules:\n  - {iif: eth7, proto: tcp, verdict: accept}\n")
    outcome = invoke("parity", "--from-rules", "40", "-r", "plain.yaml", "--shrink", "least.pcapng")
    assert outcome.status == 1
    assert "1 packets that still differ: least.pcapng" in outcome.out
    (kept,) = [line for line in outcome.lines if line.startswith("Kept: from-rules-0.pcapng")]
    assert "--interface eth7=198.18.0.0/24" in kept
    assert "--local 198.18.0.254" in kept
    assert (demo / "from-rules-0.pcapng").exists()


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--from-rules", "5"], "expected one with -r"),
        (["demo.pcap", "--from-rules", "5", "-r", "demo.yaml"], "expected no captures with it"),
        (["--from-rules", "5", "--fuzz", "1", "-r", "demo.yaml"], "expected neither --fuzz nor --real-time"),
        (["--from-rules", "0", "-r", "demo.yaml"], "0"),
    ],
)
def test_packets_from_rules_are_asked_for_by_themselves(
    invoke: Invoke, demo: Path, arguments: list[str], wanted: str
) -> None:
    outcome = invoke("parity", *arguments)
    assert outcome.status == 2
    assert wanted in outcome.err


@pytest.mark.parametrize("options", [["--nat"], ["--packets", "5"]])
def test_what_traffic_is_made_is_said_only_where_it_is_made(invoke: Invoke, demo: Path, options: list[str]) -> None:
    outcome = invoke("parity", "demo.pcap", "-r", "demo.yaml", *options)
    assert outcome.status == 2
    assert "expected --fuzz with them" in outcome.err


@pytest.mark.kernel
def test_fuzzing_ends_after_so_many_packets(kernel: None, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fwsim.cli.rounds.ROUND", 100)
    outcome = invoke("parity", "--fuzz", "600", "--packets", "150", "--seed", "1")
    assert (outcome.status, outcome.err) == (0, "")
    assert any(line.startswith("No difference in 2") for line in outcome.lines)
