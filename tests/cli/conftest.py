"""The command line in the test's own process, and the demo's capture and ruleset as files."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fwsim.cli import run
from fwsim.cli.demo_story import RULESET, capture, scenes

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """Standard output by lines."""
        return self.out.splitlines()


Invoke = Callable[..., Outcome]


@pytest.fixture
def invoke(capsys: pytest.CaptureFixture[str]) -> Invoke:
    """Run a command in this process."""

    def call(*arguments: object) -> Outcome:
        status = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return call


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, made the current one, with `demo.pcap` (the 16 packets of `fwsim demo`) and `demo.yaml`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo.pcap").write_bytes(capture(scenes()))
    (tmp_path / "demo.yaml").write_text(RULESET)
    return tmp_path


@dataclass(frozen=True)
class Annotated:
    """`pcaps/office.pcapng`, annotated, and the same decisions as JSON lines tell them."""

    capture: Path
    frames: list[dict[str, Any]]


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Annotated:
    """The whole capture, both modes: two seconds, which several tests share."""
    folder = tmp_path_factory.mktemp("office")
    given = ["compare", str(ROOT / "pcaps" / "office.pcapng"), "-r", str(ROOT / "rulesets" / "office.yaml")]
    told, capture = folder / "office.jsonl", folder / "annotated.pcapng"
    assert run([*given, "--format", "jsonl", "-o", str(told), "-w", str(capture), "--annotate"]) == 0
    return Annotated(capture, [json.loads(line) for line in told.read_text().splitlines()])


def process(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    """The command line in a process of its own, for what concerns processes: pipes, signals, what is loaded."""
    command = [sys.executable, "-m", "fwsim", *arguments]
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(command, **given)  # type: ignore[call-overload, no-any-return]


def heed_interrupts() -> None:
    """Undo what a test run in the background of a script hands down to its children: that SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
