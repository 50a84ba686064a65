"""Connections by their source: the next one is translated alike."""

from __future__ import annotations

from fwsim.engine.sources import NOWHERE, first_of_source, hang_by_source, leave_source, next_of_source
from fwsim.lower.settings import settings_row
from fwsim.ruleset.conntrack import Conntrack
from fwsim.terms import CtStatus
from fwsim.tracker import grow, make_tracker
from fwsim.uncompiled import flush, usable
from tests.deciding import udp
from tests.natted import HOST, PEER, Gateway


def test_the_newest_from_a_source_comes_first_and_who_is_gone_is_passed_over() -> None:
    tracker = usable(make_tracker(settings_row(Conntrack(), True, (4,)), key=1))
    wanted = tracker.tuples[0]
    for row in (2, 3, 4, 5):
        known = tracker.tuples[2 * row]
        known["src0"], known["src_id"], known["proto"], known["dst0"] = (9 if row == 4 else 7), 80, 17, row
        tracker.connections[row]["status"] = int(CtStatus.CONFIRMED)
        hang_by_source(tracker, row)
    wanted["src0"], wanted["src_id"], wanted["proto"] = 7, 80, 17
    assert first_of_source(tracker, wanted) == 5
    assert next_of_source(tracker, 5, wanted) == 3
    tracker.connections[3]["status"] |= int(CtStatus.DYING)
    assert next_of_source(tracker, 5, wanted) == 2
    assert next_of_source(tracker, 2, wanted) == NOWHERE
    leave_source(tracker, 5)
    assert first_of_source(tracker, wanted) == 2


def test_a_socket_keeps_its_address_whomever_it_speaks_to() -> None:
    chain = 'type nat hook postrouting priority srcnat; oifname "wan" snat to 203.0.113.10-203.0.113.40'
    gate = Gateway(f"table ip nat {{ chain post {{ {chain}\n}}\n}}\n")
    found = set()
    for number in range(8):
        gate.ask(udp(HOST, f"198.51.100.{number + 1}"))
        assert gate.left is not None
        found.add(gate.left.split(" ")[0])
    assert len(found) == 1
    gate.ask(udp(HOST, PEER, ports=(40001, 53)))
    assert gate.left is not None


def test_a_table_that_grows_keeps_its_sources() -> None:
    table = make_tracker(settings_row(Conntrack(), True, (4,)), key=1)
    tables = usable(table)
    for row in (2, 3):
        tables.tuples[2 * row]["src0"], tables.tuples[2 * row]["proto"] = 7, 17
        tables.connections[row]["status"] = int(CtStatus.CONFIRMED)
        hang_by_source(tables, row)
    tables.counters[0]["used"], tables.counters[0]["live"] = 4, 2
    flush(tables)
    larger = usable(grow(table, 1000))
    assert len(larger.sources) >= 1002
    assert first_of_source(larger, larger.tuples[4]) == 3
    assert next_of_source(larger, 3, larger.tuples[4]) == 2
