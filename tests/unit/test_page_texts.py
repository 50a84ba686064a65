from __future__ import annotations

from fwsim.page.texts import LONGEST, Records, Texts, shown


def test_a_text_is_kept_once() -> None:
    texts = Texts()
    numbers = [texts.number(text) for text in ("web", None, "mail", "web", "")]
    assert numbers == [1, 0, 2, 1, 0]
    assert texts.all == ["", "web", "mail"]


def test_what_would_turn_the_writing_is_an_escape() -> None:
    assert shown("a\u202eb\x1b[31m\nc") == "a\\u202eb\\x1b[31m c"


def test_a_long_text_is_cut() -> None:
    assert len(shown("x" * 10_000)) == LONGEST
    assert shown("x" * 10_000).endswith("...")


def test_two_texts_that_are_shown_alike_stay_two() -> None:
    texts = Texts()
    assert texts.number("a" * 500) != texts.number("a" * 501)


def test_a_record_is_kept_once() -> None:
    records = Records()
    assert [records.number(record) for record in ((1, 2), (1,), (1, 2))] == [0, 1, 0]
    assert records.all == [(1, 2), (1,)]
