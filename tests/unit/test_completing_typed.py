"""A line as far as it is typed: the word at the cursor, and whether a quote is open in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.cli.completing.typed import typed


@pytest.mark.parametrize(
    ("line", "words", "incomplete", "quote"),
    [
        ("", [], "", ""),
        ("fwsim", [], "fwsim", ""),
        ("fwsim ", ["fwsim"], "", ""),
        ("fwsim com", ["fwsim"], "com", ""),
        ("fwsim -Y 'src==1 and ev", ["fwsim", "-Y"], "src==1 and ev", "'"),
        ('fwsim -Y "src==1 and ev', ["fwsim", "-Y"], "src==1 and ev", '"'),
        ("fwsim -Y 'a b' c", ["fwsim", "-Y", "a b"], "c", ""),
        ("fwsim -Y '", ["fwsim", "-Y"], "", "'"),
    ],
)
def test_the_words_and_the_last_one(line: str, words: list[str], incomplete: str, quote: str) -> None:
    found = typed(line)
    assert (found.words, found.incomplete, found.quote, found.plain) == (words, incomplete, quote, True)


@pytest.mark.parametrize("line", ["fwsim my\\ f", "fwsim -Y src=='1", "fwsim 'a'b", "fwsim a\\", 'fwsim "a\\"b'])
def test_what_only_the_shell_can_go_on_with_gets_no_word_of_ours(line: str) -> None:
    found = typed(line)
    assert not found.plain
    assert not found.can_hold("word")


def test_a_word_has_to_be_safe_where_it_stands() -> None:
    assert typed("fwsim ").can_hold("evidence==rst-inexact")
    assert not typed("fwsim ").can_hold("evidence == rst-inexact")
    assert typed("fwsim '").can_hold('evidence != "$x"')
    assert not typed("fwsim '").can_hold("it's")
    assert not typed('fwsim "').can_hold("evidence != land")  # ! is the history of bash
    assert not typed("fwsim '").can_hold("two\nlines")


@given(st.text("ab =:'\"\\$\t#", max_size=20))
def test_any_line_can_be_read(line: str) -> None:
    found = typed(line)
    assert found.quote in ("", "'", '"')
    if found.plain:
        assert line.endswith(found.quote + found.incomplete)
