"""What TAB offers in `-Y` is what `-Y` takes."""

from __future__ import annotations

import pytest

from fwsim.cli.completing.fields import kinds
from fwsim.selection.fields import EVIDENCE_WORDS, Bits, Field, Number, Truth, Word, fields_of


def words_of(field: Field) -> set[str]:
    if isinstance(field, Bits):
        return set(EVIDENCE_WORDS)
    if isinstance(field, Truth):
        return {"true", "false"}
    if isinstance(field, Word):
        return set(field.words.values())
    return set(field.numbers) if isinstance(field, Number) else set()


@pytest.mark.parametrize("modes", [("stateless", "stateful"), ("stateful",)])
def test_fields_operators_and_words_are_those_of_the_selection(modes: tuple[str, ...]) -> None:
    offered = {name: (kind.operators, set(kind.words)) for name, kind in kinds(both=len(modes) > 1).items()}
    taken = {name: (tuple(field.operators), words_of(field)) for name, field in fields_of(modes).items()}
    assert offered == taken
