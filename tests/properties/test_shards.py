"""Tracking in shards gives what a single run gives, byte for byte: decisions, frames, tables, counters, hits."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim import running
from fwsim.fuzz.captured import write_traffic
from fwsim.fuzz.policy import EVERY_STATE
from fwsim.ruleset import load_ruleset
from fwsim.sharding import COUNTED, FULL, FULL_OF_GHOSTS, LOOKED_AT, ShardedRun
from fwsim.terms import Reason
from tests.replaying import OF_THE_TABLE, Outcome, assert_same_tables, by_age, replay, replay_files
from tests.scenes import Scene, perform
from tests.strategies import Policy, policies, scenes

ROOT = Path(__file__).parent.parent.parent
OFFICE = (ROOT / "rulesets" / "office.yaml").read_text()
WITHOUT_LIMITS = "\n".join(line for line in OFFICE.splitlines() if "limit:" not in line)
CAPTURES = sorted(path for path in (ROOT / "pcaps").iterdir() if ".pcap" in path.name)
LAYOUT = tuple(name for name in OF_THE_TABLE if name != "number")
"""Where a connection lies in a table may differ; its number may not."""
WHOLE = (*COUNTED, "peak", "next_number")

SHARDS = st.sampled_from((2, 3, 5))
CHUNKS = st.sampled_from((1, 3, 7, 1000))
KEYS = st.integers(0, (1 << 28) - 1)


def hits(outcome: Outcome) -> list[int]:
    counts: list[int] = outcome.simulator.stateful.mode.course.memory.hits.tolist()
    return counts


def assert_same(one: Outcome, other: Outcome) -> str | None:
    """All that came of two runs, of which the other was sharded; returns why it is so no more."""
    for name in ("frames", "packets", "stateless", "stateful"):
        ours, theirs = getattr(one, name), getattr(other, name)
        for field in ours.dtype.names:
            assert ours[field].tolist() == theirs[field].tolist(), f"{name} {field}"
        assert ours.tobytes() == theirs.tobytes()
    assert_same_tables(one, other, except_for=LAYOUT)
    assert {name: one.counters[name] for name in WHOLE} == {name: other.counters[name] for name in WHOLE}
    assert hits(one) == hits(other)
    for table in ("tracker", "ghosts"):
        ours, theirs = (getattr(outcome.simulator.stateful, table) for outcome in (one, other))
        assert by_age(ours) == by_age(theirs)
    sharded = other.simulator.stateful
    assert isinstance(sharded, ShardedRun)
    return sharded.one_because


@given(scenes(), policies(limits=False), SHARDS, CHUNKS, KEYS)
def test_shards_decide_as_one_does(scene: Scene, policy: Policy, jobs: int, chunk_rows: int, key: int) -> None:
    frames = [taken.frame for taken in perform(scene)]
    single = replay(frames, policy.ruleset(), chunk_rows=chunk_rows)
    sharded = replay(frames, policy.ruleset(), chunk_rows=chunk_rows, key=key, jobs=jobs)
    assert assert_same(single, sharded) == LOOKED_AT


@given(scenes(), policies(limits=False), SHARDS, st.integers(1, 4), st.integers(2, 12))
def test_shards_decide_as_one_does_when_the_table_fills_up(
    scene: Scene, policy: Policy, jobs: int, chunk_rows: int, limit: int
) -> None:
    """They are united in the middle of the run, and who is evicted from then on tells the order of age."""
    frames = [taken.frame for taken in perform(scene)]
    tight = replace(policy, conntrack=(*policy.conntrack, ("max", limit)))
    single = replay(frames, tight.ruleset(), chunk_rows=chunk_rows)
    sharded = replay(frames, tight.ruleset(), chunk_rows=chunk_rows, jobs=jobs)
    assert assert_same(single, sharded) in (FULL, LOOKED_AT)


@given(scenes(), policies(limits=False), SHARDS, st.integers(1, 4), st.integers(2, 12))
def test_shards_decide_as_one_does_when_there_are_too_many_ghosts(
    scene: Scene, policy: Policy, jobs: int, chunk_rows: int, limit: int
) -> None:
    frames = [taken.frame for taken in perform(scene)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "GHOSTS", limit)
        single = replay(frames, policy.ruleset(), chunk_rows=chunk_rows)
        sharded = replay(frames, policy.ruleset(), chunk_rows=chunk_rows, jobs=jobs)
    assert assert_same(single, sharded) in (FULL_OF_GHOSTS, LOOKED_AT)


@pytest.mark.parametrize("jobs", [2, 5])
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_shards_decide_about_a_capture_as_one_does(path: Path, jobs: int) -> None:
    ruleset = load_ruleset(io.StringIO(WITHOUT_LIMITS))
    single = replay_files([path], ruleset, chunk_rows=100, limit=1500)
    sharded = replay_files([path], ruleset, chunk_rows=100, limit=1500, jobs=jobs)
    assert assert_same(single, sharded) == LOOKED_AT


@pytest.mark.parametrize(("seed", "jobs", "chunk_rows"), [(1, 2, 1000), (4, 3, 64), (5, 5, 7)])
def test_shards_decide_about_fuzzed_traffic_as_one_does(tmp_path: Path, seed: int, jobs: int, chunk_rows: int) -> None:
    """TCP, UDP, SCTP, GRE, FTP with its data connections, ICMP errors about all of them, and fragments."""
    path = tmp_path / "fuzz.pcapng"
    write_traffic(str(path), seed, 2500)
    ruleset = load_ruleset(io.StringIO(EVERY_STATE))
    single = replay_files([path], ruleset, chunk_rows=chunk_rows)
    assert assert_same(single, replay_files([path], ruleset, chunk_rows=chunk_rows, jobs=jobs)) == LOOKED_AT
    assert {Reason.HELPER_PARTIAL, Reason.EXPECTED, Reason.ICMP_ERROR_RELATED} <= set(single.column("reason"))
