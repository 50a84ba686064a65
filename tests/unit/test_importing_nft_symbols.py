"""The symbolic constants of data types."""

from __future__ import annotations

from fwsim.importing.nft.symbols import SYMBOLS, numbered
from fwsim.importing.nft.types import READERS
from fwsim.terms import CtState, CtStatus


def test_pairs_of_words_are_a_table() -> None:
    assert numbered("a 1 b 0x10") == {"a": 1, "b": 16}


def test_every_type_with_constants_can_be_read() -> None:
    assert set(SYMBOLS) <= set(READERS)


def test_connection_states_have_the_numbers_of_the_vocabulary() -> None:
    for name, number in SYMBOLS["ct_state"].items():
        assert CtState[name.upper()] == number
    for name, number in SYMBOLS["ct_status"].items():
        assert CtStatus[name.upper().replace("-", "_")] == number
