from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fwsim.capture import Input, open_captures
from fwsim.cluster.deciding import changes_of, decide_stateful, decide_stateless, split, there_were
from fwsim.cluster.locating import Located, locate
from fwsim.cluster.reading import Source, read
from fwsim.cluster.setup import Setup
from fwsim.engine.shard import NOBODY
from fwsim.result import Result
from fwsim.simulator import Simulator
from tests.unit.test_cluster_setup import LIMITED, made

PCAPS = Path(__file__).parent.parent.parent / "pcaps"
TRACKING = "policy: accept\ntracking: on"


def located_of(setup: Setup, name: str) -> Located:
    return locate(setup, read(setup, Source(name, str(PCAPS / name), 0)), None, last=True)[0]


def test_every_row_is_one_shards_and_quotes_come_along() -> None:
    setup = made(TRACKING)
    located = located_of(setup, "forged-icmp-error.pcapng")
    times, parts = split(setup, located)
    assert sorted(np.concatenate([part.places for part in parts]).tolist()) == list(range(len(located.seen)))
    assert (times.nows == located.seen.packets["now"]).all()
    for part in parts:
        quoting = part.rows.packets["quote"] >= 0
        of_file = located.seen.packets["quote"][part.places][quoting]
        assert part.rows.quotes[part.rows.packets["quote"][quoting]].tobytes() == located.seen.quotes[of_file].tobytes()
    assert any((part.rows.packets["quote"] >= 0).any() for part in parts)


def test_connections_are_numbered_by_the_place_of_their_first_packet() -> None:
    setup = made(TRACKING)
    located = located_of(setup, "handshake.pcapng")
    times, parts = split(setup, located)
    answers = [decide_stateful(setup, shard, times, part, None)[0] for shard, part in enumerate(parts)]
    (answer,) = [one for one in answers if len(one.places)]
    began = int(answer.places[0]) + 1
    assert set(answer.told["connection"].tolist()) == {began}
    assert set(answer.decisions["connection"].tolist()) == {began}
    assert answer.live.spread(len(times.nows)).max() == 1


def test_a_task_may_run_again() -> None:
    setup = made(TRACKING)
    located = located_of(setup, "midstream.pcapng")
    times, parts = split(setup, located)
    for part in parts:
        for array in (part.rows.frames, part.rows.packets, part.rows.quotes):
            array.flags.writeable = False
    first, known = decide_stateful(setup, 0, times, parts[0], None)
    again, known_again = decide_stateful(setup, 0, times, parts[0], None)
    assert first.decisions.tobytes() == again.decisions.tobytes()
    assert known == known_again


@pytest.mark.parametrize("limited", [False, True])
def test_the_stateless_mode_carries_on_only_what_rules_count(limited: bool) -> None:
    setup = made(LIMITED if limited else LIMITED.replace(", limit: 1/hour", ""))
    located = located_of(setup, "handshake.pcapng")
    first, counted = decide_stateless(setup, located, None)
    following, _ = decide_stateless(setup, located, counted)
    assert (counted is None) is not limited
    assert (first.decisions["verdict"].tolist() == following.decisions["verdict"].tolist()) is not limited


OPTIONS = """table inet t {
    chain f {
        type filter hook forward priority 0; policy drop;
        ct state established accept
        tcp option maxseg size 1400-1500 accept
        @th,32,16 8-60 accept
    }
}"""


@pytest.mark.parametrize("name", ["office.pcapng", "fragments.pcapng"])
def test_what_rules_ask_of_headers_comes_along(name: str) -> None:
    setup = made(OPTIONS)
    located = located_of(setup, name)
    times, parts = split(setup, located)
    stateful = np.zeros(len(located.seen), np.int64)
    for shard, part in enumerate(parts):
        answer, _ = decide_stateful(setup, shard, times, part, None)
        stateful[answer.places] = answer.decisions["verdict"]
    stateless, _ = decide_stateless(setup, located, None)
    whole = Result(open_captures([Input(str(PCAPS / name))]), Simulator(setup.ruleset)).decisions
    evaluated = located.seen.frames["reason"] == 0  # what waits for its datagram is told of later
    assert stateful[evaluated].tolist() == whole["stateful"]["verdict"][evaluated].tolist()
    assert stateless.decisions["verdict"].tolist() == whole["stateless"]["verdict"].tolist()
    assert len(set(stateful.tolist())) > 1


def test_changes_are_spread_to_what_they_were() -> None:
    for numbers in ([], [3], [0, 0, 2, 2, 1], [5, 5, 5]):
        column = np.array(numbers, np.int64)
        assert changes_of(column).spread(len(column)).tolist() == numbers


def test_nothing_changes_at_what_is_not_evaluated() -> None:
    owners = np.array([NOBODY, 0, NOBODY, 1, NOBODY])
    noted = np.array([[9, 9], [2, 0], [9, 9], [1, 1], [9, 9]])
    assert there_were([4, 7], noted, owners != NOBODY).tolist() == [[4, 7], [2, 0], [2, 0], [1, 1], [1, 1]]


def test_chance_is_that_of_the_seed() -> None:
    rules = "table ip t {\n chain f { type filter hook forward priority 0; numgen random mod 2 0 drop\n }\n}\n"
    stateless, stateful = set(), set()
    for seed in range(6):
        setup = replace(made(rules), shards=1, seed=seed)
        located = located_of(setup, "midstream.pcapng")
        times, parts = split(setup, located)
        stateless.add(decide_stateless(setup, located, None)[0].decisions["verdict"].tobytes())
        stateful.add(decide_stateful(setup, 0, times, parts[0], None)[0].decisions["verdict"].tobytes())
    assert len(stateless) == len(stateful) == 6
