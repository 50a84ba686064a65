"""The rounds of `fwsim parity`, and how a difference is shrunk, with a firewall of the test's own as the other one."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

from fwsim.capture import CaptureWriter, Input, open_captures
from fwsim.capture.crafting import UDP, Ip, ethernet
from fwsim.cli.judging import Request, judge
from fwsim.cli.options import InputOptions
from fwsim.errors import UsageError
from fwsim.fuzz.captured import write_traffic
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.kernel import Answer
from fwsim.simulator import Batch
from fwsim.terms import Verdict

NOTHING = InputOptions(
    captures=(), named=(), rules=None, stateless_rules=None, interfaces={}, local=(), settings={}, sysctl=None,
    checksum="auto", count=None, seed=None,
)  # fmt: skip


class Contrary:
    """A firewall that decides as the simulator does, but drops what goes to port 443 from port 1030 on."""

    notes: tuple[str, ...] = ()

    def __init__(self, *_: object, **__: object) -> None:
        """As `KernelFirewall`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Nothing was built."""

    def answer(self, batch: Batch, /) -> Answer:
        decisions = batch.stateful.copy()
        there = (batch.packets["dport"] == 443) & (batch.packets["sport"] >= 1030)
        decisions["verdict"][there & (decisions["verdict"] == Verdict.ACCEPT)] = Verdict.DROP
        return Answer(decisions)


def request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Request:
    """A request about 400 packets, with a contrary kernel."""
    monkeypatch.setattr("fwsim.cli.judging.KernelFirewall", Contrary)
    write_traffic(str(tmp_path / "x.pcapng"), 1, 400)
    (tmp_path / "x.yaml").write_text(EVERY_STATE)
    given = {"captures": (str(tmp_path / "x.pcapng"),), "rules": str(tmp_path / "x.yaml")}
    values = {field: getattr(NOTHING, field) for field in NOTHING.__dataclass_fields__}
    return Request(InputOptions(**{**values, **given}), None, options.get("shrink"), 0.0)


def test_differences_are_told_and_the_status_is_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    assert judge(request(tmp_path, monkeypatch), out) == 1
    assert out.getvalue().count("\npacket ") == 10
    assert out.getvalue().count("STATEFUL  accept") == 3
    assert " differ." in out.getvalue().splitlines()[-1]


def test_a_single_packet_is_left_of_a_difference_that_needs_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    least = str(tmp_path / "least.pcapng")
    judge(request(tmp_path, monkeypatch, shrink=least), io.StringIO())
    (chunk,) = open_captures([Input(least)], digest=False)
    assert chunk.packets["dport"].tolist() == [443]


def test_fuzzed_traffic_has_no_real_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = request(tmp_path, monkeypatch)
    with pytest.raises(UsageError, match="--real-time is for captures as they were taken: expected no --fuzz"):
        judge(Request(asked.inputs, 1.0, None, 2.0), io.StringIO())


def test_captures_are_spoiled_until_a_round_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked = request(tmp_path, monkeypatch)
    out = io.StringIO()
    assert judge(Request(asked.inputs, 60.0, None, 0.0), out) == 1
    assert "spoiled-0-0.pcapng" in out.getvalue()


def test_a_made_capture_that_differs_is_kept_and_differs_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fwsim.cli.judging.KernelFirewall", Contrary)
    monkeypatch.setattr("fwsim.cli.rounds.ROUND", 400)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fuzz-0-0.pcapng").write_text("of before")
    out = io.StringIO()
    assert judge(Request(NOTHING, 60.0, None, 0.0), out) == 1
    kept = "fuzz-0-0-2.pcapng"
    assert f"Kept: {kept} and every-state.yaml." in out.getvalue()
    assert f": fwsim parity {kept} -r every-state.yaml\n" in out.getvalue()
    first, *_ = [line for line in out.getvalue().splitlines() if line.startswith("packet ")]
    assert f" of {kept} (" in first
    again = io.StringIO()
    assert judge(Request(replace(NOTHING, captures=(kept,), rules="every-state.yaml"), None, None, 0.0), again) == 1
    assert first in again.getvalue()
    assert "Kept" not in again.getvalue()
    assert (tmp_path / "fuzz-0-0.pcapng").read_text() == "of before"


def test_explanations_have_the_timeouts_of_the_ruleset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    judge(request(tmp_path, monkeypatch), out)
    left = {int(seconds) for seconds in re.findall(r"(\d+) s left", out.getvalue())}
    assert left
    assert left <= {10, 30, 60, 120, 180, 210, 300, 600, 432000}


def test_what_the_simulator_does_not_know_is_status_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = request(tmp_path, monkeypatch)
    with CaptureWriter(str(tmp_path / "cut.pcapng")) as writer:
        number = writer.interface("lan", 1)
        frame = ethernet(bytes(6), bytes(6), Ip("10.1.0.11", "198.51.100.21", UDP, bytes(8)).encode())
        writer.packet(frame[:34], 0, interface=number, length=len(frame))
    out = io.StringIO()
    inputs = replace(asked.inputs, captures=(str(tmp_path / "cut.pcapng"),))
    assert judge(replace(asked, inputs=inputs), out) == 3
    assert out.getvalue().endswith("No difference in 1 packet. Of 1 packet the simulator does not know the answer.\n")


def test_standard_input_cannot_be_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = request(tmp_path, monkeypatch)
    with pytest.raises(UsageError, match="expected a file, not standard input"):
        judge(replace(asked, inputs=replace(asked.inputs, captures=("-",))), io.StringIO())


def test_what_does_not_differ_by_itself_is_not_said_to_be_shrunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    least = tmp_path / "least.pcapng"
    asked = request(tmp_path, monkeypatch, shrink=str(least))
    out = io.StringIO()
    monkeypatch.setattr("fwsim.cli.judging.records", lambda captures, behind: [])
    judge(asked, out)
    assert "nothing was shrunk" in out.getvalue()
    assert not least.exists()
