"""Named sets while a script is read."""

from __future__ import annotations

import random

import pytest

from fwsim.ruleset.values import Addresses
from tests.nft_importing import refused, table_of


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "table t {\n set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 10.1.0.0/16 }\n}\n}\n",
            "overlaps with another",
        ),
        (
            "table t {\n"
            " set s { type ipv4_addr; flags interval; elements = { 10.0.0.1-10.0.0.5, 10.0.0.5-10.0.0.9 }\n}\n}\n",
            "overlaps with another",
        ),
        (
            "table t {\n"
            " set s { type ipv4_addr . inet_service; flags interval; "
            "elements = { 10.0.0.0/8 . 22, 10.1.0.0/16 . 22 }\n}\n}\n",
            "overlaps with another",
        ),
        ("table t {\n set s { type ipv4_addr; elements = { 10.0.0.0/8 }\n}\n}\n", "expected 'flags interval'"),
        ("table t {\n set s { type ipv4_addr; size 2; elements = { 1.2.3.4, 1.2.3.5, 1.2.3.6 }\n}\n}\n", "is full"),
        (
            "table t {\n map s { type ipv4_addr : verdict; elements = { 1.2.3.4 : accept, 1.2.3.4 : drop }\n}\n}\n",
            "in the set already",
        ),
        (
            "add table t\nadd set t s { type ipv4_addr; }\nadd element t s { 1.2.3.4 }\n"
            "create element t s { 1.2.3.4 }\n",
            "in the set already",
        ),
        ("add table t\nadd set t s { type ipv4_addr; }\ndelete element t s { 1.2.3.4 }\n", "no such element"),
        (
            "add table t\nadd set t s { type ipv4_addr; flags interval; }\n"
            "add element t s { 10.0.0.0/8 }\nadd element t s { 10.0.0.0/9 }\n",
            "overlaps with another",
        ),
    ],
)
def test_elements_that_the_kernel_refuses_are_refused(text: str, what: str) -> None:
    assert what in refused(text)


def test_elements_that_are_equal_or_merged_are_fine() -> None:
    same = "table t {\n set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 10.0.0.0/8 }\n}\n}\n"
    merged = same.replace("interval;", "interval; auto-merge;").replace("10.0.0.0/8 }", "10.1.0.0/16 }")
    for text in (same, merged):
        assert table_of(text).sets["s"].value == Addresses(((0x0A000000, 0x0AFFFFFF),))


def test_many_elements_in_any_order_are_checked_against_each_other() -> None:
    numbers = list(range(0, 2000, 2))
    random.Random(5).shuffle(numbers)
    elements = ", ".join(str(number) for number in numbers)
    text = f"table t {{\n set s {{ type inet_service; flags interval; elements = {{ {elements} }}\n}}\n}}\n"
    assert len(table_of(text).sets["s"].value.intervals) == 1000  # type: ignore[union-attr]
    more = text + "add element t s { 5 }\nadd element t s { 7-8 }\n"
    assert "overlaps with another" in refused(more)
    assert "overlaps with another" in refused(text.replace("elements = {", "elements = { 100-200,"))


def test_a_removed_element_is_gone() -> None:
    text = "table t {\n set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 11.0.0.0/8 }\n}\n}\n"
    text += "delete element t s { 10.0.0.0/8 }\nadd element t s { 10.0.0.0/9 }\n"
    assert table_of(text).sets["s"].value == Addresses(((0x0A000000, 0x0A7FFFFF), (0x0B000000, 0x0BFFFFFF)))


def test_a_flushed_set_is_empty() -> None:
    text = "table t {\n set s { type mark; elements = { 1 }\n}\n}\nflush set t s\n"
    assert table_of(text).sets["s"].value is None
