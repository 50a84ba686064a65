"""When a run goes over to compiled code, what is told, and what becomes of the process that compiles."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fwsim import compiling
from fwsim.compiling import BEGINNING, WORTH_LOADING, WORTH_LOADING_BYTES, Step, Switch
from fwsim.native import keeping

ROOT = Path(__file__).parent.parent.parent
WORTH_COMPILING = compiling.WORTH_COMPILING
"""As it is outside of tests (`conftest`)."""


@dataclass
class Stage:
    """A run's surroundings, with stand-ins for the process that compiles and for compiled code."""

    folder: Path
    cached: bool = False
    compiled: bool = False
    fails: bool = False
    lasting: bool = True
    to_come: int = 10**6
    size: int = 0
    said: list[Step] = field(default_factory=list)
    fates: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def switch(self) -> Switch:
        path = self.folder / "capture"
        path.write_bytes(bytes(self.size))
        stage = self

        class Captures:
            files = (type("File", (), {"path": str(path)}),)

            def estimate_remaining(self) -> int:
                return stage.to_come

        captures: Any = Captures()
        return Switch(captures, self.stop, self.said.append)

    def compile(self) -> None:
        self.compiled = True


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    set_up = Stage(tmp_path)

    class Child:
        def __init__(self, folder: Path) -> None:
            set_up.fates.append("started")
            self.folder = folder
            self.is_for_others = set_up.lasting

        def has_failed(self) -> bool:
            return set_up.fails

        def let_go(self) -> bool:
            set_up.fates.append("let go")
            return not keeping.is_complete(self.folder)

        def end(self) -> None:
            set_up.fates.append("ended")

    monkeypatch.setattr(compiling, "WORTH_COMPILING", WORTH_COMPILING)
    monkeypatch.setattr(compiling, "Child", Child)
    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(compiling, "is_cached", lambda: set_up.cached)
    monkeypatch.setattr(compiling, "is_compiled", lambda: set_up.compiled)
    monkeypatch.setattr(compiling, "may_be_compiled", lambda: True)
    monkeypatch.setattr(compiling, "compile_engine", set_up.compile)
    return set_up


def test_a_run_goes_over_when_the_other_process_is_done(stage: Stage) -> None:
    with stage.switch() as switch:
        assert [switch.compiled(packets) for packets in (0, 500, BEGINNING, 2000)] == [False] * 4
        assert (stage.said, stage.fates) == ([Step.BEGUN], ["started"])
        keeping.complete(stage.folder)
        assert switch.compiled(3000)
        assert switch.compiled(4000)
    assert stage.said == [Step.BEGUN, Step.USED]


def test_compiling_is_begun_for_big_captures_only(stage: Stage) -> None:
    stage.to_come = 1000
    with stage.switch() as switch:
        assert not switch.compiled(BEGINNING)
    assert (stage.said, stage.fates) == ([], [])


@pytest.mark.parametrize(
    ("packets", "size", "to_come", "goes_over"),
    [
        (0, WORTH_LOADING_BYTES, 0, True),
        (0, WORTH_LOADING_BYTES - 1, 10**6, False),
        (1, 0, WORTH_LOADING, True),
        (1, 10**6, WORTH_LOADING - 1, False),
    ],
)
def test_compiled_code_that_is_there_is_used_where_it_pays(
    stage: Stage, packets: int, size: int, to_come: int, goes_over: bool
) -> None:
    stage.cached, stage.size, stage.to_come = True, size, to_come
    with stage.switch() as switch:
        assert switch.compiled(packets) is goes_over
    assert stage.said == []


def test_a_run_that_ends_before_lets_compiling_go_on(stage: Stage) -> None:
    with stage.switch() as switch:
        switch.compiled(BEGINNING)
    assert stage.fates == ["started", "let go"]
    assert stage.said == [Step.BEGUN, Step.LEFT]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, GeneratorExit, BrokenPipeError])
def test_a_run_that_is_broken_off_leaves_no_process(stage: Stage, interruption: type[BaseException]) -> None:
    def run() -> None:
        with stage.switch() as switch:
            switch.compiled(BEGINNING)
            raise interruption

    with pytest.raises(interruption):
        run()
    assert stage.fates == ["started", "ended"]
    assert stage.said == [Step.BEGUN]


def test_a_run_that_is_stopped_leaves_no_process(stage: Stage) -> None:
    with stage.switch() as switch:
        switch.compiled(BEGINNING)
        stage.stop.set()
    assert stage.fates == ["started", "ended"]


def test_what_nobody_else_will_find_is_compiled_no_longer_than_the_run(stage: Stage) -> None:
    stage.lasting = False
    with stage.switch() as switch:
        switch.compiled(BEGINNING)
    assert stage.fates == ["started", "ended"]


def test_if_compiling_fails_the_run_goes_on_uncompiled_and_does_not_try_again(stage: Stage) -> None:
    with stage.switch() as switch:
        switch.compiled(BEGINNING)
        stage.fails = True
        assert not any(switch.compiled(packets) for packets in (2000, 3000))
    assert stage.said == [Step.BEGUN, Step.FAILED]
    assert stage.fates == ["started"]


def test_where_compiling_is_forbidden_nothing_is_begun(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "may_be_compiled", lambda: False)
    with stage.switch() as switch:
        assert not switch.compiled(BEGINNING)
    assert stage.fates == []


FIRST_RUN = """
import sys
import numpy as np
from fwsim import compiling, engine
from fwsim.capture import Input, open_captures
from fwsim.result import compare

compiling.WORTH_COMPILING = 1

ROWS = 7000

def first_rows(said):
    # the first rows of all tables (chunks differ in length), and how many packets were decided uncompiled
    result = compare(open_captures([Input(sys.argv[1])] * 10_000), sys.argv[2], key=1)
    result.on_compiling = said.append
    kept, uncompiled, compiled = [], 0, 0
    for batch in result:
        if sum(len(tables[0]) for tables in kept) < ROWS:
            kept.append([table.copy() for table in (batch.frames, batch.packets, batch.stateless, batch.stateful)])
        if engine.is_compiled():
            compiled += len(batch)
        else:
            uncompiled += len(batch)
        if compiled > 2 * ROWS:
            break
    return [np.concatenate(tables)[:ROWS].tobytes() for tables in zip(*kept)], uncompiled

said, again = [], []
first, uncompiled = first_rows(said)
assert said == [compiling.Step.BEGUN, compiling.Step.USED], said
assert uncompiled > 0 and "numba" not in sys.modules
second, none = first_rows(again)
assert again == [] and none == 0
assert first == second
for entry in engine.entry_names():
    assert list(engine.cache_folder().glob(f"*.{entry}-*.o")), entry
print(uncompiled)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="NUMBA_DISABLE_JIT is set")
def test_a_first_run_is_compiled_on_its_way_and_decides_as_one_that_is_from_its_start(tmp_path: Path) -> None:
    """With the process that compiles as it is; the first packets of both runs are the same."""
    inputs = [str(ROOT / "pcaps" / "office.pcapng"), str(ROOT / "rulesets" / "office.yaml")]
    command = [sys.executable, "-c", FIRST_RUN, *inputs]
    environment = {**os.environ, "FWSIM_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= BEGINNING
