"""Counted connections, beside a connection table of which the test is master."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.connection_count import COLLECTED_MOST
from fwsim.netfilter import Set
from fwsim.netfilter.steps import Connections, Unknown, Update
from fwsim.terms import CtStatus, TcpState
from tests.keeping_by_key import Keeper
from tests.netfiltering import number

FIRST = 2
"""The first row of a connection table."""


def at_most(count: int, **more: Any) -> Connections:
    return Connections(count, **more)


def connect(firewall: Keeper, number_of: int, **fields: Any) -> bool | None:
    """A packet of a connection that is confirmed, by the number of its port."""
    firewall.connect(FIRST + number_of, 1000 + number_of)
    return firewall.accepts(sport=1000 + number_of, **fields)


def again(firewall: Keeper, number_of: int, **fields: Any) -> bool | None:
    """One more of its packets."""
    firewall.books["connection"] = FIRST + number_of
    return firewall.accepts(sport=1000 + number_of, **fields)


def test_connections_are_counted_once_each() -> None:
    firewall = Keeper([at_most(2)])
    assert [connect(firewall, n) for n in range(3)] == [True, True, False]
    assert [again(firewall, n) for n in (0, 1, 2, 0)] == [False] * 4, "there are three of them"


def test_over_is_the_opposite() -> None:
    firewall = Keeper([at_most(1, over=True)])
    assert [connect(firewall, n) for n in range(3)] == [False, True, True]


def test_a_connection_that_is_gone_counts_no_more() -> None:
    firewall = Keeper([at_most(2)])
    for n in range(3):
        connect(firewall, n)
    firewall.delete(FIRST)
    assert again(firewall, 2) is True


def test_what_is_gone_behind_the_own_connection_is_not_noticed() -> None:
    firewall = Keeper([at_most(2)])
    for n in range(3):
        connect(firewall, n)
    firewall.delete(FIRST + 1)
    assert again(firewall, 0) is False, "as in Linux 6.18: the list is left where the packet's own is met"
    assert again(firewall, 2) is True


def test_a_closed_connection_of_tcp_counts_no_more() -> None:
    for state, counted in ((TcpState.TIME_WAIT, False), (TcpState.CLOSE, False), (TcpState.LAST_ACK, True)):
        firewall = Keeper([at_most(1)])
        connect(firewall, 0)
        firewall.close(FIRST, state)
        assert connect(firewall, 1) is not counted


def test_of_many_that_are_gone_so_many_are_noticed_at_a_time() -> None:
    firewall = Keeper([at_most(50)])
    for port in range(5000, 5120):
        firewall.books["connection"] = -1
        firewall.accepts(sport=port)
        # each is gone when the next comes, so none is left but the last
    assert int(firewall.memory.keyed.entries[1]["count"]) == 1


@given(st.integers(1, 40), st.integers(0, 3))
def test_packets_of_nothing_that_stays_are_counted_until_the_next(packets: int, limit: int) -> None:
    firewall = Keeper([at_most(limit)])
    firewall.books["connection"] = -1
    for port in range(packets):
        assert firewall.accepts(sport=3000 + port) is (limit >= 1)


def test_when_so_many_are_gone_the_rest_is_left_for_the_next_packet() -> None:
    firewall = Keeper([at_most(56)])
    rows = 120
    for n in range(rows):
        connect(firewall, n)
    for n in range(rows):
        firewall.delete(FIRST + n)
    assert connect(firewall, rows) is True, "65 were taken out, 55 and its own are left"
    assert firewall.books["tuples"] == rows - (COLLECTED_MOST + 1) + 1
    assert again(firewall, rows) is True
    assert firewall.books["tuples"] == 1


def test_each_key_has_its_connections() -> None:
    firewall = Keeper([at_most(1, key=(("src", 24),))])
    assert connect(firewall, 0, src="10.1.0.5")
    assert connect(firewall, 1, src="10.1.0.6") is False
    firewall.connect(FIRST + 2, 1002, src=0x0A020005)
    assert firewall.accepts(sport=1002, src="10.2.0.5")


def test_each_element_of_a_set_has_its_connections() -> None:
    each = Update("add", "s", ("src",), steps=(at_most(1),))
    firewall = Keeper([each], sets=[Set("s", ("ipv4_addr",), dynamic=True)])
    assert [connect(firewall, n) for n in range(2)] == [True, False]
    firewall.connect(FIRST + 2, 1002, src=0x0A020005)
    assert firewall.accepts(sport=1002, src="10.2.0.5")


def test_a_set_whose_connections_are_gone_has_room_again() -> None:
    each = Update("add", "s", ("src",), steps=(at_most(1),))
    firewall = Keeper([each], sets=[Set("s", ("ipv4_addr",), dynamic=True, size=1)])
    assert connect(firewall, 0)
    firewall.connect(FIRST + 2, 1002, src=0x0A020005)
    assert firewall.accepts(0.5, sport=1002, src="10.2.0.5") is False
    firewall.delete(FIRST)
    assert firewall.accepts(0.9, sport=1002, src="10.2.0.5") is False, "it is collected once a second"
    assert firewall.accepts(1.1, sport=1002, src="10.2.0.5") is True


def test_a_packet_that_belongs_to_none_is_looked_up_by_its_own_tuple() -> None:
    firewall = Keeper([at_most(1)])
    connect(firewall, 0)
    firewall.books["connection"] = -1  # invalid
    assert firewall.accepts(sport=1000) is True
    assert firewall.accepts(sport=80, dport=1000, src="192.0.2.2", dst="10.1.0.5") is True, "the reply, too"
    assert firewall.accepts(sport=1001) is False


def test_a_quiet_look_counts_nothing() -> None:
    firewall = Keeper([at_most(1)])
    connect(firewall, 0)
    firewall.connect(FIRST + 1, 1001)
    assert firewall.accepts(sport=1001, quiet=1) is False
    assert again(firewall, 0) is True
    firewall.delete(FIRST)
    firewall.books["connection"] = FIRST + 1
    assert firewall.accepts(sport=1001, quiet=1) is True


def test_without_tracking_nothing_is_known() -> None:
    firewall = Keeper([at_most(1)])
    firewall.without_tracking()
    assert firewall.accepts() is None
    assert firewall.ask().reason == "not-counted"


def test_a_connection_that_may_not_exist_leaves_the_count_unknown() -> None:
    firewall = Keeper([at_most(1)])
    connect(firewall, 0)
    firewall.tracker.connections[FIRST]["status"] = int(CtStatus.TENTATIVE)
    assert connect(firewall, 1) is None
    firewall.tracker.connections[FIRST]["status"] = 0
    assert again(firewall, 1) is None


def test_a_packet_that_may_not_have_come_leaves_the_count_unknown() -> None:
    firewall = Keeper(
        [number("dport", 9), Unknown("what is not simulated"), at_most(1)], [number("dport", 80), at_most(1)]
    )
    assert connect(firewall, 0) is True
    assert connect(firewall, 1, dport=9) is None
