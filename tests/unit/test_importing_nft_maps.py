"""Maps and verdict maps."""

from __future__ import annotations

import pytest

from tests.nft_importing import refused_rule, script, short, table_of, told

MAPS = """
map v { type inet_service : verdict; elements = { 22 : accept, 23 : jump other }
}
map m { type ipv4_addr : mark; elements = { 10.0.0.1 : 5 }
}
"""


def test_a_verdict_map_is_chosen_from_by_name() -> None:
    assert told("tcp dport vmap @v", "ip", MAPS) == ["proto=6", "dport map @v"]
    cases = table_of(script("tcp dport vmap @v", "ip", MAPS)).sets["v"].cases
    assert cases is not None
    assert [short(step) for case in cases for step in case.steps] == ["accept", "jump other"]


def test_the_cases_of_a_map_are_what_its_first_use_makes_of_them() -> None:
    table = table_of(script("meta mark set ip saddr map @m", "ip", MAPS))
    cases = table.sets["m"].cases
    assert cases is not None
    assert [short(step) for step in cases[0].steps] == ["mark := 0x5"]


def test_a_map_that_is_used_for_two_things_has_cases_of_its_own_for_the_second() -> None:
    rule = "meta mark set ip saddr map @m ct mark set ip saddr map @m"
    assert told(rule, "ip", MAPS) == ["src map @m", "src map 10.0.0.1: ct_mark := 0x5"]


def test_elements_added_behind_the_rule_belong_to_the_map() -> None:
    text = script("meta mark set ip saddr map @m", "ip", MAPS) + "add element t m { 10.0.0.2 : 6 }\n"
    cases = table_of(text).sets["m"].cases
    assert cases is not None
    assert len(cases) == 2


def test_a_computed_key_in_a_named_map_is_not_simulated() -> None:
    rule = "ip saddr & 255.255.255.0 map @m"
    assert told(f"meta mark set {rule}", "ip", MAPS) == [f"?({rule}) map @m"]


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ("tcp dport vmap @m", "has elements of ipv4_addr, not inet_service"),
        ("ip saddr vmap @m", "is no map to verdict"),
        ("meta mark set tcp dport map @v", "is no map to mark"),
        ("tcp dport vmap { 22 : jump nowhere }", "there is no chain 'nowhere'"),
        ("jump nowhere", "there is no chain 'nowhere'"),
        ("22 vmap { 22 : accept }", "cannot be a constant"),
        (
            "snat to ip saddr map { 10.0.0.1 : 1.2.3.4, 10.0.0.2 : 1.2.3.5-1.2.3.9 }",
            "either single values or intervals",
        ),
    ],
)
def test_a_map_of_other_types_is_refused(rule: str, what: str) -> None:
    assert what in refused_rule(rule, "ip", MAPS)
