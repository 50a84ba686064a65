from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.nft.source import LARGEST, Source, byte_length, decoded, read_bytes, shown


def test_a_place_is_told_by_line_and_column_from_one() -> None:
    source = Source("x", "ab\ncd\n")
    assert [source.place(offset) for offset in (0, 2, 3, 4, 6)] == [(1, 1), (1, 3), (2, 1), (2, 2), (3, 1)]


def test_bytes_that_are_not_utf8_are_refused_where_they_stand() -> None:
    with pytest.raises(RulesetError, match=r"^x:2:3: not UTF-8"):
        decoded("x", b"a\nb \xff")


def test_a_script_that_is_too_large_is_refused() -> None:
    with pytest.raises(RulesetError, match="x: larger than 32 MiB"):
        decoded("x", b" " * (LARGEST + 1))


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(RulesetError, match="a: no such file"):
        read_bytes(tmp_path / "none", "a")
    with pytest.raises(RulesetError, match="a: is a directory"):
        read_bytes(tmp_path, "a")


def test_a_text_is_shown_short_and_harmless() -> None:
    assert shown("a\x1b[0m") == "'a\N{REPLACEMENT CHARACTER}[0m'"
    assert len(shown("a" * 1000)) == 62
    assert byte_length("é\ud800") == 5
