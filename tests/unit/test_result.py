"""Replays of captures: batches, decisions, and the threads that compiled runs go through."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether

import fwsim
from fwsim import result as results
from fwsim.capture import Captures, Chunk, Input, open_captures
from fwsim.compiling import Switch
from fwsim.engine import is_compiled
from fwsim.errors import CaptureError, RulesetError, UsageError
from fwsim.result import Result, compare, replay
from fwsim.ruleset import Ruleset
from fwsim.sharding import ShardedRun
from fwsim.simulator import Batch, Simulator
from fwsim.tables import DECISION
from fwsim.terms import Verdict
from fwsim.topology import Topology
from fwsim.tracker import connections_listing

ROOT = Path(__file__).parent.parent.parent
OFFICE = str(ROOT / "rulesets" / "office.yaml")
SHORT = str(ROOT / "pcaps" / "blind-reset.pcapng")
STATELESS = str(ROOT / "rulesets" / "office-stateless.yaml")


def opened(path: str = SHORT, chunk_rows: int = 7) -> Captures:
    return open_captures([Input(path)], chunk_rows=chunk_rows)


def decisions_of(result: Result) -> list[tuple[tuple[int, ...], ...]]:
    decided: list[tuple[tuple[int, ...], ...]] = result.decisions.tolist()
    return decided


@pytest.fixture
def threaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make runs take the way of compiled ones, through stages; the code stays plain Python."""

    if not is_compiled():
        monkeypatch.setattr(Switch, "compiled", lambda self, packets: True)


@pytest.fixture
def already_there() -> list[threading.Thread]:
    """Threads of others, such as one that still makes a digest for a run that has failed."""
    return threading.enumerate()


# --- replays ---------------------------------------------------------------------------------------------------


def test_a_replay_gives_batches_in_capture_order() -> None:
    ruleset = fwsim.load_ruleset(OFFICE)
    result = compare(SHORT, ruleset)
    numbers: list[int] = []
    for batch in result:
        assert isinstance(batch, Batch)
        assert len(batch) == len(batch.frames) == len(batch.packets) == len(batch.stateless) == len(batch.stateful)
        assert batch.decisions("stateful") is batch.stateful
        assert batch.decisions("stateless") is batch.stateless
        assert len(batch.buffer) >= int(batch.frames["captured"].sum())
        numbers += batch.frames["number"].tolist()
    assert numbers == list(range(1, result.packets + 1))
    assert result.captures.files[0].packets == result.packets


def test_nothing_is_read_before_the_first_batch() -> None:
    result = compare(SHORT, OFFICE)
    assert result.packets == 0
    assert result.captures.files[0].packets == 0


def test_all_decisions_of_a_comparison_stand_side_by_side() -> None:
    result = compare(SHORT, OFFICE)
    decisions = result.decisions
    assert len(decisions) == result.packets > 0
    for mode in ("stateless", "stateful"):
        assert decisions[mode].dtype == DECISION
    assert (decisions["stateless"]["verdict"] != decisions["stateful"]["verdict"]).any()


def test_decisions_may_be_asked_for_again() -> None:
    result = compare(SHORT, OFFICE)
    assert result.decisions is result.decisions


def test_a_result_is_iterated_over_once() -> None:
    result = compare(SHORT, OFFICE)
    assert sum(map(len, result)) == result.packets
    with pytest.raises(UsageError, match="once"):
        list(result)
    with pytest.raises(UsageError, match="once"):
        _ = result.decisions


def test_no_captures_give_no_decisions() -> None:
    assert len(compare([], OFFICE).decisions) == 0


def test_scapy_packets_are_captures_too() -> None:
    syn = Ether() / IP(src="10.1.0.7", dst="203.0.113.5") / TCP(flags="S", dport=443)
    answer = Ether() / IP(src="203.0.113.5", dst="10.1.0.7") / TCP(flags="SA", sport=443, dport=20, ack=1)
    assert compare(syn, OFFICE).decisions["stateful"]["verdict"].tolist() == [Verdict.ACCEPT]
    assert replay([syn, answer], OFFICE).decisions["verdict"].tolist() == [Verdict.ACCEPT, Verdict.ACCEPT]


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(UsageError, match="expected stateful or stateless"):
        replay(SHORT, OFFICE, mode=cast(Any, "sideways"))


