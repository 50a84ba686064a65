"""The file of a baseline: what goes in comes out, the same bytes every time, and nothing hostile gets through."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from fwsim.baseline.deciders import Decider
from fwsim.baseline.kinds import Kind
from fwsim.baseline.stored import BLOCK, MAGIC, Baseline, Writer, is_baseline
from fwsim.errors import UsageError

RULE = Decider("name web", '"web"', "a.yaml", 3)
KINDS = [
    Kind(verdict, "rule", None, "forward", "new", "original", None, "SYN_SENT", False, RULE)
    for verdict in ("accept", "drop")
]
ABOUT = {
    "mode": "stateful",
    "captures": [{"path": "a.pcap", "sha256": "00", "packets": 1}],
    "ruleset": {"path": "a.yaml", "sha256": None, "texts": ""},
    "options": [{"name": "-c", "value": "3"}],
}


def store(path: Path, sizes: list[int], *, translates: bool = False) -> tuple[Any, ...]:
    total = sum(sizes)
    chance = np.random.default_rng(total)
    columns = (
        chance.integers(0, len(KINDS), total),
        chance.integers(0, 1 << 40, total),
        chance.integers(-(1 << 62), 1 << 62, total),
    )
    writer = Writer(translates=translates)
    start = 0
    for size in sizes:
        writer.add(*(column[start : start + size] for column in columns))
        start += size
    writer.finish(str(path), KINDS, ABOUT)
    writer.close()
    return columns


@pytest.mark.parametrize("sizes", [[], [1], [BLOCK], [BLOCK + 1], [7, 3 * BLOCK - 7, 0, 5]])
@pytest.mark.parametrize("translates", [False, True])
def test_what_was_stored_is_read_in_pieces_of_any_size(tmp_path: Path, sizes: list[int], translates: bool) -> None:
    columns = store(tmp_path / "b", sizes, translates=translates)
    with Baseline(str(tmp_path / "b")) as baseline:
        assert baseline.packets == sum(sizes)
        assert baseline.kinds == KINDS
        assert baseline.about.options == {"-c": "3"}
        assert baseline.about.captures == [("a.pcap", "00")]
        pieces = []
        while len((piece := baseline.take(50_000))[0]):
            pieces.append(piece)
        for place, column in enumerate(columns):
            read = np.concatenate([np.zeros(0, np.int64), *(piece[place] for piece in pieces)])
            wanted = column if place < 2 or translates else np.zeros_like(column)
            assert read.tolist() == wanted.tolist()


def test_the_same_run_gives_the_same_bytes_however_it_comes(tmp_path: Path) -> None:
    store(tmp_path / "a", [BLOCK, BLOCK, 9])
    store(tmp_path / "b", [5, 2 * BLOCK, 4])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert is_baseline(str(tmp_path / "a"))
    assert not is_baseline(str(tmp_path / "none"))


def test_decisions_that_repeat_take_little(tmp_path: Path) -> None:
    writer = Writer(translates=False)
    rows = np.zeros(1_000_000, np.int64)
    writer.add(rows, rows, rows)
    writer.finish(str(tmp_path / "b"), KINDS, ABOUT)
    writer.close()
    assert (tmp_path / "b").stat().st_size < 10_000


@given(st.integers(0, 1000), st.integers(0, 255))
def test_a_changed_byte_is_refused_or_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    path = tmp_path_factory.mktemp("changed") / "b"
    store(path, [40])
    content = bytearray(path.read_bytes())
    content[place % len(content)] = byte
    path.write_bytes(content)
    with suppress(UsageError), Baseline(str(path)) as baseline:
        kinds, connections, _ = baseline.take(100)
        assert len(kinds) <= 40
        assert (kinds < len(baseline.kinds)).all()
        assert (connections >= 0).all()


def forged(path: Path, body: bytes, **changed: Any) -> None:
    """A file whose digest is right, whatever it holds."""
    import hashlib

    store(path, [1])
    header = json.loads(path.read_bytes().split(b"\n")[1])
    packed = zstandard.ZstdCompressor().compress(body)
    header["body"] = {"bytes": len(packed), "sha256": hashlib.sha256(packed).hexdigest()}
    path.write_bytes(MAGIC + json.dumps(header | changed).encode() + b"\n" + packed)


@pytest.mark.parametrize(
    ("body", "changed", "said"),
    [
        (np.array([2, 0]), {}, "stands for nothing"),
        (np.array([-1, 0]), {}, "stands for nothing"),
        (np.array([0, -5]), {}, "stands for nothing"),
        (np.array([0]), {}, "decisions are missing"),
        (np.array([0, 0]), {"packets": 1 << 30}, "decisions are missing"),
        (np.array([0, 0]), {"packets": -1}, "packets"),
        (np.array([0, 0]), {"kinds": [["accept"]]}, "kinds"),
        (np.array([0, 0]), {"deciders": []}, "kinds"),
        (np.array([0, 0]), {"deciders": 5}, "deciders"),
        (np.array([0, 0]), {"about": ABOUT | {"mode": "other"}}, "mode"),
    ],
)
def test_what_is_no_decision_is_refused(tmp_path: Path, body: Any, changed: dict[str, Any], said: str) -> None:
    path = tmp_path / "forged"
    forged(path, body.astype("<i8").tobytes(), **changed)
    with pytest.raises(UsageError, match=said), Baseline(str(path)) as baseline:
        baseline.take(BLOCK)


def test_a_bomb_is_read_no_further_than_it_says(tmp_path: Path) -> None:
    forged(tmp_path / "bomb", bytes(1 << 28), packets=10)
    with Baseline(str(tmp_path / "bomb")) as baseline:
        assert len(baseline.take(1 << 40)[0]) == 10


def test_another_version_is_named_as_such(tmp_path: Path) -> None:
    store(tmp_path / "b", [1])
    later = (tmp_path / "b").read_bytes().replace(MAGIC, b"fwsim baseline 2\n", 1)
    (tmp_path / "b").write_bytes(later)
    with pytest.raises(UsageError, match="another version"):
        Baseline(str(tmp_path / "b"))
    assert is_baseline(str(tmp_path / "b"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", MAGIC, MAGIC + b"[" * 100_000 + b"\n", MAGIC + b"7\n"])
def test_what_is_no_baseline_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "b").write_bytes(content)
    with pytest.raises(UsageError, match="no baseline"):
        Baseline(str(tmp_path / "b"))
    with pytest.raises(UsageError, match="cannot be read"):
        Baseline(str(tmp_path / "missing"))


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    writer = Writer(translates=False)
    with pytest.raises(UsageError, match="cannot be written"):
        writer.finish(str(tmp_path / "no" / "b"), KINDS, ABOUT)
    writer.close()
