"""Tables as text and as an object: what differs from what is published is told."""

from __future__ import annotations

from fwsim.attack.literature.model import Row, Table, as_dict, number, text_of

MADE = Table(
    "made", "A title", "a book", ("who", "count"),
    (Row(("one", "7"), "7"), Row(("two", "8"), "9", False, "for a reason"), Row(("three", "1"))), ("a note",),
)  # fmt: skip


def test_a_row_that_differs_says_so_and_why() -> None:
    lines = list(text_of(MADE))
    assert lines[0] == "A title"
    assert lines[1].split() == ["who", "count", "published"]
    assert lines[2].split() == ["one", "7", "7"]
    assert lines[3].split() == ["two", "8", "9", "differs"]
    assert lines[5:] == ["  two: for a reason", "  a note", "  Source: a book"]
    assert not MADE.agrees


def test_a_long_note_is_wrapped() -> None:
    long = Table("long", "A title", "a book", ("who",), (), ("word " * 60,))
    assert max(map(len, text_of(long))) <= 118


def test_the_object_has_the_columns_by_name() -> None:
    rows = as_dict(MADE)["rows"]
    assert rows[1] == {"who": "two", "count": "8", "published": "9", "agrees": False, "why": "for a reason"}


def test_numbers_have_commas() -> None:
    assert number(735440) == "735,440"