@pytest.mark.parametrize("chunk_rows", [1, 3, 1000])
def test_where_chunks_end_changes_no_decision(chunk_rows: int) -> None:
    expected = decisions_of(compare(SHORT, OFFICE))
    assert decisions_of(compare(opened(chunk_rows=chunk_rows), OFFICE)) == expected


@pytest.mark.parametrize("key", [0, 1, 12345])
def test_the_hash_key_changes_no_decision(key: int) -> None:
    assert decisions_of(compare(SHORT, OFFICE, key=key)) == decisions_of(compare(SHORT, OFFICE))


def test_captures_may_be_paths_texts_lists_or_open() -> None:
    expected = decisions_of(compare(SHORT, OFFICE))
    for captures in (Path(SHORT), [SHORT], [Path(SHORT)], opened()):
        assert decisions_of(compare(captures, OFFICE)) == expected


def test_captures_are_read_one_after_the_other() -> None:
    twice = compare([SHORT, SHORT], OFFICE)
    once = compare(SHORT, OFFICE)
    assert len(twice.decisions["stateful"]) == 2 * len(once.decisions["stateful"])


def test_replay_gives_the_decisions_of_its_mode() -> None:
    both = compare(SHORT, OFFICE).decisions
    for mode in ("stateless", "stateful"):
        assert replay(SHORT, OFFICE, mode=mode).decisions.tolist() == both[mode].tolist()


def test_a_stateless_ruleset_by_hand_replaces_the_twin() -> None:
    by_hand = compare(SHORT, OFFICE, stateless_rules=fwsim.load_ruleset(STATELESS)).decisions
    alone = compare(SHORT, STATELESS).decisions
    twin = compare(SHORT, OFFICE).decisions
    assert by_hand["stateless"].tolist() == alone["stateless"].tolist()
    assert by_hand["stateless"].tolist() != twin["stateless"].tolist()
    assert by_hand["stateful"].tolist() == twin["stateful"].tolist()


def test_checksums_are_judged_as_asked() -> None:
    path = str(ROOT / "pcaps" / "office.pcapng")

    def faults(checksum: str) -> int:
        run = iter(compare(path, OFFICE, checksum=checksum))
        chunks = [next(run).frames["transport_fault"] for _ in range(2)]
        return int((np.concatenate(chunks) != 0).sum())

    assert faults("ignore") <= faults("auto") <= faults("verify")


def test_statistics_are_the_counters_of_the_table() -> None:
    result = compare(SHORT, OFFICE)
    assert result.statistics["created"] == 0
    list(result)
    assert result.statistics["created"] >= result.statistics["peak"] >= 1


def test_what_cannot_be_opened_is_told_before_anything_is_read() -> None:
    with pytest.raises(CaptureError, match=r"nowhere\.pcap"):
        compare("nowhere.pcap", OFFICE)
    with pytest.raises(RulesetError):
        compare(SHORT, SHORT)


# --- two threads -----------------------------------------------------------------------------------------------


FRAGMENTS = str(ROOT / "pcaps" / "fragments.pcapng")


