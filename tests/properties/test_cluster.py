"""A run as tasks over many files gives what a single process gives: decisions, frames, numbers, counters, tables.

The tasks run here in this process (`tests.at_once`); that Dask runs them elsewhere is for `tests/cli/test_cluster.py`.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.capture import Input, open_captures
from fwsim.cluster import deciding, joining, reading
from fwsim.fuzz.captured import write_traffic
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.parity.records import records, write
from fwsim.ruleset import Ruleset, load_ruleset
from fwsim.sharding import COUNTED, FULL, FULL_OF_GHOSTS, LIMIT
from fwsim.terms import Reason
from tests.at_once import assert_same, clustered
from tests.replaying import OF_THE_TABLE, Outcome, captured, replay_files, spans
from tests.scenes import Scene, perform
from tests.strategies import Policy, policies, scenes

ROOT = Path(__file__).parent.parent.parent
OFFICE = (ROOT / "rulesets" / "office.yaml").read_text()
WITHOUT_LIMITS = "\n".join(line for line in OFFICE.splitlines() if "limit:" not in line)
LARGE = ("office.pcapng", "syn-flood.pcap.zst", "asymmetric.pcapng.gz")
CAPTURES = sorted(path for path in (ROOT / "pcaps").iterdir() if ".pcap" in path.name and path.name not in LARGE)
LAYOUT = tuple(name for name in OF_THE_TABLE if name != "number")
WHOLE = (*COUNTED, "peak", "next_number")

SHARDS = st.sampled_from((1, 2, 3))
CHUNKS = st.sampled_from((1, 3, 7, 1000))
CUTS = st.lists(st.integers(1, 40), max_size=3)


def same(paths: Sequence[Path], ruleset: Ruleset, *, shards: int, chunk_rows: int = 1000) -> tuple[Outcome, str | None]:
    """Compare both; returns what the single process gave, and why there was one shard."""
    single = replay_files(paths, ruleset, chunk_rows=chunk_rows)
    with pytest.MonkeyPatch.context() as patch:
        for module in (deciding, joining, reading):
            patch.setattr(module, "CHUNK_ROWS", chunk_rows)
        other, result = clustered(paths, ruleset, shards=shards)
    assert_same(single, other, LAYOUT, WHOLE)
    return single, result.one_because


def same_scene(
    scene: Scene, policy: Policy, cuts: Sequence[int], *, shards: int, chunk_rows: int
) -> tuple[Outcome, str | None]:
    """The same of a scene in several files."""
    frames = [taken.frame for taken in perform(scene)]
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, (start, end) in enumerate(spans(cuts, len(frames))):
            paths.append(Path(folder, f"{number}.pcapng"))
            paths[-1].write_bytes(captured(frames[start:end]))
        return same(paths, policy.ruleset(), shards=shards, chunk_rows=chunk_rows)


@given(scenes(), policies(), CUTS, SHARDS, CHUNKS)
def test_files_are_decided_as_in_one_process(
    scene: Scene, policy: Policy, cuts: list[int], shards: int, chunk_rows: int
) -> None:
    _, because = same_scene(scene, policy, cuts, shards=shards, chunk_rows=chunk_rows)
    assert because in (None, LIMIT)


@given(scenes(), policies(limits=False), CUTS, st.integers(1, 4), st.integers(2, 12))
def test_shards_that_would_fill_the_table_together_are_run_as_one(
    scene: Scene, policy: Policy, cuts: list[int], chunk_rows: int, limit: int
) -> None:
    tight = replace(policy, conntrack=(*policy.conntrack, ("max", limit)))
    single, because = same_scene(scene, tight, cuts, shards=3, chunk_rows=chunk_rows)
    assert because in (None, FULL)
    if single.counters["evicted"] or single.counters["dropped"]:
        assert because == FULL


@given(scenes(), policies(limits=False), CUTS, st.integers(2, 12))
def test_shards_with_too_many_ghosts_together_are_run_as_one(
    scene: Scene, policy: Policy, cuts: list[int], limit: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fwsim.running.GHOSTS", limit)
        patch.setattr(joining, "GHOSTS", limit)
        _, because = same_scene(scene, policy, cuts, shards=3, chunk_rows=7)
    assert because in (None, FULL_OF_GHOSTS)


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("rules", ["office", "without limits", "host"])
def test_all_captures_are_decided_as_in_one_process(rules: str, shards: int) -> None:
    texts = {"office": OFFICE, "without limits": WITHOUT_LIMITS, "host": (ROOT / "rulesets" / "host.yaml").read_text()}
    _, because = same(CAPTURES, load_ruleset(io.StringIO(texts[rules])), shards=shards, chunk_rows=100)
    assert because == (LIMIT if shards > 1 and rules != "without limits" else None)


@pytest.mark.parametrize(("seed", "shards", "chunk_rows"), [(1, 2, 1000), (4, 3, 64), (5, 1, 7)])
def test_fuzzed_traffic_cut_anywhere_is_decided_as_in_one_process(
    tmp_path: Path, seed: int, shards: int, chunk_rows: int
) -> None:
    """Cut in the middle of conversations, of datagrams in fragments and of FTP's exchanges."""
    whole = tmp_path / "fuzz.pcapng"
    write_traffic(str(whole), seed, 2500)
    frames = records(open_captures([Input(str(whole))]))
    paths = []
    for number, (start, end) in enumerate(spans((3, 400, 401, 1111, 1700, 2300), len(frames))):
        paths.append(tmp_path / f"{number}.pcapng")
        write(str(paths[-1]), frames[start:end])
    single, because = same(paths, load_ruleset(io.StringIO(EVERY_STATE)), shards=shards, chunk_rows=chunk_rows)
    assert because is None
    assert {Reason.EXPECTED, Reason.ICMP_ERROR_RELATED} <= set(single.column("reason"))
    files = single.frames["file"]
    assert len(set(files.tolist())) == len(paths)


def test_a_datagram_in_several_files_is_decided_by_its_last_fragment(tmp_path: Path) -> None:
    frames = records(open_captures([Input(str(ROOT / "pcaps" / "fragments.pcapng"))]))
    paths = []
    for number, frame in enumerate(frames):
        paths.append(tmp_path / f"{number}.pcapng")
        write(str(paths[-1]), [frame])
    single, _ = same(paths, load_ruleset(io.StringIO(WITHOUT_LIMITS)), shards=2)
    waited = single.frames["further"] != 0
    assert waited.any()
