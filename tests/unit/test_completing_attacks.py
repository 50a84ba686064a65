"""The attacks that TAB offers are those that can be crafted."""

from __future__ import annotations

from fwsim.attack.literature.tables import TABLES
from fwsim.attack.registry import FAMILIES
from fwsim.cli.completing.attacks import LITERATURE, OPTIONS, STYLES


def test_families_and_styles_are_those_of_the_registry() -> None:
    assert {name: [style.name for style in family.styles] for name, family in FAMILIES.items()} == STYLES


def test_options_and_their_choices_are_those_of_the_families() -> None:
    taken = {name: {option.name: option.choices for option in family.options} for name, family in FAMILIES.items()}
    offered = {name: {key: tuple(values) for key, values in options.items()} for name, options in OPTIONS.items()}
    assert offered == taken


def test_tables_of_the_literature_are_those_there_are() -> None:
    assert tuple(TABLES) == LITERATURE