@pytest.mark.usefixtures("threaded")
@pytest.mark.parametrize("path", [SHORT, FRAGMENTS])
def test_two_threads_decide_as_one_does(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    result = compare(opened(path), OFFICE)
    in_two = decisions_of(result)
    assert result.packets == len(in_two)
    monkeypatch.undo()
    assert decisions_of(compare(opened(path), OFFICE)) == in_two


@pytest.mark.usefixtures("threaded")
@pytest.mark.parametrize("jobs", [2, 3])
@pytest.mark.parametrize("path", [SHORT, FRAGMENTS])
def test_shards_in_threads_decide_as_one_run_does(path: str, jobs: int) -> None:
    unlimited = "\n".join(line for line in Path(OFFICE).read_text().splitlines() if "limit:" not in line)
    ruleset = fwsim.load_ruleset(io.StringIO(unlimited))
    alone, shared = (compare(opened(path), ruleset, jobs=count) for count in (1, jobs))
    assert decisions_of(shared) == decisions_of(alone)
    told = [{name: one.statistics[name] for name in ("created", "live", "peak")} for one in (alone, shared)]
    assert told[0] == told[1]
    assert shared.simulator.stateful.one_because is None  # type: ignore[union-attr]


@pytest.mark.usefixtures("threaded")
def test_an_error_in_a_shard_is_raised_and_no_thread_is_left(
    monkeypatch: pytest.MonkeyPatch, already_there: list[threading.Thread]
) -> None:
    def failing(self: ShardedRun, number: int, *rest: Any) -> None:
        if number == 1 and self._before > 20:
            raise ArithmeticError("in a shard")

    monkeypatch.setattr(ShardedRun, "run_shard", failing)
    captures: Any = Endless()
    with pytest.raises(ArithmeticError, match="in a shard"):
        list(Result(captures, Simulator(Ruleset.model_validate({"policy": "accept"}), jobs=3)))
    assert not [thread for thread in threading.enumerate() if thread not in already_there]


@pytest.mark.usefixtures("threaded")
def test_who_looks_into_the_table_during_a_run_finds_one_and_changes_nothing() -> None:
    unlimited = Ruleset.model_validate({"policy": "accept", "rules": [{"ct_state": "new", "verdict": "accept"}]})
    expected = decisions_of(compare(opened(chunk_rows=3), unlimited))
    result = compare(opened(chunk_rows=3), unlimited, jobs=3)
    decided: list[Any] = []
    for batch in result:
        decided += zip(batch.stateless.tolist(), batch.stateful.tolist(), strict=True)
        if len(decided) == 30:
            assert result.simulator.stateful.snapshot()[0].counters[0]["live"] > 0
        if len(decided) == 60:
            assert len(list(connections_listing(result.simulator.stateful.tracker))) > 0
    assert decided == expected
    assert result.statistics["created"] == max(row[1][-1] for row in decided)


@pytest.mark.usefixtures("threaded")
def test_the_table_can_be_looked_into_after_an_error_in_a_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    run_shard = ShardedRun.run_shard

    def failing(self: ShardedRun, number: int, *rest: Any) -> None:
        if number == 0 and self._before > 20:
            raise ArithmeticError("in a shard")
        run_shard(self, number, *rest)

    monkeypatch.setattr(ShardedRun, "run_shard", failing)
    result = compare(opened(), Ruleset.model_validate({"policy": "accept"}), jobs=2)
    with pytest.raises(ArithmeticError):
        list(result)
    assert result.simulator.stateful.tracker.counters[0]["created"] > 0


@pytest.mark.usefixtures("threaded")
def test_what_is_held_stays_as_it_is_while_others_go_on() -> None:
    """A pool that gives an array out again too early would write into a batch that is held here."""
    path = str(ROOT / "pcaps" / "office.pcapng")

    def content(chunk: Chunk) -> tuple[Any, ...]:
        rows = range(len(chunk))
        return chunk.frames["number"].tolist(), chunk.packets["src0"].tolist(), [chunk.data(row) for row in rows]

    captures = open_captures([Input(path)], chunk_rows=20, limit=1000)
    expected = [content(chunk) for chunk in captures]
    held: list[Batch] = []
    places = 0
    for batch in compare(open_captures([Input(path)], chunk_rows=20, limit=1000), OFFICE):
        held.append(batch)
        places += 1
        assert [content(one.chunk) for one in held] == expected[places - len(held) : places]
        if len(held) == 4:
            held = held[2:]
    assert places == len(expected) == 50


@pytest.mark.usefixtures("threaded")
def test_a_chunk_is_located_by_the_interfaces_that_were_known_when_it_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second file may be read while the first is still being located."""
    captures = open_captures([Input(SHORT), Input(SHORT)], chunk_rows=200)
    second_is_read = threading.Event()
    locate = Topology.locate
    seen = []

    def waiting(self: Topology, known: Any, chunk: Any) -> None:
        if not second_is_read.is_set():
            while len(captures.interfaces) < 6:
                time.sleep(0.001)
            second_is_read.set()
        seen.append((int(chunk.frames["file"][0]), len(known.interfaces)))
        locate(self, known, chunk)

    monkeypatch.setattr(Topology, "locate", waiting)
    result = Result(captures, Simulator(fwsim.load_ruleset(OFFICE), key=1))
    list(result._in_stages(iter(captures)))
    assert seen == [(0, 3), (1, 6)]


COMPILED = """
import io
import sys
import numpy as np
from fwsim.capture import Input, open_captures
from fwsim.engine import compile_engine, is_compiled
from fwsim.result import compare
from fwsim.ruleset import load_ruleset

text = open(sys.argv[2]).read()
unlimited = "\\n".join(line for line in text.splitlines() if "limit:" not in line)

def run(rules, jobs):
    captures = open_captures([Input(sys.argv[1])], chunk_rows=100, limit=3000)
    return compare(captures, load_ruleset(io.StringIO(rules)), key=1, jobs=jobs).decisions

plain = [run(text, 1), run(unlimited, 1)]
compile_engine()
assert is_compiled()
compiled = [run(text, 1), run(unlimited, 3)]
for one, other in zip(plain, compiled):
    assert len(one) == 3000
    for mode in ("stateless", "stateful"):
        np.testing.assert_array_equal(one[mode], other[mode])
"""


@pytest.mark.slow
@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"), reason="NUMBA_DISABLE_JIT is set")
def test_compiled_code_in_two_threads_decides_as_plain_python_in_one_does() -> None:
    """In an interpreter of its own, since compiling is for good."""
    command = [sys.executable, "-c", COMPILED, str(ROOT / "pcaps" / "office.pcapng"), OFFICE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


class Endless:
    """Captures that give the same chunk over and over; `fails_after` so many, they raise."""

    def __init__(self, fails_after: int | None = None) -> None:
        self.inner = opened(chunk_rows=5)
        self.chunks = list(self.inner)
        self.interfaces = self.inner.interfaces
        self.fails_after = fails_after
        self.given = 0
        self.closed = False

    def __iter__(self) -> Iterator[Chunk]:
        try:
            while self.fails_after is None or self.given < self.fails_after:
                yield self.chunks[0]
                self.given += 1
            raise CaptureError("endless.pcap", "has an end")
        finally:
            self.closed = True

    def estimate_remaining(self) -> int:
        return 10**9


def endless(fails_after: int | None = None, **options: Any) -> tuple[Any, Result]:
    captures: Any = Endless(fails_after)
    return captures, Result(captures, Simulator(fwsim.load_ruleset(OFFICE), key=1), **options)


@pytest.mark.usefixtures("threaded")
@pytest.mark.parametrize("fails_after", [0, 1, 3, 20])
def test_an_error_of_the_reading_thread_is_raised_where_batches_are_asked_for(
    fails_after: int, already_there: list[threading.Thread]
) -> None:
    _, result = endless(fails_after)
    batches = iter(result)
    for _ in range(fails_after):
        next(batches)
    with pytest.raises(CaptureError, match=r"endless\.pcap: has an end"):
        next(batches)
    assert not [thread for thread in threading.enumerate() if thread not in already_there]


@pytest.mark.usefixtures("threaded")
@pytest.mark.parametrize("taken", [1, 2, 6])
def test_who_stops_asking_ends_the_reading_thread(taken: int, already_there: list[threading.Thread]) -> None:
    captures, result = endless()
    batches = iter(result)
    for _ in range(taken):
        next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread not in already_there]
    assert captures.given < taken + 10


@pytest.mark.usefixtures("threaded")
def test_setting_the_stop_event_ends_the_run_behind_a_few_chunks(already_there: list[threading.Thread]) -> None:
    stop = threading.Event()
    _, result = endless(stop=stop)
    count = 0
    for _ in result:
        count += 1
        if count == 4:
            stop.set()
    assert 4 <= count <= 4 + results.AHEAD + 2
    assert not [thread for thread in threading.enumerate() if thread not in already_there]


@pytest.mark.uncompiled  # compiled code reads ahead
def test_setting_the_stop_event_ends_an_uncompiled_run_at_once() -> None:
    stop = threading.Event()
    captures, result = endless(stop=stop)
    captures.estimate_remaining = lambda: 0
    count = 0
    for _ in result:
        count += 1
        stop.set()
    assert count == 1


def test_a_result_streams_as_arrow_record_batches() -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed (fwsim[parquet])")
    decisions = compare(SHORT, OFFICE).decisions
    reader = compare(SHORT, OFFICE).to_arrow()
    table = reader.read_all()
    assert table.num_rows == len(decisions) > 0
    verdicts = [Verdict(number).name.lower() for number in decisions["stateful"]["verdict"]]
    assert [row["verdict"] for row in table.column("stateful").to_pylist()] == verdicts
    flat = replay(SHORT, OFFICE, mode="stateless").to_arrow().read_all()
    stateless = [Verdict(number).name.lower() for number in decisions["stateless"]["verdict"]]
    assert flat.column("verdict").to_pylist() == stateless


def test_without_pyarrow_a_result_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match=r"fwsim\[parquet\]"):
        compare(SHORT, OFFICE).to_arrow()
