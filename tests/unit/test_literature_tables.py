"""The tables by their names."""

from __future__ import annotations

import pytest

from fwsim.attack.literature.tables import TABLES, chosen
from fwsim.errors import UsageError


def test_all_are_chosen_if_none_is_named() -> None:
    assert chosen(()) == list(TABLES.values())
    assert chosen(("rst-invalid",)) == [TABLES["rst-invalid"]]


def test_an_unknown_one_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'ack-scan'"):
        chosen(("ack-scam",))


@pytest.mark.parametrize("name", ["rst-invalid", "split-handshake"])
def test_a_table_has_the_name_by_which_it_is_found(name: str) -> None:
    assert TABLES[name]().name == name
