"""Files that are written whole or not at all, wherever their names lead; and read, unless they have no end."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from fwsim.whole_files import may_be_replaced, part_of, read_whole, whole_file


def write(path: Path, text: str = "new") -> None:
    with whole_file(str(path)) as file:
        file.write(text)


def test_until_it_is_complete_what_was_there_stays(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    with whole_file(str(tmp_path / "out"), part=".part") as file:
        file.write("new")
        file.flush()
        assert (tmp_path / "out").read_text() == "old"
        assert (tmp_path / "out.part").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out").read_text() == "new"


def write_half(path: Path) -> None:
    with whole_file(str(path), "wb", durable=True) as file:
        file.write(b"half")
        raise KeyboardInterrupt


def test_what_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_half(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_one_and_leads_to_what_was_written(tmp_path: Path, there: bool) -> None:
    (tmp_path / "folder").mkdir()
    if there:
        (tmp_path / "folder" / "real").write_text("old")
    (tmp_path / "link").symlink_to("folder/real")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["real"]
    assert (tmp_path / "folder" / "real").read_text() == "new"
    assert part_of(str(tmp_path / "link"), ".part") == str(tmp_path / "folder" / "real.part")


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writing = threading.Thread(target=write, args=(pipe,))
    writing.start()
    assert pipe.read_text() == "new"
    writing.join()
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.parametrize("path", [os.devnull, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "."])
def test_nothing_takes_the_place_of_what_is_no_file(path: str) -> None:
    assert not may_be_replaced(path)


def test_who_may_read_it_may_still(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    (tmp_path / "out").chmod(0o640)
    write(tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == 0o640


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out").write_text("old")
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    with pytest.raises(PermissionError):
        write(tmp_path / "out")
    assert (tmp_path / "out").read_text() == "old"


def test_what_has_no_end_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"12345")
    assert read_whole(str(tmp_path / "in"), 5) == b"12345"
    for path in (str(tmp_path / "in"), "/dev/zero"):
        with pytest.raises(OSError, match="too large"):
            read_whole(path, 4)
