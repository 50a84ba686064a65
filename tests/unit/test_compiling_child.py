"""The process that compiles: it ends with the run, or goes on alone; it holds no streams; one compiles for all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fwsim.compiling import child
from fwsim.compiling.child import Child
from fwsim.native import keeping

WATCHED = """
import sys, threading, time
from pathlib import Path
from fwsim.compiler.__main__ import watch
folder = Path(sys.argv[1])
threading.Thread(target=watch, daemon=True).start()
(folder / "began").touch()
while not (folder / "enough").exists():
    time.sleep(0.01)
print("nobody reads this")
(folder / "ended").touch()
"""
"""Stands in for the process that compiles; it goes on until there is a file `enough`."""

STARTED = """
import os, sys, time
from pathlib import Path
from fwsim.compiling import child
child.COMMAND = ("-c", sys.argv[1], sys.argv[2])
started = child.Child(Path(sys.argv[2]))
print(started._process.pid, flush=True)
if sys.argv[3] == "let go":
    assert started.let_go()
else:
    time.sleep(1000)
"""
"""A process that has one started."""

MAIN = """
import os, sys, time
from pathlib import Path
from fwsim.compiler import __main__ as compiling
def make():
    folder = compiling.cache_folder()
    with open(folder / "made", "a") as file:
        file.write("x")
    (folder / f"half.{os.getpid()}.unfinished").touch()
    if sys.argv[1] == "killed":
        print("making", flush=True)
        time.sleep(1000)
    time.sleep(0.5)
compiling.make = make
compiling.main()
"""


def until(happened: Callable[[], bool]) -> None:
    """Wait for something that must happen."""
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that a stand-in works in, which ends with the test."""
    place = tmp_path / "cache" / "fwsim" / "0123456789abcdef"
    place.mkdir(parents=True)
    monkeypatch.setattr(child, "COMMAND", ("-c", WATCHED, str(place)))
    yield place
    (place / "enough").touch()


def test_a_child_that_is_ended_is_gone(folder: Path) -> None:
    started = Child(folder)
    pid = started._process.pid
    assert is_alive(pid)
    assert not started.has_failed()
    started.end()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_child_that_is_let_go_finishes(folder: Path) -> None:
    started = Child(folder)
    assert started.let_go()
    assert not (folder / "ended").exists()
    (folder / "enough").touch()
    until((folder / "ended").exists)


def test_a_child_that_has_ended_need_not_be_let_go(folder: Path) -> None:
    (folder / "enough").touch()
    started = Child(folder)
    until(lambda: started._process.poll() is not None)
    assert not started.let_go()
    assert not started.has_failed()


def test_a_child_that_fails_leaves_word_why(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "COMMAND", ("-c", "raise SystemExit('no reason')"))
    started = Child(folder)
    until(started.has_failed)
    assert (folder / child.LOG).read_text() == "no reason\n"
    started.end()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_a_child_does_not_outlive_a_process_that_is_killed(folder: Path) -> None:
    command = [sys.executable, "-c", STARTED, WATCHED, str(folder), "wait"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        until((folder / "began").exists)
        assert is_alive(pid)
        process.kill()
    until(lambda: not is_alive(pid))
    assert not (folder / "ended").exists()


@pytest.mark.parametrize("warned", [(), ("-W", "error")])
def test_a_child_that_is_let_go_holds_no_stream_open(folder: Path, warned: tuple[str, ...]) -> None:
    command = [sys.executable, *warned, "-c", STARTED, WATCHED, str(folder), "let go"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""
    assert not (folder / "ended").exists()
    (folder / "enough").touch()
    until((folder / "ended").exists)


def test_it_finds_the_package_and_the_folder_of_who_started_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import os, fwsim; open(os.environ['FWSIM_CACHE_DIR'] + '/found', 'w').write(fwsim.__file__)"
    monkeypatch.setattr(child, "COMMAND", ("-P", "-c", code))
    started = Child(folder)
    found = folder.parent.parent / "found"
    until(lambda: started._process.poll() is not None)
    assert Path(found.read_text()).parent == Path(child.__file__).parent.parent
    started.end()


# --- what runs in it -------------------------------------------------------------------------------------------


def main(tmp_path: Path, how: str) -> subprocess.Popen[str]:
    """The program, with a stand-in for compiling."""
    environment = {**os.environ, "FWSIM_CACHE_DIR": str(tmp_path)}
    return subprocess.Popen([sys.executable, "-c", MAIN, how], env=environment, stdout=subprocess.PIPE, text=True)


def made_in(tmp_path: Path) -> Path:
    """The folder that was made."""
    (folder,) = (tmp_path / "fwsim").iterdir()
    return folder


def test_of_two_started_at_once_one_compiles(tmp_path: Path) -> None:
    with main(tmp_path, "whole") as one, main(tmp_path, "whole") as other:
        assert one.wait(60) == other.wait(60) == 0
    assert (made_in(tmp_path) / "made").read_text() == "x"
    assert keeping.is_complete(made_in(tmp_path))


def test_after_one_that_was_killed_the_next_one_compiles(tmp_path: Path) -> None:
    with main(tmp_path, "killed") as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "making\n"
        first.kill()
    assert not keeping.is_complete(made_in(tmp_path))
    with main(tmp_path, "whole") as second:
        assert second.wait(60) == 0
    assert (made_in(tmp_path) / "made").read_text() == "xx"
    assert keeping.is_complete(made_in(tmp_path))
    assert list(made_in(tmp_path).glob("*.unfinished")) == []
