"""How an expression of `-Y` goes on: with words that make it one that can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.cli.completing.expression import continued
from fwsim.cli.completing.fields import EVIDENCE_WORDS
from fwsim.selection import Selection


def texts(typed: str, *, both: bool = True, quoted: bool = True) -> list[str]:
    return [found.text for found in continued(typed, both=both, quoted=quoted)]


def test_a_mode_is_offered_before_its_many_fields() -> None:
    assert texts("s") == ["sport", "seq", "src", "stateless.", "stateful."]
    assert texts("stateless.v") == [f"stateless.verdict {sign} " for sign in ("==", "!=", "in")]
    assert "verdict" in texts("", both=False)
    assert "verdict" not in texts("")


def test_words_of_a_field_follow_its_operator() -> None:
    assert texts("evidence contains ") == [f"evidence contains {word}" for word in EVIDENCE_WORDS]
    assert texts("src==10.1.0.5 and evidence==rst-i") == ["src==10.1.0.5 and evidence==rst-inexact"]
    assert texts("verdict in {drop, rej", both=False) == ["verdict in {drop, reject"]
    assert texts("not (proto == tc") == ["not (proto == tcp"]
    assert texts("src == ") == []


def test_tests_are_joined() -> None:
    assert texts("evidence == land ") == ["evidence == land and ", "evidence == land or "]
    assert texts("evidence c") == ["evidence contains "]
    assert texts("(evidence) a") == ["(evidence) and "]


def test_without_quotes_nothing_has_a_space() -> None:
    assert texts("evid", quoted=False) == ["evidence=="]
    assert texts("evidence==rst-i", quoted=False) == ["evidence==rst-inexact"]


@pytest.mark.parametrize("both", [True, False])
@given(st.lists(st.integers(0, 200), max_size=8))
def test_what_is_offered_can_be_parsed_once_it_is_finished(both: bool, choices: list[int]) -> None:
    """Choose what is offered again and again: the selection understands what comes of it."""
    text = ""
    for choice in choices:
        found = continued(text, both=both, quoted=True)
        if not found:
            text = f"{text}1"  # a number, an address, a name: it is typed
            continue
        chosen = found[choice % len(found)]
        if chosen.text == text:
            break
        text = chosen.text
        if not chosen.unfinished:
            Selection(text, ("stateless", "stateful") if both else ("stateful",))


@given(st.text("ab =:'\"\\!()<>{},stateful.verdict", max_size=30))
def test_any_text_can_be_gone_on_with(text: str) -> None:
    for found in continued(text, both=True, quoted=True):
        assert found.text.startswith(text.rstrip("abcdefghijklmnopqrstuvwxyz.=:!<>")) or found.text
