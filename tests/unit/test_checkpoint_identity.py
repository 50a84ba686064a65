"""What a checkpoint belongs to: marks of files that may grow, and of this program."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fwsim.checkpoint import identity
from fwsim.checkpoint.identity import Mark, digest_of, is_regular, program
from fwsim.checkpoint.saved import Saved


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of 100 bytes, of which ten at either end are looked at."""
    monkeypatch.setattr(identity, "LOOKED_AT", 10)
    (tmp_path / "file").write_bytes(bytes(range(100)))
    return tmp_path / "file"


@pytest.mark.parametrize("place", [0, 3, 10, 60, 100])
def test_a_file_fits_its_mark_also_once_it_has_grown(file: Path, place: int) -> None:
    mark = Mark.saved(Saved(Mark.of(str(file), place).save()))
    assert mark.fits(str(file))
    file.write_bytes(file.read_bytes() + b"more")
    assert mark.fits(str(file))


@pytest.mark.parametrize("content", [bytes(range(59)), b"x" + bytes(range(1, 100)), bytes(range(59)) + bytes(41)])
def test_a_file_that_is_shorter_or_another_does_not_fit(file: Path, content: bytes) -> None:
    mark = Mark.of(str(file), 60)
    file.write_bytes(content)
    assert not mark.fits(str(file))
    file.unlink()
    assert not mark.fits(str(file))


def test_only_files_that_can_be_read_again_are_regular(file: Path) -> None:
    os.mkfifo(file.parent / "pipe")
    paths = (str(file), str(file.parent), str(file.parent / "pipe"), str(file.parent / "missing"), "\0")
    assert [is_regular(path) for path in paths] == [True, False, False, False, False]


def test_digests_are_of_contents(file: Path) -> None:
    before = digest_of(str(file))
    file.write_bytes(b"")
    assert digest_of(str(file)) != before
    assert len(program()) == 64
