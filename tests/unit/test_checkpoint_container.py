"""The file of a checkpoint: whole or not at all, and nothing in it is executed."""

from __future__ import annotations

import json
import pickle
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from fwsim.checkpoint import container
from fwsim.checkpoint.container import INDEX, Opened, Stream, remove, write
from fwsim.checkpoint.saved import DamagedError, Saved
from fwsim.engine.rule_rows import BUCKET
from fwsim.tables import empty


def streamed(file: IO[bytes]) -> None:
    file.write(b"stream")
    file.write(b"ed")


def test_a_tree_comes_back(tmp_path: Path) -> None:
    path = str(tmp_path / "kept")
    buckets = empty(BUCKET, 3)
    buckets["tokens"] = 1, 2, 3
    tree = {"a": 1, "list": [(1, "x"), {"b": None}], "rows": buckets, "strided": np.arange(10)[::3], "octets": b"xyz"}
    write(path, {**tree, "stream": Stream(streamed), "none": buckets[:0]})
    assert [one.name for one in tmp_path.iterdir()] == ["kept"]
    opened = Opened(path)
    saved = Saved(opened.tree)
    assert (saved.number("a"), saved.list("list")) == (1, [[1, "x"], {"b": None}])
    assert saved.rows("rows", BUCKET).tolist() == buckets.tolist()
    assert saved.numbers("strided").tolist() == [0, 3, 6, 9]
    assert (saved.octets("octets"), saved.octets("stream"), saved.octets("none")) == (b"xyz", b"streamed", b"")
    opened.close()


def test_who_dies_while_writing_leaves_the_one_before(tmp_path: Path) -> None:
    path = str(tmp_path / "kept")
    write(path, {"a": 1})

    def die(file: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(path, {"a": 2, "stream": Stream(die)})
    opened = Opened(path)
    assert opened.tree == {"a": 1}
    opened.close()
    remove(path)
    remove(path)
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_a_checkpoint_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("kept")
    write(str(tmp_path / "link"), {"a": 1})
    assert (tmp_path / "link").is_symlink()
    opened = Opened(str(tmp_path / "kept"))
    assert opened.tree == {"a": 1}
    opened.close()
    remove(str(tmp_path / "link"))
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def archive(path: Path, index: object, compression: int = zipfile.ZIP_STORED) -> str:
    with zipfile.ZipFile(path, "w", compression) as made:
        made.writestr(INDEX, index if isinstance(index, bytes) else json.dumps(index))
    return str(path)


@pytest.mark.parametrize(
    ("index", "told"),
    [
        ({"format": "another", "version": container.FORMAT_VERSION, "tree": {}}, "no checkpoint of fwsim"),
        ([], "no checkpoint of fwsim"),
        ({"format": "fwsim checkpoint", "version": container.FORMAT_VERSION - 1, "tree": {}}, "another version"),
    ],
)
def test_another_format_is_told(tmp_path: Path, index: object, told: str) -> None:
    with pytest.raises(DamagedError, match=told):
        Opened(archive(tmp_path / "kept", index))


def test_compressed_archives_are_refused(tmp_path: Path) -> None:
    """Nothing that is read can grow."""
    with pytest.raises(DamagedError, match="compressed"):
        Opened(archive(tmp_path / "kept", {}, zipfile.ZIP_DEFLATED))


def test_a_pickle_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="decode"):
        Opened(archive(tmp_path / "kept", pickle.dumps({"a": 1})))


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    write(str(path), {"rows": np.arange(1_000)})
    content = bytearray(path.read_bytes())
    content[2_000] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedError, match="not those that were written"):
        Opened(str(path))
