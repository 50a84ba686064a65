"""Names and comments as nft takes them."""

from __future__ import annotations

import pytest

from fwsim.convert import to_nft
from fwsim.convert.identifiers import Identifiers, comment_of, remark_of
from tests.converting import chain, ruleset


@pytest.mark.parametrize(
    ("name", "expected"), [("drop", "drop_"), ("1st", "n_1st"), ("größe", "gr__e"), ("a.b-c/d", "a.b-c/d")]
)
def test_a_chain_has_a_name_that_nft_takes(name: str, expected: str) -> None:
    text = to_nft(ruleset({"verdict": f"jump {name}"}, chains={name: {}}))
    assert chain(text, "rules") == [f"jump {expected}"]
    assert f"\tchain {expected} {{\n" in text


def test_names_that_become_the_same_stay_apart() -> None:
    identifiers = Identifiers()
    assert [identifiers.fresh(name) for name in ("ä", "ö", "ü")] == ["n__", "n___2", "n___3"]


def test_a_comment_is_cut_between_letters() -> None:
    assert comment_of("a" + "é" * 100) == f'comment "a{"é" * 63}"'
    assert remark_of("one\ntwo") == "# one two"
