"""Connections as a sequence."""

from __future__ import annotations

from fwsim.connections import Connections


def test_they_are_a_sequence_of_records_and_print_as_lines() -> None:
    known = Connections([{"connection": 1}, {"connection": 2}], ["one", "two"], 0, tracking=True)
    assert [one["connection"] for one in known] == [1, 2]
    assert known[1:] == [{"connection": 2}]
    assert {"connection": 2} in known
    assert str(known) == "one\ntwo"
