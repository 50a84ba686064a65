"""The worker as seen from outside; with a stand-in where it needs no kernel."""

from __future__ import annotations

import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

import fwsim
from fwsim.errors import KernelError, UsageError
from fwsim.kernel.orders import Refused
from fwsim.kernel.process import Process, surroundings


def stand_in(*answers: object) -> Process:
    """A process whose worker has answered already, and ended."""
    process = Process.__new__(Process)
    process.pipe, theirs = Pipe()
    for answer in answers:
        theirs.send(answer)
    theirs.close()
    process.worker = subprocess.Popen([sys.executable, "-c", "raise SystemExit(7)"])
    return process


@pytest.mark.parametrize(("kernel", "error"), [(True, KernelError), (False, UsageError)])
def test_a_refusal_is_raised_as_what_it_is(kernel: bool, error: type[Exception]) -> None:
    process = stand_in(Refused("it says no", kernel))
    with pytest.raises(error, match="it says no"):
        process.answer()
    process.close()


def test_a_worker_that_has_gone_is_told_with_its_status() -> None:
    process = stand_in()
    for ask in (process.answer, lambda: process.ask(None)):
        with pytest.raises(KernelError, match=r"has ended \(status 7\)"):
            ask()
    process.close()


def test_an_answer_is_handed_on() -> None:
    process = stand_in({"a": 1})
    found: Any = process.answer()
    process.close()
    assert found == {"a": 1}


def test_the_worker_finds_the_same_fwsim(monkeypatch: pytest.MonkeyPatch) -> None:
    home = str(Path(fwsim.__file__).parent.parent)
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert surroundings()["PYTHONPATH"] == f"{home}:/elsewhere"
    monkeypatch.delenv("PYTHONPATH")
    assert surroundings()["PYTHONPATH"] == home
