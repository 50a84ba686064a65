"""Shards: what ends the sharing, what is told of it, and that the connections are shared out at all."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.capture.crafting import TCP, Ip, flag_bits, tcp_segment
from fwsim.engine.expectation import expectation_of
from fwsim.errors import UsageError
from fwsim.lower import lower
from fwsim.running import StatefulRun
from fwsim.sharding import FULL, LIMIT, LOOKED_AT, REPLACED, ShardedRun, stateful_run
from fwsim.simulator import Simulator
from fwsim.terms import CtState
from fwsim.tracker import connections_listing
from tests.deciding import EDGE, HERE, START_NS, STEP_NS, THERE, Rules, Wall, ruleset_of, tcp
from tests.replaying import by_age

LIMITED = [{"limit": {"rate": "1/hour", "burst": 2}, "verdict": "accept"}]


class Shards(Wall):
    """A wall whose simulator has several shards."""

    def __init__(self, rules: Rules, jobs: int, **document: Any) -> None:
        super().__init__(rules, **document)
        self.simulator = Simulator(ruleset_of(rules, **document), key=1, jobs=jobs)

    @property
    def sharded(self) -> ShardedRun:
        assert isinstance(self.simulator.stateful, ShardedRun)
        return self.simulator.stateful

    def open_many(self, count: int) -> None:
        """Open connections between different hosts."""
        for host in range(1, count + 1):
            assert self.ask(tcp(dst=f"203.0.113.{host}")).connection == host


def test_one_job_is_a_run_of_its_own() -> None:
    lowered = lower(ruleset_of(EDGE), interfaces=["lan", "wan"])
    assert isinstance(stateful_run(lowered, key=1, jobs=1), StatefulRun)
    assert isinstance(stateful_run(lowered, key=1, jobs=2), ShardedRun)


@pytest.mark.parametrize("jobs", [0, -1])
def test_no_jobs_are_refused(jobs: int) -> None:
    with pytest.raises(UsageError, match="expected a whole number, 1 or more"):
        Simulator(ruleset_of(EDGE), jobs=jobs)


def test_every_shard_has_its_share() -> None:
    asked = Shards(EDGE, 4)
    asked.open_many(60)
    live = [run.counters()["live"] for run in asked.sharded._shards]
    assert sum(live) == 60
    assert min(live) > 5


def test_a_limit_makes_one_shard_and_says_why() -> None:
    assert Shards(LIMITED, 3).sharded.one_because == LIMIT
    assert Shards(EDGE, 3).sharded.one_because is None


def test_a_table_that_may_fill_up_makes_one_shard_and_says_why() -> None:
    asked = Shards(EDGE, 3, conntrack={"max": 10})
    asked.open_many(10)
    assert asked.sharded.one_because is None
    asked.ask(tcp(dst="203.0.113.100"))
    assert asked.sharded.one_because == FULL
    assert asked.simulator.stateful.counters()["evicted"] == 1
    assert [listed["number"] for listed in connections_listing(asked.simulator.stateful.tracker)] == list(range(2, 12))


def test_time_passes_for_all_shards_and_for_one() -> None:
    asked = Shards(EDGE, 3)
    asked.open_many(9)
    stateful = asked.sharded
    last = START_NS + 8 * STEP_NS
    syn_sent = 120 * 10**9
    stateful.pass_time(last + syn_sent - STEP_NS)
    assert (stateful.counters()["live"], stateful.counters()["expired"]) == (1, 8)
    stateful.unite(LOOKED_AT)
    stateful.pass_time(last + syn_sent)
    assert (stateful.counters()["live"], stateful.counters()["expired"]) == (0, 9)
    assert stateful.counters()["peak"] == 9


def test_a_copy_of_the_table_is_of_all_shards_and_these_go_on() -> None:
    asked = Shards(EDGE, 3)
    asked.open_many(9)
    tracker, ghosts = asked.simulator.stateful.snapshot()
    assert [listed["number"] for listed in connections_listing(tracker)] == list(range(1, 10))
    assert list(connections_listing(ghosts)) == []
    assert asked.sharded.one_because is None
    assert asked.ask(tcp(dst="203.0.113.20")).connection == 10
    assert len(list(connections_listing(tracker))) == 9


def test_who_looks_into_the_table_finds_one_from_then_on() -> None:
    asked = Shards(EDGE, 3)
    asked.open_many(5)
    counters = asked.simulator.stateful.counters()
    assert len(list(connections_listing(asked.simulator.stateful.tracker))) == 5
    assert asked.sharded.one_because == LOOKED_AT
    one = asked.simulator.stateful.counters()
    assert {name: one[name] for name in ("live", "created", "peak", "next_number")} == {
        "live": 5, "created": 5, "peak": 5, "next_number": 6,
    }  # fmt: skip
    assert all(counters[name] in (one[name], -1) for name in counters)
    answer = tcp("SA", "203.0.113.3", "10.1.0.5", ports=(443, 40000), seq=1, ack=1001)
    assert asked.ask(answer).connection == 3


def test_who_is_given_a_table_goes_on_with_that() -> None:
    before, asked = Shards(EDGE, 3), Shards(EDGE, 3)
    before.open_many(5)
    asked.simulator.stateful.replace(*before.simulator.stateful.snapshot())
    assert asked.sharded.one_because == REPLACED
    answer = tcp("SA", "203.0.113.3", "10.1.0.5", ports=(443, 40000), seq=1, ack=1001)
    assert [asked.ask(answer).connection, asked.ask(tcp(dst="203.0.113.6")).connection] == [3, 6]


def test_a_refused_opening_keeps_its_number_when_it_is_admitted_at_last() -> None:
    asked = Shards(EDGE, 3)
    refused = asked.ask(tcp("S", THERE, "10.1.0.5", ports=(443, 40000)))
    other = asked.ask(tcp(dst="203.0.113.9"))
    admitted = asked.ask(tcp("S", "10.1.0.5", THERE, ports=(40000, 443)))
    assert [one.connection for one in (refused, other, admitted)] == [1, 2, 1]
    assert asked.ask(tcp(dst="203.0.113.10")).connection == 3


def test_refused_conversations_are_united_in_the_order_in_which_they_were_assured() -> None:
    """Which of them goes first when there are too many hangs on it."""
    hosts = [f"203.0.113.{host}" for host in range(10, 22)]
    alone, asked = Wall(EDGE), Shards(EDGE, 4)
    for wall in (alone, asked):
        for host in hosts:
            wall.ask(tcp("S", host, "10.1.0.5", ports=(443, 40000), seq=100))
        for host in reversed(hosts[3:]):
            wall.ask(tcp("SA", "10.1.0.5", host, ports=(40000, 443), seq=500, ack=101))
            wall.ask(tcp("A", host, "10.1.0.5", ports=(443, 40000), seq=101, ack=501))
    assert [run.usable().ghosts.counters[0]["live"] > 1 for run in asked.sharded._shards] == [True] * 4
    orders = [by_age(wall.simulator.stateful.ghosts) for wall in (alone, asked)]
    assert orders[0] == [[1, 2, 3], [*range(12, 3, -1)]]
    assert orders[1] == orders[0]


def ftp_rules() -> dict[str, Any]:
    """Inside may speak FTP to outside."""
    given = {"hook": "prerouting", "rules": [{"proto": "tcp", "dport": 21, "helper": "ftp"}]}
    control = {"iif": "lan", "proto": "tcp", "dport": 21, "verdict": "accept"}
    known = {"ct_state": ["established", "related"], "verdict": "accept"}
    return {"given": given, "filter": {"hook": "forward", "policy": "drop", "rules": [known, control]}}


def announce(wall: Wall, server: str, port: int) -> None:
    """An FTP client tells a server where it will listen; the first line of each side is none that is listened to."""

    def said(src: str, dst: str, ports: tuple[int, int], numbers: tuple[int, int], line: bytes) -> None:
        flags = flag_bits("PA")
        wall.ask(Ip(src, dst, TCP, tcp_segment(src, dst, ports, numbers, flags, 64240, data=line)))

    wall.ask(tcp("S", HERE, server, ports=(40000, 21), seq=100))
    wall.ask(tcp("SA", server, HERE, ports=(21, 40000), seq=500, ack=101))
    said(server, HERE, (21, 40000), (501, 101), b"220 \r\n")
    said(HERE, server, (40000, 21), (101, 507), b"NOOP\r\n")
    said(HERE, server, (40000, 21), (107, 507), b"PORT 10,1,0,5,4,%d\r\n" % (port - 1024))


def test_shards_that_expect_connections_are_united() -> None:
    asked = Shards(ftp_rules(), 4)
    for host in range(1, 13):
        announce(asked, f"203.0.113.{host}", 1024 + host)
    tracker = asked.simulator.stateful.tracker
    chained = []
    row = int(tracker.counters[0]["newest_expecting"])
    while row >= 0:
        expectation = expectation_of(tracker, row)
        chained.append(int(expectation["port"]))
        row = int(expectation["older"])
    assert sorted(chained) == list(range(1025, 1037))
    for host in (12, 1, 6):
        found = asked.ask(tcp("S", f"203.0.113.{host}", HERE, ports=(20, 1024 + host), seq=1))
        assert found.ct_state == CtState.RELATED
    assert asked.ask(tcp("S", "203.0.113.1", HERE, ports=(20, 1026), seq=1)).ct_state == CtState.NEW
