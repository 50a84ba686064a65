"""`man`: pages made from the commands, which groff, man and mandoc read without a word."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from fwsim.cli import COMMANDS, commands
from fwsim.cli.manual.roff import plain
from tests.cli.conftest import Invoke

CHECKS = {
    "groff": ["groff", "-man", "-ww", "-Tutf8", "-z"],
    "man": ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"],
    "mandoc": ["mandoc", "-Tlint", "-Wwarning"],
}
SECTIONS = ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO")


@pytest.fixture
def folder(tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all pages."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772438403")
    outcome = invoke("man", "-o", tmp_path / "man1")
    assert (outcome.status, outcome.err) == (0, "")
    return tmp_path / "man1"


def test_there_is_a_page_for_every_command(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {"fwsim.1", *(f"fwsim-{name}.1" for name in COMMANDS)}
    for path in folder.iterdir():
        lines = path.read_text(encoding="ascii").splitlines()
        assert lines[0].startswith(f".TH {plain(path.stem.upper())} 1 2026-03-02 ")
        sections = [line.removeprefix(".SH ") for line in lines if line.startswith(".SH ")]
        assert [name for name in sections if name in SECTIONS] == list(SECTIONS)
        command = commands.get_command(click.Context(commands), path.stem.removeprefix("fwsim-"))
        arguments = [one for one in command.params if isinstance(one, click.Argument)] if command else []
        assert ("ARGUMENTS" in sections) == bool(arguments)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_argument_and_example_stands_in_its_page(name: str, folder: Path) -> None:
    text = (folder / f"fwsim-{name}.1").read_text()
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    for parameter in command.params:
        for word in parameter.opts + parameter.secondary_opts if isinstance(parameter, click.Option) else []:
            assert rf"\fB{plain(word)}\fR" in text
        if parameter.metavar:
            assert rf"\fI{plain(parameter.metavar)}\fR" in text
    assert r"\fB\-h\fR, \fB\-\-help\fR" in text
    for line in (command.epilog or "").splitlines():
        if line.startswith("  "):
            assert plain(line) in text


@pytest.mark.parametrize("checker", CHECKS)
def test_the_pages_are_free_of_warnings(checker: str, folder: Path) -> None:
    if shutil.which(checker) is None:
        pytest.skip(f"{checker} is not installed")
    for path in folder.iterdir():
        command = [*CHECKS[checker], str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        if checker == "mandoc":
            assert done.stdout == ""


def test_a_page_is_printed_and_is_the_one_that_is_written(folder: Path, invoke: Invoke) -> None:
    assert invoke("man").out == (folder / "fwsim.1").read_text()
    assert invoke("man", "compare").out == (folder / "fwsim-compare.1").read_text()


def test_one_page_alone_can_be_written(tmp_path: Path, invoke: Invoke) -> None:
    outcome = invoke("man", "diff", "-o", tmp_path)
    assert outcome.out == f"{tmp_path}: 1 manual page\n"
    assert [path.name for path in tmp_path.iterdir()] == ["fwsim-diff.1"]


def test_on_a_terminal_man_shows_it(tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = tmp_path / "seen"
    viewer = tmp_path / "man"
    viewer.write_text(f'#!/bin/sh\nbasename "$1" > {seen}; head -c 3 "$1" >> {seen}; exit 5\n')
    viewer.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert invoke("man", "diff").status == 5
    assert seen.read_text() == "fwsim-diff.1\n.TH"


Refused = Callable[[Path], tuple[list[str], str]]
REFUSED: dict[str, Refused] = {
    "an unknown command": lambda folder: (["compar"], "compare"),
    "a file where a folder is to be": lambda folder: (["-o", str(folder / "file")], "cannot be written: File exists"),
    "a folder in a file": lambda folder: (["-o", str(folder / "file" / "x")], "cannot be written: Not a directory"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_is_told(what: str, tmp_path: Path, invoke: Invoke) -> None:
    (tmp_path / "file").touch()
    arguments, told = REFUSED[what](tmp_path)
    outcome = invoke("man", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert len(outcome.err.splitlines()) == 1
    assert told in outcome.err


def test_a_date_that_is_none_is_refused(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "today")
    outcome = invoke("man")
    assert (outcome.status, outcome.err) == (
        2,
        "error: SOURCE_DATE_EPOCH: expected seconds since 1970, found 'today'\n",
    )
