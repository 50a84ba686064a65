"""Captures and fuzzed traffic: the simulator decides about every packet as Linux does, live and as recorded."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from fwsim.kernel import KernelFirewall
from fwsim.parity import Comparison
from fwsim.simulator import Simulator
from tests.examples import RULESETS as EXAMPLES
from tests.kernel_stage import needs_kernel
from tests.parity import cases
from tests.parity.cases import CAPTURED, FUZZED, FUZZED_AT_LENGTH, PCAPS, RECORDED, RULESETS, Case, compared
from tests.parity.recording import FOLDER, RecordedFirewall, Recorder, StaleError, key_of, path_of, stored


def told(comparison: Comparison) -> list[str]:
    """The first differences, shortly."""
    return [f"{one.number}: {one.fields} {one.ours} {one.theirs} {one.words}" for one in comparison.differences]


def live(case: Case, folder: Path, *, record: bool) -> Comparison:
    """The case in the kernel that runs here."""
    simulator = Simulator(case.ruleset(), key=4711)
    with KernelFirewall(case.ruleset(), topology=simulator.topology) as kernel:
        recorder = Recorder(kernel, kernel.lowered)
        comparison = compared(case.source.captures(folder), simulator, recorder)
    if record:
        recorder.save(case)
    return comparison


def recorded(case: Case, folder: Path, *, jobs: int = 1) -> Comparison:
    """The case as a kernel once decided it."""
    simulator = Simulator(case.ruleset(), key=4711, jobs=jobs)
    firewall = RecordedFirewall(case, simulator.lowered["stateful"])
    comparison = compared(case.source.captures(folder), simulator, firewall)
    firewall.finish()
    return comparison


@pytest.mark.kernel
@pytest.mark.parametrize("case", CAPTURED + FUZZED, ids=lambda case: f"live-{case}")
def test_the_running_kernel_decides_alike(case: Case, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    needs_kernel()
    record = request.config.getoption("--record-kernel") and case in RECORDED
    comparison = live(case, tmp_path, record=record)
    assert told(comparison) == []
    assert comparison.compared.total() > 0


@pytest.mark.parametrize("case", RECORDED[::3], ids=lambda case: f"recorded-{case}")
def test_the_recorded_kernel_decided_as_two_shards_do(case: Case, tmp_path: Path) -> None:
    """A part of the cases: that shards decide as one process does is a law of its own (tests/properties)."""
    comparison = recorded(case, tmp_path, jobs=2)
    assert told(comparison) == []
    assert comparison.compared.total() > 0


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: f"recorded-{case}")
def test_the_recorded_kernel_decided_alike(case: Case, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--record-kernel") and case in FUZZED_AT_LENGTH:
        live(case, tmp_path, record=True)
    comparison = recorded(case, tmp_path)
    assert told(comparison) == []
    assert comparison.compared.total() > 0


def test_every_capture_and_every_ruleset_is_compared() -> None:
    assert {case.source.name for case in CAPTURED} == {path.name for path in PCAPS.glob("*.pcap*")}
    assert {case.rules for case in CAPTURED} == RULESETS.keys()
    assert RULESETS.keys() - {cases.EVERY} == {path.stem for path in EXAMPLES}


def test_nothing_is_recorded_that_is_not_compared() -> None:
    kept = {(path.name, key) for path in FOLDER.glob("*.json") for key in stored(path)}
    assert kept == {(path_of(case).name, key_of(case)) for case in RECORDED}


HANDSHAKE = next(case for case in CAPTURED if (case.source.name, case.settings) == ("handshake.pcapng", "strict"))


def test_answers_to_other_packets_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cases.Source, "digest", lambda self: "another")
    with pytest.raises(StaleError, match=r"packets are not those .* record anew"):
        recorded(HANDSHAKE, tmp_path)


def test_answers_by_another_ruleset_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(cases.SETTINGS, "strict", {"conntrack.tcp_loose": "1"})
    with pytest.raises(StaleError, match=r"ruleset is not the one .* record anew"):
        recorded(HANDSHAKE, tmp_path)


def test_answers_to_fewer_or_more_packets_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(cases.LIMITS, "handshake.pcapng", 5)
    with pytest.raises(StaleError, match="answers for 7 frames, but there are 5"):
        recorded(HANDSHAKE, tmp_path)
    longer = dataclasses.replace(HANDSHAKE, source=cases.Source("midstream.pcapng"))
    monkeypatch.setattr("tests.parity.recording.path_of", lambda case: FOLDER / "handshake.pcapng.json")
    monkeypatch.setattr(
        cases.Source, "digest", lambda self: stored(FOLDER / "handshake.pcapng.json")[key_of(HANDSHAKE)]["packets"]
    )
    with pytest.raises(StaleError, match="answers for 7 frames only"):
        recorded(longer, tmp_path)


def test_a_recorded_answer_that_differs_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told = stored(path_of(HANDSHAKE))[key_of(HANDSHAKE)]
    other = "".join(next(letter for letter in told["legend"] if letter != said) for said in told["frames"][0])
    monkeypatch.setattr("tests.parity.recording.stored", lambda path: {key_of(HANDSHAKE): {**told, "frames": [other]}})
    assert recorded(HANDSHAKE, tmp_path).differing.total() == 7
