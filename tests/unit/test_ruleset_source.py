"""Bytes as text: encodings, what is no ruleset at all, what cannot be opened."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from fwsim.errors import RulesetError
from fwsim.ruleset import load_ruleset


def load_error(data: bytes) -> list[str]:
    file = io.BytesIO(data)
    with pytest.raises(RulesetError) as caught:
        load_ruleset(file)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"name: a\nrules: [\xff]\n", "<input>:2:9: not UTF-8: invalid start byte"),
        ("größe: ".encode() + b"\xc3(", "<input>:1:8: not UTF-8: invalid continuation byte"),
        (b"name: a\0b\n", "<input>:1:8: the control character U+0000 is not allowed, expected text"),
        (b"name: \x1b[31m\n", "<input>:1:7: the control character U+001B is not allowed, expected text"),
        (b"", "<input>:1:1: expected a ruleset (nft, iptables, or a mapping with 'rules' or 'chains'), found nothing"),
        (
            b"# only this\n",
            "<input>:1:1: expected a ruleset (nft, iptables, or a mapping with 'rules' or 'chains'), found nothing",
        ),
        (
            b"- a\n",
            "<input>:1:1: expected a ruleset (nft, iptables, or a mapping with 'rules' or 'chains'), found a list",
        ),
        (
            b"words\n",
            "<input>:1:1: expected a ruleset (nft, iptables, or a mapping with 'rules' or 'chains'), found 'words'",
        ),
        (b"{}", "<input>:1:1: a ruleset needs 'rules' or 'chains' (or at least a 'policy')"),
        (
            b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00",
            "<input>: is a capture, expected a ruleset in YAML, JSON, nft or iptables",
        ),
        (b"\x1f\x8b\x08\x00", "<input>: is a gzip file, expected a ruleset in YAML, JSON, nft or iptables"),
    ],
)
def test_bytes_that_are_no_ruleset_are_told_apart(data: bytes, expected: str) -> None:
    assert load_error(data) == [expected]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(encoding: str) -> None:
    ruleset = load_ruleset(io.BytesIO("name: Büro\npolicy: drop\n".encode(encoding)))
    assert ruleset.name == "Büro"


def test_a_byte_order_mark_shifts_no_column() -> None:
    assert load_error("\N{BOM}polcy: drop\n".encode())[0].startswith("<input>:1:1: ")


def test_a_file_larger_than_the_bound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(33 << 20)
    with pytest.raises(RulesetError, match="larger than 32 MiB"):
        load_ruleset(path)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "is a directory, expected a ruleset file"),
        (lambda path: path.symlink_to(path), "cannot be read: "),
    ],
)
def test_what_cannot_be_opened_is_told(tmp_path: Path, make: object, told: str) -> None:
    path = tmp_path / "rules.yaml"
    make(path)  # type: ignore[operator]
    with pytest.raises(RulesetError) as caught:
        load_ruleset(path)
    assert str(caught.value).startswith(f"{path}: {told}")


def test_an_open_text_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(b"name: \xff\xfe\n")
    with path.open(encoding="utf-8") as file, pytest.raises(RulesetError, match="cannot be read: "):
        load_ruleset(file)
