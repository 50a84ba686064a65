"""The process in the namespace, without one: what it answers, and when it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from multiprocessing import Pipe
from typing import Any

import pytest

from fwsim.errors import KernelError, UsageError
from fwsim.kernel import worker
from fwsim.kernel.orders import Plan, Play, Refused

PLAN = Plan((), (), (), (), False)


@pytest.mark.parametrize(
    ("error", "kernel"),
    [(KernelError("forbidden"), True), (UsageError("wrong"), False), (OSError(19, "No such device"), True)],
)
def test_a_mistake_is_answered_and_the_end_of_the_pipe_ends(
    monkeypatch: pytest.MonkeyPatch, error: Exception, kernel: bool
) -> None:
    def build(plan: Plan, pause: Callable[[float], None]) -> Any:
        raise error

    monkeypatch.setattr(worker, "Worker", build)
    ours, theirs = Pipe()
    ours.send(PLAN)
    answers: list[Any] = []

    def ask() -> None:
        answers.append(ours.recv())
        ours.close()

    thread = threading.Thread(target=ask)
    thread.start()
    with pytest.raises(EOFError):
        worker.serve(theirs)
    thread.join()
    theirs.close()
    (answer,) = answers
    assert isinstance(answer, Refused)
    assert answer.what.endswith(str(error))
    assert answer.kernel == kernel


def test_a_worker_that_waits_ends_when_nobody_asks_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    class Waiting:
        def __init__(self, plan: Plan, pause: Callable[[float], None]) -> None:
            self.play = lambda request: pause(60)

    monkeypatch.setattr(worker, "Worker", Waiting)
    ours, theirs = Pipe()
    ours.send(PLAN)
    ours.send(Play([]))

    def leave() -> None:
        ours.recv()
        ours.close()

    threading.Thread(target=leave).start()
    begun = time.monotonic()
    with pytest.raises(EOFError):
        worker.serve(theirs)
    assert time.monotonic() - begun < 30
