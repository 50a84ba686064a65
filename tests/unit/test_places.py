"""The tables of where things lie."""

from __future__ import annotations

from fwsim.engine import places as p
from tests.placed import office


def test_classes_of_addresses_are_distinct_bits() -> None:
    bits = [
        p.DECLARED, p.LOCAL, p.BROADCAST, p.LIMITED, p.MULTICAST, p.LINK_MULTICAST, p.NODE_MULTICAST, p.LOOPBACK,
        p.UNSPECIFIED, p.LINK_LOCAL, p.NEVER, p.PRIVATE, p.UNROUTED,
    ]  # fmt: skip
    assert sorted(bits) == [1 << number for number in range(len(bits))]


def test_tables_are_of_their_row_types() -> None:
    where = office().places
    types = {
        "routes": p.ROUTE, "seen_on": p.SEEN_ON, "stations": p.STATION, "interfaces": p.INTERFACE,
        "sightings": p.SIGHTING, "crossings": p.SIGHTING, "learned": p.LEARNED, "counts": p.COUNTS,
    }  # fmt: skip
    assert {name: getattr(where, name).dtype for name in types} == types
    assert all(table.dtype.kind == "i" for name, table in where._asdict().items() if name not in types)


def test_tables_that_are_found_by_low_bits_have_a_power_of_two_of_rows() -> None:
    where = office().places
    for table in (where.sightings, where.learned):
        assert len(table) & (len(table) - 1) == 0
