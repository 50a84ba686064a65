"""Where output goes, and what may not be written over."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from fwsim.cli.streams import Compiling, can_write, check_target, check_targets, colours, opened, warn
from fwsim.compiling import Step
from fwsim.compiling.child import LOG
from fwsim.engine import cache_folder
from fwsim.errors import UsageError
from fwsim.report.sparkline import BLOCKS


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def test_standard_output_is_a_dash(capsys: pytest.CaptureFixture[str]) -> None:
    with opened("-") as stream:
        assert stream is sys.stdout


@pytest.mark.parametrize(
    ("encoding", "bars"), [("utf-8", True), ("ascii", False), ("latin-1", False), ("cp437", False)]
)
def test_bars_can_be_written_where_the_encoding_has_them(encoding: str, bars: bool) -> None:
    assert can_write(io.TextIOWrapper(io.BytesIO(), encoding=encoding), BLOCKS) is bars


def test_a_stream_without_an_encoding_takes_ascii() -> None:
    assert can_write(io.StringIO(), "9")
    assert not can_write(io.StringIO(), BLOCKS)


def test_a_file_takes_any_letter_and_keeps_line_ends(tmp_path: Path) -> None:
    with opened(str(tmp_path / "out")) as stream:
        stream.write("ü\udcff\r\n")
    assert (tmp_path / "out").read_bytes() == b"\xc3\xbc\\udcff\r\n"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("in", "is read and cannot be written at the same time"),
        ("link", "is read and cannot be written at the same time"),
        (".", "is a directory, expected a file to write"),
        ("no/where", "there is no directory no to write it in"),
    ],
)
def test_targets_that_would_do_harm_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").touch()
    (tmp_path / "link").symlink_to("in")
    with pytest.raises(UsageError, match=message):
        check_target(target, ["in", "-"])


def test_a_folder_that_may_not_be_written_in_is_told_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, wanted: not wanted & os.W_OK)  # root may write wherever it likes
    with pytest.raises(UsageError, match=r"report\.html: cannot be written: Permission denied"):
        check_target(str(tmp_path / "report.html"), [])
    (tmp_path / "report.html").touch()
    check_target(str(tmp_path / "report.html"), [])


@pytest.mark.parametrize("second", ["out", "./out", "link", "other"])
@pytest.mark.parametrize("there", [True, False])
def test_two_outputs_cannot_go_to_the_same_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: str, there: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("out")
    if there:
        (tmp_path / "out").touch()
        os.link("out", "other")
    if second == "other" and not there:
        check_targets({"-o": "out", "--save": second}, [])
        return
    with pytest.raises(UsageError, match=f"^-o out and --save {second} cannot go to the same place$"):
        check_targets({"-o": "out", "-w": None, "--save": second}, [])


def test_standard_output_is_one_place_and_the_null_device_is_none() -> None:
    check_targets({"-o": os.devnull, "-w": os.devnull}, [])
    with pytest.raises(UsageError, match="-o - and -w - cannot"):
        check_targets({"-o": "-", "-w": "-"}, [])


@pytest.mark.parametrize("target", ["-", None, "new"])
def test_other_targets_are_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str | None) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").touch()
    check_target(target, ["in", "missing", "-"])


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"), opened(str(tmp_path / "no" / "where")):
        pass


def write_half_of(target: Path) -> None:
    """Begin to write, under another name as can be seen meanwhile, and be interrupted."""
    before = len(list(target.parent.iterdir()))
    with opened(str(target), whole=True) as stream:
        stream.write("half")
        stream.flush()
        assert len(list(target.parent.iterdir())) == before + 1
        raise KeyboardInterrupt


def test_what_is_of_use_only_as_a_whole_gets_its_name_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "out"
    for old in (None, "old"):
        if old is not None:
            target.write_text(old)
        with pytest.raises(KeyboardInterrupt):
            write_half_of(target)
        assert [path.read_text() for path in tmp_path.iterdir()] == ([] if old is None else [old])
    with opened(str(target), whole=True) as stream:
        stream.write("whole")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["whole"]


def test_a_link_to_a_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    with opened(str(tmp_path / "link"), whole=True) as stream:
        stream.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_a_device_is_written_to_and_not_replaced() -> None:
    with opened(os.devnull, whole=True) as stream:
        assert stream.name == os.devnull
    assert not os.path.isfile(os.devnull)


def test_colour_needs_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert colours(Terminal())
    assert not colours(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "")
    assert colours(Terminal()), "an empty NO_COLOR means nothing (no-color.org)"
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colours(Terminal())


def test_warnings_are_single_harmless_lines(capsys: pytest.CaptureFixture[str]) -> None:
    warn(["a\nb\x1b"], "note")
    assert capsys.readouterr().err == "note: a\\nb\\x1b\n"


def test_compiling_is_told_on_a_terminal_or_if_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal = Terminal()
    silent, asked = Compiling(), Compiling(verbose=True)
    for compiling in (silent, asked):
        for step in Step:
            compiling(step)
    lines = capsys.readouterr().err.splitlines()
    assert [line[:14] for line in lines] == ["compiling the ", "compiled in 0 ", "compiling goes", "compiling fail"]
    assert lines[-1].endswith(str(cache_folder() / LOG))
    monkeypatch.setattr(sys, "stderr", terminal)
    compiling = Compiling()
    compiling(Step.BEGUN)
    assert terminal.getvalue().startswith("compiling the engine in the background, once")
