"""Tables of entries by key as a whole."""

from __future__ import annotations

import numpy as np

from fwsim import keyed_tables
from fwsim.engine.entries import Keyed
from fwsim.keyed_tables import Element, grow, make_keyed, no_rules, no_tracker, room_lacks
from fwsim.netfilter import Set
from fwsim.netfilter.steps import Connections, Lookup, Update
from fwsim.ruleset.values import Numbers
from tests.keeping_by_key import Keeper
from tests.netfiltering import number

MANY = Set("s", ("inet_service",), ((Numbers(((1000, 1999),)),),), dynamic=True, size=100_000)


def test_a_ruleset_that_keeps_nothing_takes_next_to_nothing() -> None:
    kept = make_keyed(no_rules(), [], no_tracker(), key=1)
    assert [len(part) for part in (kept.entries, kept.keys, kept.buckets, kept.states, kept.stamps)] == [1, 0, 1, 0, 0]
    assert not room_lacks(kept, no_rules(), 10_000)


def test_what_stands_in_the_ruleset_is_there_whatever_the_key() -> None:
    rules = Keeper([Lookup(("sport",), set="s")], sets=[MANY]).lowered.program.keyed
    for key in (0, 1, 1 << 60):
        kept = make_keyed(rules, [Element(0, (port,), 7) for port in range(100)], no_tracker(), key=key)
        assert kept.states[0]["count"] == 100
        assert kept.entries["expires"][1:101].tolist() == [7] * 100


def test_tables_grow_until_all_packets_may_make_an_entry_and_lose_none() -> None:
    firewall = Keeper(
        [number("dport", 1), Update("add", "s", ("sport",))], [number("dport", 2), Lookup(("sport",), set="s")],
        sets=[MANY],
    )  # fmt: skip
    rules = firewall.lowered.program.keyed
    kept = make_keyed(rules, [], no_tracker(), key=1)
    assert room_lacks(kept, rules, 1000)
    firewall.memory = firewall.memory._replace(keyed=grow(kept, rules, 1000))
    for port in range(1000):
        assert firewall.accepts(dport=1, sport=port)
    kept = firewall.memory.keyed
    assert not np.any(kept.states["unknown"])
    assert room_lacks(kept, rules, 4000)
    firewall.memory = firewall.memory._replace(keyed=grow(kept, rules, 4000))
    assert all(firewall.accepts(dport=2, sport=port) for port in range(1000))


def test_a_small_set_needs_no_more_rows_than_it_may_have_entries() -> None:
    small = Set("s", ("inet_service",), dynamic=True, size=10)
    rules = Keeper([Update("add", "s", ("sport",))], sets=[small]).lowered.program.keyed
    assert not room_lacks(make_keyed(rules, [], no_tracker(), key=1), rules, 1_000_000)


def test_where_there_is_no_row_left_the_answer_is_unknown() -> None:
    firewall = Keeper([Update("add", "s", ("sport",))], sets=[MANY])
    kept = make_keyed(firewall.lowered.program.keyed, [], no_tracker(), key=1)
    firewall.memory = firewall.memory._replace(keyed=kept)
    answers = [firewall.accepts(sport=port) for port in range(len(kept.entries) + 1)]
    assert answers == [True] * (len(kept.entries) - 1) + [None] * 2


def test_counted_connections_have_room_too() -> None:
    rules = Keeper([Connections(3)]).lowered.program.keyed
    kept = make_keyed(rules, [], no_tracker(), key=1)
    assert len(grow(kept, rules, 1000).tuples) > 1000


def test_a_copy_shares_nothing_but_the_connection_table() -> None:
    kept = make_keyed(no_rules(), [], no_tracker(), key=1)
    other = keyed_tables.copy(kept)
    assert other.tracker is kept.tracker
    assert all(getattr(other, name) is not getattr(kept, name) for name in Keyed._fields if name != "tracker")
