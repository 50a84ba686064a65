"""Room among the entries by key."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.keyed_upkeep import collect, is_full, rehang, tidy
from fwsim.netfilter import Set
from fwsim.netfilter.steps import Connections, HashLimit, Lookup, Update
from fwsim.ruleset.values import Limit
from tests.keeping_by_key import SECOND, Keeper
from tests.netfiltering import number


def dynamic(size: int, timeout: int | None = 5) -> Set:
    return Set(
        "s", ("inet_service",), dynamic=True, size=size, timeout_ns=None if timeout is None else timeout * SECOND
    )


def adding(size: int, timeout: int | None = 5) -> Keeper:
    rules = [number("dport", 1), Update("add", "s", ("sport",))], [Lookup(("sport",), set="s")]
    return Keeper(*rules, sets=[dynamic(size, timeout)])


def count(firewall: Keeper) -> int:
    return int(firewall.memory.keyed.states[0]["count"])


def test_expired_entries_are_collected_only_where_room_is_wanted() -> None:
    firewall = adding(2)
    for port in (1, 2):
        firewall.accepts(0, dport=1, sport=port)
    assert firewall.accepts(5.5, dport=2, sport=1) is False
    assert count(firewall) == 2
    assert firewall.accepts(5.5, dport=1, sport=3) is True
    assert count(firewall) == 1


def test_what_is_full_is_looked_through_once_a_second() -> None:
    firewall = adding(1, timeout=None)
    firewall.accepts(0, dport=1, sport=1)
    rules, kept, now = firewall.lowered.program.keyed, firewall.memory.keyed, int(firewall.books["latest"])
    assert is_full(rules, kept, 0, now + 90 * SECOND)
    assert kept.states[0]["collected"] == 0, "nothing can have expired"
    kept.entries[1]["expires"] = kept.states[0]["soonest"] = now + 10
    assert is_full(rules, kept, 0, now + 11)
    assert not is_full(rules, kept, 0, now + SECOND)


def test_collecting_finds_the_next_to_expire() -> None:
    firewall = adding(9)
    for now in range(3):
        firewall.accepts(now, dport=1, sport=now + 1)
    first = int(firewall.books["origin"])
    collect(firewall.memory.keyed, 0, first + 5 * SECOND)
    assert count(firewall) == 2
    assert firewall.memory.keyed.states[0]["soonest"] == first + 6 * SECOND


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 2), st.integers(1, 4)), max_size=30), st.data())
def test_tidying_between_packets_changes_no_answer(events: list[tuple[int, int, int]], data: Any) -> None:
    firewalls = adding(3), adding(3)
    now = 0
    for gap, dport, sport in events:
        now += gap
        one, other = (firewall.accepts(now / 1000, dport=dport, sport=sport) for firewall in firewalls)
        assert one == other
        if data.draw(st.booleans()):
            tidy(firewalls[0].lowered.program.keyed, firewalls[0].memory.keyed)
    assert count(firewalls[0]) <= count(firewalls[1])


def test_tidying_forgets_keys_of_hashlimit_and_lists_of_connections_that_are_gone() -> None:
    limit = HashLimit("h", Limit(1, SECOND, 1), (("src", 32),), SECOND)
    firewall = Keeper([limit, Connections(5, key=(("src", 32),))])
    firewall.connect(2, 1000)
    firewall.accepts(0, sport=1000)
    tables = firewall.lowered.program.keyed, firewall.memory.keyed
    tidy(*tables)
    counts = [int(state["count"]) for state in firewall.memory.keyed.states]
    assert counts == [1, 1]
    firewall.delete(2)
    firewall.books["latest"] += 2 * SECOND
    tidy(*tables)
    assert [int(state["count"]) for state in firewall.memory.keyed.states] == [0, 0]
    assert firewall.books["tuples"] == 0


def test_entries_hang_in_more_buckets_in_the_order_they_had() -> None:
    firewall = adding(50, timeout=None)
    for port in range(40):
        firewall.accepts(0, dport=1, sport=port)
    old = firewall.memory.keyed
    larger = old._replace(buckets=np.zeros(1024, np.int64))
    rehang(larger, old.buckets)
    firewall.memory = firewall.memory._replace(keyed=larger)
    assert all(firewall.accepts(0, dport=2, sport=port) for port in range(40))
    assert firewall.accepts(0, dport=2, sport=41) is False
