"""Cases chosen by -k and --tag."""

from __future__ import annotations

import pytest

from fwsim.errors import UsageError
from fwsim.expectations.choosing import Chosen
from fwsim.expectations.model import Case

CASE = Case.model_validate({"packet": "tcp 1.1.1.1 > 2.2.2.2:80", "verdict": "drop", "tags": ["Web", "slow"]})


def chosen(expression: str | None, *tags: str) -> bool:
    return Chosen(expression, tags)("rules/office.fwsim.yaml", "The public server", CASE)


@pytest.mark.parametrize(
    ("expression", "is_chosen"),
    [
        ("public", True), ("PUBLIC", True), ("private", False), ("web", True), ("office", True), ("rules", False),
        ("web and slow", True), ("web and not slow", False), ("private or slow", True), ("not private", True),
        ("not (web and slow)", False), ("'public server'", True), ('"the server"', False), ("'and' or web", True),
        ("private and web or slow", True), ("not not web", True), (None, True),
    ],
)  # fmt: skip
def test_words_are_found_in_names_tags_and_files(expression: str | None, is_chosen: bool) -> None:
    assert chosen(expression) is is_chosen


def test_one_of_the_tags_must_be_there_as_it_is_written() -> None:
    assert chosen(None, "Web")
    assert chosen(None, "dns", "slow")
    assert not chosen(None, "web")
    assert not chosen("private", "Web")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "expected a word at the end"), ("web and", "expected a word at the end"), ("and web", "found 'and'"),
        ("web slow", "'slow' is too much"), ("(web", "expected '\\)'"), ("web)", "'\\)' is too much"),
        ("'web", "a quote is not closed"), ("not " * 60 + "web", "nested more than 50 deep"),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_refused(expression: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Chosen(expression)
