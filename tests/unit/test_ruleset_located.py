"""Trees that know their places: finding a node's place, and taking faulty nodes out."""

from __future__ import annotations

from fwsim.ruleset.located import Document, List, Map, place_of, without
from fwsim.ruleset.mistakes import KEY
from fwsim.ruleset.text import parse_text

SOURCE = """\
rules:
  - {src: [10.0.0.1, x], verdict: drop}
  - {src: y}
shared: &s {a: 1, b: 2}
also: *s
"""


def tree() -> Map:
    root, _, _ = parse_text(Document("f", SOURCE))
    assert isinstance(root, Map)
    return root


def test_a_path_leads_to_a_value_its_key_or_an_item() -> None:
    root = tree()
    assert place_of(root, ("rules", 0, "src")) == ("f", 2, 11)
    assert place_of(root, ("rules", 0, "src", KEY)) == ("f", 2, 6)
    assert place_of(root, ("rules", 0, "src", 1)) == ("f", 2, 22)
    assert place_of(root, ()) == ("f", 1, 1)


def test_a_path_that_ends_early_leads_to_the_last_node_on_it() -> None:
    root = tree()
    assert place_of(root, ("rules", 1, "src", 5, "x")) == ("f", 3, 11)
    assert place_of(root, ("rules", 9)) == ("f", 2, 3)
    assert place_of(root, ("nowhere",)) == ("f", 1, 1)


def test_taking_nodes_out_leaves_the_original_whole() -> None:
    root = tree()
    rest = without(root, [("rules", 0), ("rules", 1, "src"), ("shared", "a")])
    assert rest == {"rules": [{}, {}], "shared": {"b": 2}, "also": {"a": 1, "b": 2}}
    assert root == tree()


def test_what_remains_keeps_its_places() -> None:
    rest = without(tree(), [("rules", 0, "src")])
    assert place_of(rest, ("rules", 0, "verdict")) == ("f", 2, 35)
    assert rest["rules"][0].location().text == "{src: [10.0.0.1, x], verdict: drop}"


def test_paths_that_lead_nowhere_take_nothing_out() -> None:
    assert without(tree(), [("nowhere", "at", "all")]) == tree()


def test_a_list_made_by_hand_has_the_places_it_is_given() -> None:
    items = List(("f", 1, 1))
    items.put("x", ("f", 7, 3))
    assert place_of(items, (0,)) == ("f", 7, 3)


def test_a_path_through_a_scalar_takes_nothing_out() -> None:
    assert without(tree(), [("rules", 1, "src", "deeper")]) == tree()
