"""`completion`: real shells complete real lines; nothing heavy is loaded for it."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Invoke
from tests.cli.test_commands import HEAVY

ROOT = Path(__file__).parents[2]
PATIENCE = 60
SETUP = {
    "bash": "bind 'set enable-bracketed-paste off'; source <(fwsim completion bash)",
    "zsh": "autoload -Uz compinit; compinit -u -D; source <(fwsim completion zsh)",
}
LOADED = "mkdir zfunc; fwsim completion zsh > zfunc/_fwsim; fpath+=zfunc; autoload -Uz compinit; compinit -u -D"
"""How zsh finds the script by itself when it is needed."""
START = {"bash": ["bash", "--norc", "--noprofile", "-i"], "zsh": ["zsh", "-f", "-i"]}
BEGINNING, END = b"\x01", b"\x05"
"""Ctrl-A and Ctrl-E: to the beginning and the end of the line."""

COMPLETED = {
    "fwsim conv": ["fwsim", "convert"],
    "fwsim compare --fo": ["fwsim", "compare", "--format"],
    "fwsim compare --format=par": ["fwsim", "compare", "--format=parquet"],
    "fwsim compare my": ["fwsim", "compare", "my file.pcap"],
    'fwsim compare "my f': ["fwsim", "compare", "my file.pcap"],
    "fwsim compare --in wan=office.p": ["fwsim", "compare", "--in", "wan=office.pcapng"],
    "fwsim compare --rules=office.y": ["fwsim", "compare", "--rules=office.yaml"],
    "fwsim compare -Y 'evidence contains rst-i": ["fwsim", "compare", "-Y", "evidence contains rst-inexact"],
    "fwsim compare -Y evidence==rst-i": ["fwsim", "compare", "-Y", "evidence==rst-inexact"],
    "fwsim attack land reset-blind:sw": ["fwsim", "attack", "land", "reset-blind:sweep"],
    "fwsim compare --set conntrack.tcp_loo": ["fwsim", "compare", "--set", "conntrack.tcp_loose="],
    "fwsim nosuch offi": ["fwsim", "nosuch", "offi"],
}
"""A line up to TAB, and the words that it then has."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with files in it; `fwsim` is on the path."""
    for name in ("office.pcapng", "office.yaml", "my file.pcap"):
        (tmp_path / name).touch()
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "fwsim"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m fwsim "$@"\n')
    program.chmod(0o755)
    given = {"PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)}
    for name, value in {**given, "TERM": "dumb", "PS1": "> ", "COLUMNS": "200"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Terminal:
    """A shell at a terminal."""

    def __init__(self, shell: str, setup: str) -> None:
        self.end, theirs = pty.openpty()
        self.child = subprocess.Popen(START[shell], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
        os.close(theirs)
        self.say(f"{setup}; echo REA''DY\n".encode())
        self.until("READY")

    def say(self, typed: bytes) -> None:
        os.write(self.end, typed)

    def until(self, mark: str) -> str:
        heard = b""
        while mark.encode() not in heard:
            ready, _, _ = select.select([self.end], [], [], PATIENCE)
            assert ready, heard.decode(errors="replace")
            heard += os.read(self.end, 65536)
        return heard.decode(errors="replace")

    def completed(self, line: str) -> list[str]:
        """The words of a line after TAB: printf in front of it prints them."""
        self.say(line.encode() + b"\t" + BEGINNING + b"printf '<%s>' " + END + b"; echo DO''NE\n")
        heard = self.until("DONE")
        found = re.search(r"((?:<[^<>\r\n]*>)+)DONE", heard)
        assert found, heard
        return re.findall("<(.*?)>", found[1])

    def close(self) -> None:
        self.child.kill()
        self.child.wait()
        os.close(self.end)


@pytest.fixture(params=["bash", "zsh"])
def terminal(request: pytest.FixtureRequest, folder: Path) -> Iterator[Terminal]:
    shell: str = request.param
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    terminal = Terminal(shell, SETUP[shell])
    yield terminal
    terminal.close()


def test_tab_completes_in_a_real_shell(terminal: Terminal) -> None:
    for line, words in COMPLETED.items():
        assert terminal.completed(line) == words, line


@pytest.mark.usefixtures("folder")
def test_zsh_loads_the_script_by_itself_and_uses_it_from_the_first_time_on() -> None:
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    terminal = Terminal("zsh", LOADED)
    for line in list(COMPLETED)[:3]:
        assert terminal.completed(line) == COMPLETED[line]
    terminal.close()


@pytest.mark.usefixtures("folder")
def test_fish_offers_candidates_with_their_meaning() -> None:
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    lines = {
        "fwsim comp": ["compare\tPut both modes side by side: what does keeping state change?",
                       "completion\tPrint the script that completes fwsim's commands in a shell."],
        "fwsim compare --format=js": ["--format=json", "--format=jsonl"],
        "fwsim compare --in wan=off": ["wan=office.pcapng", "wan=office.yaml"],
        "fwsim compare my": ["my file.pcap"],
        "fwsim compare -Y 'evidence contains rst-i": ["evidence contains rst-inexact"],
        "fwsim attack reset-blind:s": ["reset-blind:sweep"],
        "fwsim nosuch o": [],
    }  # fmt: skip
    asked = "; ".join(f"complete -C {shlex.quote(line)}; echo ---" for line in lines)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"fwsim completion fish | source; {asked}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert [part.strip().splitlines() for part in done.stdout.split("---\n")][:-1] == list(lines.values())
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_what_click_users_ask_the_environment_for(invoke: Invoke, shell: str) -> None:
    outcome = invoke("completion", shell)
    assert (outcome.status, outcome.err) == (0, "")
    done = subprocess.run(
        [sys.executable, "-m", "fwsim"], env={**os.environ, "_FWSIM_COMPLETE": f"{shell}_source"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == outcome.out


def test_a_shell_that_we_do_not_know_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fwsim"], env={**os.environ, "_FWSIM_COMPLETE": "tcsh_source"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: _FWSIM_COMPLETE: expected one of bash_source, zsh_source, fish_source\n"


@pytest.mark.parametrize("line", ["fwsim ", "fwsim attack re", "fwsim compare -Y 'evidence == rst", "fwsim check -"])
def test_completing_loads_nothing_heavy(line: str) -> None:
    code = (
        "import sys; from fwsim.cli import commands; from fwsim.cli.completing import answer;"
        "answer(commands, 'bash_complete', sys.argv[1]);"
        f"print('loaded', *[name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, line], capture_output=True, text=True, check=True)
    assert done.stderr == "loaded\n"
    assert done.stdout
