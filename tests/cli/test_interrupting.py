"""Ctrl-C in processes of their own, with and without a terminal: what is done so far is told, and how far it is."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fwsim.cli.interrupting import Interruption
from fwsim.report.figures import roughly
from tests.cli.conftest import heed_interrupts, process

TURNS = 1_000


@pytest.fixture
def long(demo: Path) -> Path:
    """A capture of 16,000 packets, as `long.pcap`: five seconds of uncompiled work."""
    content = (demo / "demo.pcap").read_bytes()
    (demo / "long.pcap").write_bytes(content[:24] + content[24:] * TURNS)
    return demo


def started(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    """The command line in a process of its own, uncompiled, that heeds Ctrl-C."""
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "TERM": "xterm"}
    return process(*arguments, env=environment, preexec_fn=heed_interrupts, **options)


def wait_for(what: Callable[[], object]) -> None:
    """Wait until something has happened, at most a minute."""
    for _ in range(6_000):
        if what():
            return
        time.sleep(0.01)
    raise AssertionError("nothing happened in a minute")


def read_all(terminal: int) -> bytes:
    """All that is written to a terminal, until its last writer has ended."""
    parts = []
    while True:
        try:
            parts.append(os.read(terminal, 65_536))
        except OSError:
            return b"".join(parts)


def read_until(terminal: int, told: bytes) -> bytes:
    """What is written to a terminal, until that is among it."""
    found = b""
    while told not in found:
        found += os.read(terminal, 65_536)
    return found


def test_a_pipe_that_gives_nothing_is_not_waited_for(demo: Path) -> None:
    os.mkfifo(demo / "pipe")
    child = started("compare", "pipe", "-r", "demo.yaml", "--format", "jsonl", "-o", "out")
    content = (demo / "demo.pcap").read_bytes()
    with (demo / "pipe").open("wb", buffering=0) as pipe:
        pipe.write(content + content[24:200])
        wait_for(lambda: os.path.exists("out"))
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=60)
    assert child.returncode == 130
    told = err.decode().splitlines()
    done = len((demo / "out").read_text().splitlines())
    assert told[-1] == f"interrupted after {done} packets"
    assert [line for line in told if "Traceback" in line] == []


def test_what_is_done_so_far_is_told_and_lines_are_whole(long: Path) -> None:
    child = started("compare", "long.pcap", "-r", "demo.yaml", "--format", "jsonl", "-o", "out")
    wait_for(lambda: os.path.exists("out") and os.path.getsize("out"))
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (child.returncode, out) == (130, b"")
    lines = (long / "out").read_text().splitlines()
    assert [json.loads(line)["n"] for line in lines] == list(range(1, len(lines) + 1))
    assert 0 < len(lines) < 16 * TURNS
    left = 16 * TURNS - len(lines)
    assert (
        err.decode().splitlines()[-1]
        == f"interrupted after {len(lines):,} packets, about {roughly(left):,} were to come"
    )


def test_with_a_checkpoint_nothing_is_lost(long: Path) -> None:
    arguments = ("compare", "long.pcap", "-r", "demo.yaml", "--format", "jsonl", "-o")
    kept = (*arguments, "out", "--checkpoint", "kept", "--resume")
    child = started(*kept)
    wait_for(lambda: os.path.exists("out") and os.path.getsize("out"))
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err.endswith(b"; --resume goes on from kept\n")) == (130, True)
    for last in (started(*kept), started(*arguments, "whole")):
        assert last.communicate(timeout=120) == (b"", b"")
    assert (long / "out").read_bytes() == (long / "whole").read_bytes()
    assert not os.path.exists("kept")


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_summary_of_what_is_done_says_that_it_is_not_all(long: Path, form: str) -> None:
    written = started("compare", "long.pcap", "-r", "demo.yaml", "--format", form, "-o", "out", "-w", "w.pcapng")
    wait_for(lambda: os.path.exists("w.pcapng") and os.path.getsize("w.pcapng") > 5_000)
    written.send_signal(signal.SIGINT)
    _, err = written.communicate(timeout=60)
    told = err.decode().splitlines()[-1]
    assert (written.returncode, told[:18]) == (130, "interrupted after ")
    text = (long / "out").read_text()
    if form == "text":
        assert text.startswith(f"Not the whole capture: {told}.\n")
        return
    summary = json.loads(text)["summary"]
    assert (summary["complete"], summary["notes"][0]) == (False, told)
    assert [(one["complete"], one["sha256"]) for one in summary["inputs"]] == [(False, None)]


def test_the_second_ends_at_once(long: Path) -> None:
    child = started("replay", "long.pcap", "-r", "demo.yaml")
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.read(1)  # it runs, and will soon wait for somebody to read on
    child.send_signal(signal.SIGINT)
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    assert child.wait(60) == 130
    assert child.stderr.read() == b"interrupted\n"
    child.stdout.close()
    child.stderr.close()


@pytest.mark.parametrize("quiet", [False, True])
def test_a_terminal_shows_progress_until_ctrl_c_unless_it_is_to_be_quiet(long: Path, quiet: bool) -> None:
    main, terminal = pty.openpty()
    arguments = ["compare", "long.pcap", "-r", "demo.yaml", "-o", "out", "-w", "w.pcapng", *(["-q"] if quiet else [])]
    child = started(*arguments, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True)
    os.close(terminal)
    wait_for(lambda: os.path.exists("w.pcapng") and os.path.getsize("w.pcapng") > 150_000)
    begun = b"" if quiet else read_until(main, b" left")
    child.send_signal(signal.SIGINT)
    told = (begun + read_all(main)).decode()
    os.close(main)
    assert child.wait(60) == 130
    assert ("packets/s" in told and " left" in told) != quiet
    assert told.count("\x1b[?25l") == told.count("\x1b[?25h"), "the cursor is back"
    assert "interrupted after " in told.splitlines()[-1]
    assert "Traceback" not in told


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            signal.raise_signal(signal.SIGINT)
            assert not interruption.is_set()
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_first_only_asks_and_the_signal_is_given_back() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with Interruption() as interruption:
            assert not interruption.is_set()
            signal.raise_signal(signal.SIGINT)
            assert interruption.is_set()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
