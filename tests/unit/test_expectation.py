"""What is expected: whose it is, which one it is, how long, and that there is one for each master."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fwsim.engine import expectation
from fwsim.engine.expectation import (
    LIFETIME,
    NOT_AT_ALL,
    PERHAPS,
    SURELY,
    clashes,
    expect,
    expectation_of,
    find_master,
    withdraw,
)
from fwsim.engine.expiry import delete
from fwsim.engine.tuples import Tracker, find, of_packet
from fwsim.engine.vague import VAGUE_ADDRESS
from fwsim.tables import Row
from fwsim.terms import UNKNOWN_VALUE, CtStatus
from tests.tracking import Bench, Datagram, tcp

CLIENT, SERVER = "10.0.0.1", "10.0.1.1"
SYN = 2


class Table(Bench):
    """Control connections with the helper, made as the rules would."""

    def master(self, client: str = CLIENT, port: int = 4000, server: str = SERVER) -> int:
        """A new control connection; its row."""
        opening = tcp(client, port, server, 21, SYN)
        self.track(opening)
        self.tracker.connections[0]["status"] |= int(CtStatus.HELPER)
        self.settle()
        return self.row(opening)

    def row(self, datagram: Datagram) -> int:
        packet = self.tables[1][0]
        datagram.fill(packet)
        of_packet(packet, self.tracker.tuples[0])
        return find(self.tracker, self.tracker.tuples[0]) >> 1

    def awaited(self, src: str, dst: str, port: int, now: int = 0, proto: int = 6) -> int:
        """The master that expects this connection."""
        packet = self.tables[1][0]
        Datagram(src, dst, proto, 20, port).fill(packet)
        of_packet(packet, self.tracker.tuples[0])
        return find_master(self.tracker, now)


@pytest.fixture
def table() -> Table:
    return Table()


def chain(tracker: Tracker) -> Iterator[int]:
    row = tracker.counters[0]["newest_expecting"]
    while row >= 0:
        yield row
        row = expectation_of(tracker, row)["older"]


@pytest.mark.parametrize(("direction", "src", "dst"), [(0, SERVER, CLIENT), (1, CLIENT, SERVER)])
def test_who_is_spoken_to_is_expected_by_the_announcer(table: Table, direction: int, src: str, dst: str) -> None:
    row = table.master()
    expect(table.tracker, row, direction, 1025, 0, SURELY)
    assert table.awaited(src, dst, 1025) == row
    assert table.awaited(dst, src, 1025) == -1
    assert table.awaited(src, dst, 1026) == -1
    assert table.awaited("10.0.1.9", dst, 1025) == -1
    assert table.awaited(src, dst, 1025, proto=17) == -1


def test_it_is_expected_until_its_time_is_over(table: Table) -> None:
    row = table.master()
    expect(table.tracker, row, 0, 1025, 7, SURELY)
    assert table.awaited(SERVER, CLIENT, 1025, 7 + LIFETIME - 1) == row
    assert table.awaited(SERVER, CLIENT, 1025, 7 + LIFETIME) == -1


def test_a_master_expects_one_at_a_time(table: Table) -> None:
    row = table.master()
    for port in (1025, 1026):
        expect(table.tracker, row, 0, port, 0, SURELY)
    assert table.awaited(SERVER, CLIENT, 1025) == -1
    assert table.awaited(SERVER, CLIENT, 1026) == row
    assert list(chain(table.tracker)) == [row]


@pytest.mark.parametrize(
    ("before", "how", "now", "port"),
    [
        (1025, PERHAPS, 0, UNKNOWN_VALUE),
        (1026, PERHAPS, 0, 1026),
        (1025, SURELY, 0, 1026),
        (1025, PERHAPS, LIFETIME, 1026),
    ],
    ids=["another", "the same", "surely", "over"],
)
def test_what_is_only_perhaps_replaced_is_perhaps_still_expected(
    table: Table, before: int, how: int, now: int, port: int
) -> None:
    row = table.master()
    assert expect(table.tracker, row, 0, before, 0, SURELY)
    assert expect(table.tracker, row, 0, 1026, now, how) is (port == 1026)
    expectation = expectation_of(table.tracker, row)
    assert (expectation["port"], expectation["saved"], expectation["expects"]) == (port, port, how)


def test_what_is_withdrawn_leaves_the_others_in_the_chain(table: Table) -> None:
    rows = [table.master(port=port) for port in (4000, 4001, 4002)]
    for leaving in rows:
        for place, row in enumerate(rows):
            expect(table.tracker, row, 0, 1000 + place, 0, SURELY)
        assert sorted(chain(table.tracker)) == rows
        withdraw(table.tracker, leaving)
        withdraw(table.tracker, leaving)
        assert sorted(chain(table.tracker)) == [row for row in rows if row != leaving]
        for row in rows:
            withdraw(table.tracker, row)
        assert list(chain(table.tracker)) == []


def test_nothing_is_expected_any_more_when_the_master_is_deleted(table: Table) -> None:
    row = table.master()
    expect(table.tracker, row, 0, 1025, 0, SURELY)
    delete(table.tracker, row)
    assert table.awaited(SERVER, CLIENT, 1025) == -1
    assert table.master(port=4001) == row
    assert list(chain(table.tracker)) == []


def test_the_same_connection_is_not_expected_by_two(table: Table) -> None:
    one, other = table.master(), table.master(port=4001)
    expect(table.tracker, one, 0, 1025, 0, SURELY)
    assert clashes(table.tracker, other, 0, 1025, 0)
    assert not clashes(table.tracker, other, 0, 1026, 0)
    assert not clashes(table.tracker, other, 1, 1025, 0)
    assert not clashes(table.tracker, one, 0, 1025, 0)
    assert not clashes(table.tracker, other, 0, 1025, LIFETIME)


def test_one_that_is_surely_expected_goes_before_one_that_perhaps_is(table: Table) -> None:
    one, other = table.master(), table.master(port=4001)
    expect(table.tracker, one, 0, 1025, 0, SURELY)
    expect(table.tracker, other, 0, UNKNOWN_VALUE, 0, PERHAPS)
    assert table.awaited(SERVER, CLIENT, 1025) == one
    assert table.awaited(SERVER, CLIENT, 1026) == other


@pytest.mark.parametrize("port", [1025, UNKNOWN_VALUE], ids=["perhaps there", "at an unknown port"])
def test_what_may_not_be_expected_clashes_perhaps(table: Table, port: int) -> None:
    one, other = table.master(), table.master(port=4001)
    expect(table.tracker, one, 0, port, 0, PERHAPS)
    assert clashes(table.tracker, other, 0, 1025, 0) == PERHAPS


def test_any_other_clashes_perhaps_with_a_port_that_is_not_known(table: Table) -> None:
    one, other = table.master(), table.master(port=4001)
    assert clashes(table.tracker, one, 0, UNKNOWN_VALUE, 0) == NOT_AT_ALL
    expect(table.tracker, other, 0, 1025, 0, SURELY)
    assert clashes(table.tracker, one, 0, UNKNOWN_VALUE, 0) == PERHAPS
    assert clashes(table.tracker, one, 1, UNKNOWN_VALUE, 0) == NOT_AT_ALL


@pytest.mark.parametrize(("end", "direction"), [("src0", 1), ("dst0", 0)])
def test_an_address_that_is_not_known_may_be_any(table: Table, end: str, direction: int) -> None:
    row = table.master()
    table.tracker.tuples[2 * row + 1 - direction][end] = VAGUE_ADDRESS
    expect(table.tracker, row, direction, 1025, 0, PERHAPS)
    ends = (SERVER, "10.9.9.9") if end == "dst0" else ("10.9.9.9", SERVER)
    assert table.awaited(*ends, 1025) == row
    assert table.awaited(*ends[::-1], 1025) == -1


def test_a_sure_clash_outweighs_a_doubtful_one(table: Table) -> None:
    one, two, three = table.master(), table.master(port=4001), table.master(port=4002)
    expect(table.tracker, one, 0, 1025, 0, SURELY)
    expect(table.tracker, two, 0, UNKNOWN_VALUE, 0, PERHAPS)
    assert clashes(table.tracker, three, 0, 1025, 0) == SURELY


def test_what_has_expired_is_met_once(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [table.master(port=4000 + number) for number in range(6)]
    for place, row in enumerate(rows):
        expect(table.tracker, row, 0, 1025 + place, place, SURELY)
    asked: list[int] = []
    is_expected = expectation.is_expected

    def counting(tracker: Tracker, row: int, wanted: Row) -> bool:
        asked.append(row)
        return bool(is_expected(tracker, row, wanted))

    monkeypatch.setattr(expectation, "is_expected", counting)
    assert table.awaited(SERVER, CLIENT, 9999, LIFETIME + 3) == -1
    assert asked == [rows[5], rows[4]]
    assert list(chain(table.tracker)) == [rows[5], rows[4]]
    assert clashes(table.tracker, rows[0], 0, 1029, LIFETIME + 4) == NOT_AT_ALL
    assert list(chain(table.tracker)) == [rows[5]]
    assert table.awaited(SERVER, CLIENT, 1030, LIFETIME + 4) == rows[5]


def test_masters_have_rows_of_their_own_which_are_used_again(table: Table) -> None:
    Bench.see(table, tcp(CLIENT, 9, SERVER, 80, SYN))  # has no helper
    rows = [table.master(port=port) for port in (4000, 4001, 4002)]
    extensions = [table.tracker.connections[row]["extension"] for row in rows]
    assert extensions == [0, 1, 2]
    for row in rows[:2]:
        expect(table.tracker, row, 0, 1025, 0, SURELY)
        delete(table.tracker, row)
    again = [table.master(port=port) for port in (4003, 4004, 4005)]
    assert [table.tracker.connections[row]["extension"] for row in again] == [1, 0, 3]
    assert list(chain(table.tracker)) == []
    assert table.tracker.counters[0]["helped"] == 4
