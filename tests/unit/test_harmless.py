"""Nothing that could move a cursor, hide text, compute, link or be marked up gets through; ordinary names do."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from fwsim.harmless import csv_cell, html, markdown, markdown_code, safe


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("\x1b[2J\x1b]0;owned\x07", r"\x1b[2J\x1b]0;owned\x07"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x9b31m", r"\x9b31m"),
        ("user\u202egnp.exe", r"user\u202egnp.exe"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("line\u2028end", r"line\u2028end"),
        ("\udcff\x00", r"\udcff\x00"),
    ],
)
def test_hostile_characters_are_written_as_escapes(hostile: str, harmless: str) -> None:
    assert safe(hostile) == harmless
    assert safe(hostile).isprintable()


@pytest.mark.parametrize("name", ["public web", "Büro", "管理", "правило", "\\x1b"])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert safe(name) == name


@pytest.mark.parametrize(
    ("formula", "kept"),
    [
        ("=1+1", "'=1+1"),
        ("+SUM(A1)", "'+SUM(A1)"),
        ("-cmd|calc", "'-cmd|calc"),
        ("@x", "'@x"),
        ("\t=1", "\\t=1"),
        ("\r=1", "\\r=1"),
        (" =1", "' =1"),
        ("a;=1+1;b", "a;'=1+1;b"),
        ("\uff1d1", "'\uff1d1"),
        ('=HYPERLINK("x","y")', '\'=HYPERLINK("x","y")'),
        ("\x1b[2J,\n", "\\x1b[2J,\\n"),
    ],
)
def test_a_formula_in_a_name_is_neutralised(formula: str, kept: str) -> None:
    (row,) = list(csv.reader(io.StringIO(f"{csv_cell(formula)},next\n", newline="")))
    assert row == [kept, "next"]


@pytest.mark.parametrize("number", ["-1", "+5", "-0.5", "12"])
def test_a_number_stays_a_number(number: str) -> None:
    assert csv_cell(number) == number


def test_other_values_of_cells_are_written_as_ever() -> None:
    cells = [csv_cell(value) for value in (None, True, False, ["a", "b"], 7, "x", "a,b", 'a"b')]
    assert cells == ["", "true", "false", "a b", "7", "x", '"a,b"', '"a""b"']


class Page(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.text = ""
        self.prose = ""
        """The same but for code."""
        self.code = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.append(tag)
        self.code += tag in ("code", "pre")

    def handle_endtag(self, tag: str) -> None:
        self.code -= tag in ("code", "pre")

    def handle_data(self, data: str) -> None:
        self.text += data
        self.prose += "" if self.code else data


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script><!--",
    "[a](javascript:alert(1)) ![i](http://evil.example/x.png) <http://evil.example>",
    "`code` ``two`` **bold** __b__ *i* _i_ ~~s~~ ~x~",
    "| a | b |",
    "# head",
    "&lt;b&gt; &#60;script&#62;",
    "\\`x\\` \\| \\\\",
    "http://evil.example https://evil.example www.evil.example ftp://x",
    "@octocat @org/team #12",
    "- x",
    "a\n\n<script>\r\n# b",
    "`",
    " ` ",
    "``` x",
]
RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_shows_a_text_as_it_is_and_nothing_else(text: str) -> None:
    page = Page(RENDERER.render(f"| a | b |\n|---|---|\n| x {markdown(text)} | y |\n"))
    assert page.elements == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]
    assert f"x {safe(text).rstrip()}" in page.text.replace("\u200b", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_code_in_markdown_shows_a_text_as_it_is(text: str) -> None:
    page = Page(RENDERER.render(f"see {markdown_code(text)} there"))
    assert page.elements == ["p", "code"]
    assert page.text == f"see {safe(text)} there\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_an_element_in_markdown_shows_a_text_as_it_is(text: str) -> None:
    page = Page(RENDERER.render(f"<details><summary>{html(text)}</summary>\n\nx\n\n</details>\n"))
    assert page.elements == ["details", "summary", "p"]
    assert safe(text) in page.text.replace("\u200b", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_becomes_a_link_or_a_mention_by_itself(text: str) -> None:
    assert not re.search(r"(?<!\\):(?=//)|www\.", markdown(text))
    for written in (markdown(text), f"<p>{html(text)}</p>"):
        assert not re.search(r"[@#]\w", Page(RENDERER.render(written)).text)


SIGNS = st.text(st.sampled_from("`*_[]()<>{}#|~&!\\\"'=+-.:/;,@ \t\r\n\x1b\u2028\uff1d0Aabhtpw"), max_size=24)


@given(SIGNS)
def test_whatever_it_is_markdown_shows_it(text: str) -> None:
    plain = safe(text).strip()
    page = Page(RENDERER.render(f"| a |\n|---|\n| x{markdown(text)}x |\n"))
    assert page.elements == ["table", "thead", "tr", "th", "tbody", "tr", "td"]
    assert plain in page.text.replace("\u200b", "")
    page = Page(RENDERER.render(f"<details><summary>{html(text)}</summary></details>\n"))
    assert page.elements == ["details", "summary"]
    assert plain in page.text.replace("\u200b", "")
    page = Page(RENDERER.render(f"x {markdown_code(text or 'x')} x"))
    assert page.elements == ["p", "code"]
    assert plain in page.text


@given(st.lists(SIGNS, min_size=1, max_size=4))
def test_whatever_they_are_cells_stay_cells_and_compute_nothing(texts: list[str]) -> None:
    line = ",".join(map(csv_cell, texts))
    (row,) = list(csv.reader(io.StringIO(line + "\n", newline=""))) if line else [[""]]
    assert len(row) == len(texts)
    for cell, text in zip(row, texts, strict=True):
        assert cell.replace("'", "") == safe(text).replace("'", "")
        for part in cell.split(";"):
            assert not re.match(r"\s*[=@\uff1d]|\s*[-+](?![\d.]+$)", part)
