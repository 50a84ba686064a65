"""Text becomes HTML in one place, and nothing in it can be more than text."""

from __future__ import annotations

from fwsim.notebook.markup import (
    AS_TYPED,
    LONGEST,
    MOST,
    block,
    element,
    joined,
    lines,
    preformatted,
    table,
    text,
    written,
)
from tests.shown_html import HOSTILE, Read, assert_harmless


def test_what_a_stranger_writes_stays_text() -> None:
    assert_harmless(block(HOSTILE, element("b", HOSTILE), table((HOSTILE,), [(HOSTILE,)], "<"), preformatted(HOSTILE)))


def test_markup_is_not_escaped_twice() -> None:
    assert text(joined(element("b", "a & b"), "<")) == "<b>a &amp; b</b>&lt;"


def test_lines_stay_lines_where_they_are_preformatted_only() -> None:
    assert preformatted("a\nb<") == f'<pre style="{AS_TYPED}">a\nb&lt;</pre>'
    assert text("a\nb") == "a\\nb"


def test_long_texts_and_long_tables_are_cut_and_say_so() -> None:
    assert len(text("x" * 10 * LONGEST)) == LONGEST
    read = Read(block(table(("n",), [(number,) for number in range(MOST + 5)], ">")))
    assert (len(read.rows), read.rows[-1]) == (MOST + 1, [str(MOST - 1)])
    assert read.text.endswith("... 5 more")
    assert Read(block(table(("n",), [("1",)], ">", total=1_001))).text == "n1... 1,000 more"


def test_of_a_long_rule_the_end_is_shown_too() -> None:
    rule = written("tcp dport {" + " 443," * LONGEST + " 80 }\n  log prefix " + "x" * 20 + " accept")
    assert text(rule).startswith("tcp dport { 443,")
    assert text(rule).endswith(" 80 } log prefix " + "x" * 20 + " accept")
    assert (len(rule), rule.count(" ... ")) == (LONGEST, 1)
    assert written("tcp  dport 80\naccept") == "tcp dport 80 accept"


def test_a_column_without_name_and_content_is_left_out() -> None:
    assert Read(table(("a", "", ""), [("1", "", ""), ("2", "", "x")], "><~")).rows == [["a", ""], ["1", ""], ["2", "x"]]
    assert Read(table(("a", "b"), [("1", "")], "><")).rows == [["a", "b"], ["1", ""]]


def test_parts_stand_one_under_the_other() -> None:
    assert lines([element("b", "a"), text("<")]) == "<p><b>a</b><br>&lt;</p>"
