"""Where output may go."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from fwsim.cli.targets import check_target, check_targets, named, targets_of
from fwsim.errors import UsageError

READ = targets_of(("json", "text"))
OPTION = click.Option(["--report"])
CONTEXT = click.Context(click.Command("check"))


def test_a_format_and_a_file_are_parted_at_the_first_sign() -> None:
    assert READ(CONTEXT, OPTION, ["json=a=b.json", "text=-"]) == (("json", "a=b.json"), ("text", "-"))


@pytest.mark.parametrize("text", ["json", "json=", "html=x", "=x"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected FORMAT=FILE with json, text"):
        READ(CONTEXT, OPTION, [text])


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
        check_targets([("-o", "out"), ("--save", second)], [])
        return
    with pytest.raises(UsageError, match=f"^-o out and --save {second} cannot go to the same place$"):
        check_targets([("-o", "out"), ("-w", None), ("--save", second)], [])


def test_standard_output_is_one_place_and_the_null_device_is_none() -> None:
    check_targets([("-o", os.devnull), ("-w", os.devnull)], [])
    with pytest.raises(UsageError, match="-o - and -w - cannot"):
        check_targets([("-o", "-"), ("-w", "-")], [])


@pytest.mark.parametrize("target", ["-", None, "new"])
def test_other_targets_are_fine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str | None) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").touch()
    check_target(target, ["in", "missing", "-"])


def test_reports_are_named_by_their_option() -> None:
    assert named("a", (("json", "b"), ("junit", "c"))) == [("-o", "a"), ("--report json", "b"), ("--report junit", "c")]
