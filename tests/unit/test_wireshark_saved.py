"""Saved filters of a ruleset's rules."""

from __future__ import annotations

from fwsim.naming import RuleNames
from fwsim.report.wireshark.saved import BUTTONS, LONGEST_NAME, RULES_MOST, filters
from tests.batches import CHAINS, RULES, FakeRule


def test_a_rule_is_asked_for_by_its_chain_and_its_name_or_place() -> None:
    found = filters({"stateful": RuleNames(RULES, CHAINS)})
    assert found["stateful: rule broken of forward"] == (
        'frame.comment contains "stateful.chain=forward; stateful.rule=broken;"'
    )
    assert found["stateful: rule 3 of forward"].endswith('stateful.rule=3;"')
    assert not any(name.startswith("stateless: rule") for name in found)


def test_a_rule_cannot_take_the_place_of_another_filter() -> None:
    plain = filters({})
    hostile = [FakeRule(name, 1, 1) for name in ("x", "x", "accept", 'a\n"both admit" frame', "y" * 500)]
    found = filters({"stateful": RuleNames(hostile, CHAINS)})
    assert {name: found[name] for name in plain} == plain
    assert len(found) == len(plain) + 4
    assert all(name.isprintable() and len(name) <= LONGEST_NAME for name in found)


def test_of_a_large_ruleset_the_first_rules_have_filters() -> None:
    rules = [FakeRule(None, number, number) for number in range(1, 1001)]
    names = RuleNames(rules, CHAINS)
    assert len(filters({"stateless": names, "stateful": names})) == len(filters({})) + 2 * RULES_MOST


def test_every_button_says_what_it_asks_for() -> None:
    assert all(one.label and one.comment for one in BUTTONS)
    assert len({one.label for one in BUTTONS}) == len(BUTTONS)
