"""Fuzzed traffic: reproducible, well-formed where it means to be, and of every kind."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.capture.crafting import Ip
from fwsim.fuzz import traffic
from fwsim.fuzz.captured import write_arrivals, write_traffic
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.parity import frozen
from fwsim.result import Result
from fwsim.ruleset import load_ruleset
from fwsim.simulator import Simulator
from fwsim.terms import Hook, Reason, Verdict

JUDGING = ("TCP_", "UDP_", "ICMP_", "SCTP_", "GRE_", "HELPER_", "EXPECTED", "UNTRACKED_ND", "UDPLITE_")
"""How the names of reasons begin that tracking itself has."""


def test_the_same_seed_gives_the_same_capture() -> None:
    captures = [io.BytesIO(), io.BytesIO(), io.BytesIO()]
    for capture, seed in zip(captures, (1, 1, 2), strict=True):
        write_traffic(capture, seed, 500)
    assert captures[0].getvalue() == captures[1].getvalue() != captures[2].getvalue()


def test_at_least_the_wanted_packets_come() -> None:
    assert 300 <= sum(1 for _ in traffic(3, 300)) < 320


@pytest.fixture(scope="module")
def reasons(tmp_path_factory: pytest.TempPathFactory) -> tuple[Counter[Reason], Counter[Verdict], Counter[str]]:
    """What the simulator says of 16,000 packets: reasons, verdicts, and the rules that decided."""
    path = tmp_path_factory.mktemp("fuzz") / "fuzz.pcapng"
    write_traffic(str(path), "coverage", 16_000)
    simulator = Simulator(load_ruleset(io.StringIO(EVERY_STATE)))
    captures = open_captures([Input(str(path))], digest=False)
    why: Counter[Reason] = Counter()
    verdicts: Counter[Verdict] = Counter()
    rules: Counter[str] = Counter()
    names = simulator.lowered["stateful"].rules
    for batch in Result(frozen(captures), simulator):
        why.update(Reason(reason) for reason in batch.stateful["reason"].tolist())
        verdicts.update(Verdict(verdict) for verdict in batch.stateful["verdict"].tolist())
        rules.update(names[rule].label for rule in batch.stateful["rule"].tolist() if rule >= 0)
        read = batch.frames["reason"] == 0
        assert set(batch.packets["hook"][read].tolist()) == {Hook.FORWARD}
    return why, verdicts, rules


def test_every_way_in_which_tracking_judges_is_met(reasons: tuple[Counter[Reason], object, object]) -> None:
    judged = [reason for reason in Reason if reason.name.startswith(JUDGING) and not reason.name.endswith("_TWIN")]
    elsewhere = {Reason.TCP_NO_PICKUP, Reason.ICMP_REDIRECT_NOT_LOCAL}  # another setting; hosts on the link
    assert [reason.name for reason in judged if not reasons[0][reason] and reason not in elsewhere] == []


def test_every_rule_of_its_own_ruleset_decides(reasons: tuple[object, object, Counter[str]]) -> None:
    assert set(reasons[2]) == {
        "refused", "new", "established", "established reply", "related", "related reply", "invalid", "untracked",
    }  # fmt: skip


def test_most_packets_go_through_and_some_are_refused(reasons: tuple[object, Counter[Verdict], object]) -> None:
    assert reasons[1][Verdict.ACCEPT] > 8 * reasons[1][Verdict.DROP] > 0


def test_packets_that_arrive_are_written_on_their_interfaces(tmp_path: Path) -> None:
    capture = str(tmp_path / "arrivals.pcapng")
    packets = [
        ("dmz", Ip("10.0.0.1", "10.0.0.2", 17, bytes(8)).encode()),
        ("lan", Ip("::1", "::2", 17, bytes(8)).encode()),
    ]
    assert write_arrivals(capture, packets, ("lan", "dmz")) == 2
    captures = open_captures([Input(capture)], digest=False)
    (chunk,) = captures
    names = [captures.interfaces[number].name for number in chunk.frames["capture_interface"].tolist()]
    assert names == ["dmz", "lan"]
    assert chunk.packets["family"].tolist() == [4, 6]
