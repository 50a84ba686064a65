"""Nothing that could move a cursor or hide text gets through; letters of any alphabet do."""

from __future__ import annotations

import pytest

from fwsim.report.safe import left, right, safe, width


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


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("管理", 4), ("e\u0301", 1), ("", 0)])
def test_width_counts_terminal_columns(text: str, columns: int) -> None:
    assert width(text) == columns


def test_filling_up_aligns_wide_letters() -> None:
    assert left("管", 4) == "管  "
    assert right("管", 4) == "  管"
    assert right("longer", 2) == "longer"
