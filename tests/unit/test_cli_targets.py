"""Where reports go."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from fwsim.cli.targets import check_paths, targets_of
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


def test_one_file_is_written_once_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "b").symlink_to("a")
    for one, other in (("a", "a"), ("a", "b"), ("c", "./c")):
        with pytest.raises(UsageError, match="two things cannot be written there"):
            check_paths([f"{tmp_path}/{one}", f"{tmp_path}/{other}"], [])
    with pytest.raises(UsageError, match="two things"):
        check_paths(["-", "-"], [])
    check_paths([f"{tmp_path}/a", f"{tmp_path}/c", "/dev/null", "/dev/null"], [])


def test_what_is_read_is_not_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(UsageError, match="is read"):
        check_paths([f"{tmp_path}/a"], [f"{tmp_path}/a"])
