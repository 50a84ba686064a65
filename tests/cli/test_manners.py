"""Manners towards terminals, pipes and signals; nothing hostile reaches either stream."""

from __future__ import annotations

import os
import pty
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke, process

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e"


@pytest.fixture
def long(demo: Path) -> Path:
    """A capture of 4,000 packets: the demo's, 250 times, 400 s apart."""
    content = (demo / "demo.pcap").read_bytes()
    records = []
    at = 24
    while at < len(content):
        seconds, rest, length, wire = struct.unpack_from("<IIII", content, at)
        records.append((seconds, rest, length, wire, content[at + 16 : at + 16 + length]))
        at += 16 + length
    with (demo / "long.pcap").open("wb") as file:
        file.write(content[:24])
        for turn in range(250):
            for seconds, rest, length, wire, data in records:
                file.write(struct.pack("<IIII", seconds + 400 * turn, rest, length, wire) + data)
    return demo


def in_a_terminal(*arguments: str, **environment: str) -> str:
    """What a command writes to a terminal as its standard output."""
    main, terminal = pty.openpty()
    usual = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    command = [sys.executable, "-m", "fwsim", *arguments]
    with subprocess.Popen(
        command, stdout=terminal, stderr=subprocess.DEVNULL, env={**usual, "TERM": "xterm", **environment}
    ) as child:
        os.close(terminal)
        parts = []
        while True:
            try:
                part = os.read(main, 65_536)
            except OSError:  # the terminal is gone: its last writer has ended
                break
            if not part:
                break
            parts.append(part)
        child.wait()
    os.close(main)
    return b"".join(parts).decode()


def test_colour_on_a_terminal_only_and_not_against_no_color(demo: Path, invoke: Invoke) -> None:
    arguments = ("replay", "demo.pcap", "-r", "demo.yaml")
    assert "\x1b[32maccept\x1b[0m" in in_a_terminal(*arguments)
    for forbidding in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in in_a_terminal(*arguments, **forbidding)
    assert "\x1b" not in invoke(*arguments).out


@pytest.mark.parametrize("arguments", [["replay"], ["compare", "--format", "jsonl"], ["conntrack", "-E"]])
def test_a_broken_pipe_ends_quietly(long: Path, arguments: list[str]) -> None:
    child = process(*arguments, "long.pcap", "-r", "demo.yaml")
    assert child.stdout is not None
    assert child.stderr is not None
    child.stdout.readline()
    child.stdout.close()
    with child.stderr as stderr:
        assert stderr.read() == b""
    assert child.wait(60) == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_no_room_left_is_told_and_no_traceback(demo: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "fwsim", "compare", "demo.pcap", "-r", "demo.yaml"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "error: standard output cannot be written: No space left on device\n")


CLOSED = "error: standard output cannot be written: Bad file descriptor\n"


@pytest.mark.parametrize("arguments", [["compare", "demo.pcap", "-r", "demo.yaml"], ["schema"], ["--version"]])
def test_a_closed_standard_output_is_told_and_no_traceback(demo: Path, arguments: list[str]) -> None:
    command = ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "fwsim", *arguments]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, CLOSED)


def test_a_closed_standard_output_matters_to_nobody_who_writes_elsewhere(demo: Path) -> None:
    ends = {}
    for name, closed in (("out", ">&-"), ("err", ">&- 2>&-")):
        command = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "fwsim"]
        command += ["compare", "demo.pcap", "-r", "demo.yaml", "-o", f"{name}.txt"]
        ends[name] = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert [(done.returncode, done.stderr) for done in ends.values()] == [(0, ""), (0, "")]
    assert (demo / "out.txt").read_bytes() == (demo / "err.txt").read_bytes() != b""


def test_being_terminated_leaves_no_temporary_file(demo: Path) -> None:
    (demo / "tmp").mkdir()
    code = (
        "import signal, sys, tempfile, time\nfrom unittest import mock\nimport fwsim.cli.compare\n"
        "from fwsim import cli\n"
        "def wait(arguments):\n"
        "    with tempfile.TemporaryDirectory(prefix='fwsim-'):\n"
        "        print('ready', flush=True)\n"
        "        time.sleep(60)\n"
        "cli._invoke = wait\ncli.main()\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(demo / "tmp")}) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        assert os.listdir(demo / "tmp")
        child.terminate()
        assert child.wait(30) == 143
    assert os.listdir(demo / "tmp") == []


def test_results_and_complaints_go_to_different_streams(demo: Path, invoke: Invoke) -> None:
    good, bad = invoke("compare", "demo.pcap", "-r", "demo.yaml"), invoke("compare", "x.pcap", "-r", "demo.yaml")
    assert (bool(good.out), good.err) == (True, "")
    assert (bad.out, bool(bad.err)) == ("", True)


def printable(text: str) -> bool:
    """Whether nothing but letters and line ends would reach a terminal."""
    return all(line.replace("\t", " ").isprintable() for line in text.split("\n"))


def test_hostile_names_of_files_reach_no_stream_raw(demo: Path, invoke: Invoke) -> None:
    name = f"a{HOSTILE}\n.pcap"
    (demo / name).write_bytes((demo / "demo.pcap").read_bytes()[:700])
    (demo / f"{HOSTILE}.yaml").write_bytes((demo / "demo.yaml").read_bytes())
    for arguments in (
        ["compare", name, "-r", f"{HOSTILE}.yaml", "-v"],
        ["replay", name, name, "-r", "demo.yaml"],
        ["compare", f"{name}x", "-r", "demo.yaml"],
        ["compare", "demo.pcap", "-r", f"{name}x"],
        ["conntrack", name, "-r", "demo.yaml", "-v", "--after", f"{name}x:3"],
        ["compare", "demo.pcap", "-r", "demo.yaml", "-Y", f"n{HOSTILE}==1"],
        ["compare", "demo.pcap", "-r", "demo.yaml", "--set", f"x{HOSTILE}=1"],
        ["compare", "demo.pcap", "-r", "demo.yaml", "--from", HOSTILE],
        [f"compare{HOSTILE}"],
    ):
        outcome = invoke(*arguments)
        assert printable(outcome.out)
        assert printable(outcome.err)
        assert outcome.err or outcome.out


def test_hostile_names_in_rulesets_reach_no_stream_raw(demo: Path, invoke: Invoke) -> None:
    text = (
        (demo / "demo.yaml")
        .read_text()
        .replace("staff web", "staff\\u202e\\u001b[2J")
        .replace("name: staff\\", 'name: "staff\\')
    )
    (demo / "odd.yaml").write_text(text.replace("[2J,", '[2J",'))
    for arguments in (["compare", "demo.pcap", "-r", "odd.yaml", "-v"], ["replay", "demo.pcap", "-r", "odd.yaml"]):
        outcome = invoke(*arguments)
        assert printable(outcome.out)
        assert printable(outcome.err)
        assert "staff" in outcome.out + outcome.err


def test_a_terminal_without_unicode_still_gets_everything(demo: Path) -> None:
    (demo / "büro.yaml").write_text((demo / "demo.yaml").read_text().replace("staff web", "büro"), encoding="utf-8")
    command = [sys.executable, "-m", "fwsim", "compare", "demo.pcap", "-r", "büro.yaml"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 0
    assert rb"b\xfcro" in done.stdout
