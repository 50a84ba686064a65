"""Tables, chains, sets and objects while a script is read."""

from __future__ import annotations

from fwsim.importing.nft.ruleset import TableState, location
from fwsim.netfilter.steps import Rate
from fwsim.nft import parse_text
from tests.nft_importing import imported, script, steps_of


def test_parts_of_a_table_are_numbered_from_one() -> None:
    node = parse_text("table t { }\n").commands[0]
    table = TableState("ip", "t", node)
    assert (table.next_handle(), table.next_handle()) == (1, 2)
    assert table.title == "table ip t"


def test_names_of_interfaces_are_kept_in_order_and_once() -> None:
    text = script('iifname { "b*", "a" } oifname "b*" accept\niif lo drop\nct helper "ftp"')
    assert imported(text).interfaces == ("b*", "a", "lo")


def test_objects_used_by_rules_keep_the_text_of_the_rule() -> None:
    (step,) = steps_of("limit name l", "ip", "limit l { rate 5/second; }")
    assert isinstance(step, Rate)
    assert (step.object, step.text) == ("l", "limit name l")


def test_a_location_is_where_a_node_stands() -> None:
    node = parse_text("\n table t { }\n", "x.nft").commands[0]
    found = location(node)
    assert (found.path, found.line, found.column, found.text) == ("x.nft", 2, 2, "table t { }")
