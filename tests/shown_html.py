"""HTML that is shown in notebooks, read again: whether it is balanced, and what stands in its cells."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = ("br",)
HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(2)> \u202eevil\x1b[31m'
NFT = """table inet f {
 chain x {
  type filter hook forward priority 0; policy drop;
  ct state new accept comment "<script>alert(1)</script> <img src=x onerror=alert(2)> \u202eevil"
 }
}
"""
"""A ruleset that a stranger wrote; in ours, names must print."""
ALLOWED = {"div", "p", "b", "br", "table", "thead", "tbody", "tr", "th", "td", "pre"}


class Read(HTMLParser):
    """The elements of a text, each closed in its place, and the cells of its rows."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        assert {name for name, _ in attrs} <= {"style"}
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def assert_harmless(text: str) -> Read:
    """It holds what a stranger wrote as text only."""
    read = Read(text)
    assert "<script>alert(1)</script>" in read.text
    assert "\\u202e" in read.text
    assert not {"\u202e", "\x1b"} & set(text)
    return read
