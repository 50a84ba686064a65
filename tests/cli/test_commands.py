"""The commands by name: help, what is loaded for it, and mistakes in the request."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fwsim import __version__
from fwsim.cli import COMMANDS
from tests.cli.conftest import Invoke

HEAVY = ("numba", "numpy", "scapy", "pyroute2", "pydantic", "rich", "yaml")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["compare", "--help"], ["demo", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from fwsim.cli import run; status = run(sys.argv[1:]);"
        f"print('loaded', *[name for name in {HEAVY} if name in sys.modules], file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "loaded\n")
    assert done.stdout


def test_importing_fwsim_loads_nothing_heavy() -> None:
    code = f"import sys, fwsim; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(invoke: Invoke, command: str) -> None:
    outcome = invoke(command, "--help")
    assert outcome.status == 0
    assert outcome.lines[0].startswith(f"Usage: fwsim {command} ")
    assert outcome.err == ""


def test_help_lists_every_command_with_a_sentence(invoke: Invoke) -> None:
    outcome = invoke("--help")
    for command, sentence in COMMANDS.items():
        assert f"  {command}" in outcome.out
        assert sentence in outcome.out


def test_version_is_told(invoke: Invoke) -> None:
    assert invoke("--version").out == f"fwsim {__version__}\n"


def test_no_command_at_all_shows_the_help_on_stderr(invoke: Invoke) -> None:
    outcome = invoke()
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("Usage: fwsim")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["comapre"], "error: no command is called 'comapre': did you mean compare? (see fwsim --help)"),
        (["xyz"], "error: no command is called 'xyz': expected one of compare, replay, explain"),
        (["compare", "--fromat", "csv"], "error: no such option '--fromat'"),
        (["compare", "--format", "xml"], "error: invalid value for '--format': 'xml' is not one of"),
        (["compare"], "error: no capture was named: expected a file, or - for standard input"),
        (["compare", "-c", "0", "x"], "error: invalid value for '-c' / '--count': 0 is not in the range x>=1"),
        (
            ["compare", "--interface", "lan", "x"],
            "error: invalid value for '--interface': 'lan' is not of the form NAME=CIDR",
        ),
        (["compare", "--from", "never", "x"], "error: invalid value for '--from': 'never' is no time: expected 2026-"),
        (["compare", "a", "--in", "wan=b"], "error: captures are given either plainly"),
        (["compare", "-", "-r", "-"], "error: standard input (-) can be read only once"),
        (["conntrack", "x", "--at", "+1", "--after", "2"], "error: --at and --after exclude each other"),
        (["schema", "packets"], "error: invalid value for"),
    ],
)
def test_wrong_request_is_one_line_on_stderr_and_status_2(invoke: Invoke, arguments: list[str], message: str) -> None:
    outcome = invoke(*arguments)
    assert outcome.status == 2
    assert outcome.out == ""
    assert outcome.err.startswith(message)
    assert outcome.err.count("\n") == 1


def test_a_bug_shows_its_traceback(monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> None:
    from fwsim.cli import schema

    def broken(**options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(schema.command, "callback", broken)
    with pytest.raises(ZeroDivisionError):
        invoke("schema")
