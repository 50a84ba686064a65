"""What steps can look at."""

from __future__ import annotations

import pytest

from fwsim.netfilter.fields import FIELDS, Fib, Raw


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_of_numbers_or_bits_says_how_many_bits_and_others_do_not(name: str) -> None:
    kind = FIELDS[name]
    assert kind.kind in ("number", "bits", "address", "name")
    assert (kind.bits > 0) == (kind.kind in ("number", "bits"))
    assert kind.bits < 64  # what a row can hold


def test_selectors_that_ask_the_same_are_equal() -> None:
    assert Raw("th", 0, 16) == Raw("th", 0, 16)
    assert Fib(frozenset({"saddr", "iif"}), "oif") == Fib(frozenset({"iif", "saddr"}), "oif")
    assert len({Raw("th", 0, 16), Raw("nh", 0, 16)}) == 2
