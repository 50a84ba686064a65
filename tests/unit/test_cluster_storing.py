from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.cluster.storing import Folder, as_a_whole
from fwsim.errors import UsageError

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'fwsim[dask]'")


def test_a_folder_is_made_and_must_be_empty(tmp_path: Path) -> None:
    folder = Folder(f"{tmp_path}/new/")
    assert folder.file(7, "captures/a.pcap") == f"{tmp_path}/new/00007-a.pcap.parquet"
    (tmp_path / "new" / "x").write_text("")
    with pytest.raises(UsageError, match="is not empty"):
        Folder(f"{tmp_path}/new/")


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"):
        Folder(f"{tmp_path}/file/new/")


def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with as_a_whole(str(path)) as stream:
        stream.write(b"all")
        assert not path.exists()
    assert path.read_bytes() == b"all"


def test_what_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(TypeError), as_a_whole(str(tmp_path / "a")) as stream:
        stream.writelines([b"half", None])  # type: ignore[list-item]
    assert list(tmp_path.iterdir()) == []


def test_a_url_is_written_to() -> None:
    with as_a_whole("memory://results/a") as stream:
        stream.write(b"all")
    assert fsspec.filesystem("memory").cat("/results/a") == b"all"
