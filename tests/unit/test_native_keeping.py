"""Where machine code is kept: whole files, a lock, temporary folders, and what is removed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fwsim.native import keeping


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    keeping.write(tmp_path / "code.o", b"machine code")
    assert keeping.read(tmp_path / "code.o") == b"machine code"
    assert [path.name for path in tmp_path.iterdir()] == ["code.o"]


@pytest.mark.parametrize("stored", [b"", b"\0\0", b"\0\0\0\0machine code"])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, stored: bytes) -> None:
    (tmp_path / "code.o").write_bytes(stored)
    assert keeping.read(tmp_path / "code.o") is None
    assert keeping.read(tmp_path / "nowhere.o") is None


def test_a_folder_that_cannot_be_made_is_replaced_by_a_temporary_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    wanted = tmp_path / "file" / "fwsim" / "0123456789abcdef"
    folder = keeping.usable_folder(wanted)
    assert folder.is_dir()
    assert folder.name == wanted.name
    assert keeping.usable_folder(wanted) == folder
    assert not keeping.is_lasting(folder)
    assert keeping.is_lasting(wanted)


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_replaced_by_a_temporary_one(tmp_path: Path) -> None:
    (tmp_path / "fwsim").mkdir(mode=0o500)
    assert not keeping.is_lasting(keeping.usable_folder(tmp_path / "fwsim"))


def test_a_folder_in_which_all_is_there_need_not_be_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeping.complete(tmp_path)
    monkeypatch.setattr("tempfile.TemporaryFile", None)
    assert keeping.usable_folder(tmp_path) == tmp_path


def test_a_temporary_folder_goes_with_the_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code = (
        "import sys; from pathlib import Path; from fwsim.native import keeping\n"
        "print(keeping.usable_folder(Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "file" / "folder")]
    folder = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
    assert folder.endswith("folder")
    assert not Path(folder).parent.parent.exists()


def test_old_folders_are_removed_and_only_those(tmp_path: Path) -> None:
    names = [f"{number:016x}" for number in range(5)]
    for age, name in enumerate(names):
        (tmp_path / name).mkdir()
        (tmp_path / name / "code.o").touch()
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "mine").mkdir()
    (tmp_path / "00000000000000ff").touch()
    keeping.complete(tmp_path / names[4])
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {names[0], names[1], names[4], "mine", "00000000000000ff"}
    assert keeping.is_complete(tmp_path / names[4])


def test_what_a_killed_process_had_begun_is_removed(tmp_path: Path) -> None:
    (tmp_path / "code.o.123.unfinished").touch()
    (tmp_path / "code.o").touch()
    keeping.complete(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"code.o", keeping.COMPLETE}


def test_the_lock_names_who_has_it_and_is_free_again_behind(tmp_path: Path) -> None:
    for _ in range(2):
        with keeping.locked(tmp_path):
            assert (tmp_path / keeping.LOCK).read_text() == f"{os.getpid()}\n"


def test_another_release_of_a_library_has_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source.py"
    source.write_text("1")
    before = keeping.wanted_folder([source])
    assert keeping.wanted_folder([source]) == before
    monkeypatch.setattr(keeping, "_version_of", lambda library: library.encode())
    assert keeping.wanted_folder([source]).name != before.name
