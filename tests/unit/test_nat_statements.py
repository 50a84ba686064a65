"""Statements that translate, with what must be asked before them."""

from __future__ import annotations

from random import Random

import pytest

from fwsim.fuzz.nat import statements


@pytest.mark.parametrize("makings", [statements.DESTINATION, statements.SOURCE, statements.AT_INPUT, statements.RARE])
def test_a_statement_with_a_port_has_a_protocol_asked_for_before_it(makings: tuple[statements.Making, ...]) -> None:
    for number, making in enumerate(makings * 20):
        condition, statement = making(Random(number), 4, " ip")
        if ":" in statement.replace(" : ", " "):
            assert condition, statement


def test_an_ipv6_address_with_a_port_stands_in_brackets() -> None:
    assert statements.to(Random(1), 6, "fd00::1", "80") == "[fd00::1]:80"
    assert statements.to(Random(1), 4, "10.0.0.1", "80") == "10.0.0.1:80"
    assert statements.to(Random(1), 6, "fd00::1") == "fd00::1"


def test_the_family_is_named_where_the_table_does_not() -> None:
    found = {statements.dnat(Random(number), 6, " ip6")[1].rsplit(" ", 1)[0] for number in range(5)}
    assert found == {"dnat ip6 to"}
