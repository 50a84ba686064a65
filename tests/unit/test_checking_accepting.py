"""Files of accepted findings."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fwsim.checking import Kind, Level
from fwsim.checking.accepting import accepted_text, marked, read_accepted
from fwsim.checking.kinds import finding, fingerprinted
from fwsim.errors import RulesetError
from tests.findings import tcp, told


def test_what_is_written_is_accepted_when_it_is_read(tmp_path: Path) -> None:
    findings = told([tcp("1-10", "drop"), tcp("5-20"), tcp("5")])
    path = tmp_path / "accepted.json"
    path.write_text(accepted_text(findings[:1]))
    after = marked(findings, read_accepted(str(path)))
    assert [one.accepted for one in after] == [True, *(False for _ in findings[1:])]
    (entry,) = json.loads(path.read_text())["findings"]
    assert entry["kind"] == findings[0].kind.word


def test_a_finding_stands_in_a_line_of_its_own() -> None:
    findings = told([tcp("1-10", "drop"), tcp("5-20"), tcp("5")])
    assert accepted_text([]) == '{"fwsim_accepted": 1, "findings": [\n]}\n'
    assert len(accepted_text(findings).splitlines()) == len(findings) + 2


def test_what_was_accepted_as_a_note_is_not_accepted_as_a_warning(tmp_path: Path) -> None:
    one = finding(Kind.REPLIES_DROPPED, "edge.nft", 1, 1, "some answers are dropped", text="tcp dport 80 accept")
    path = tmp_path / "accepted.json"
    path.write_text(accepted_text(fingerprinted([replace(one, level=Level.NOTE)])))
    known = read_accepted(str(path))
    accepted = [marked(fingerprinted([replace(one, level=level)]), known)[0].accepted for level in Level]
    assert accepted == [True, False, False]
    path.write_text(path.read_text().replace('"level": "note", ', ""))  # as before there were levels
    assert marked(fingerprinted([one]), read_accepted(str(path)))[0].accepted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", ":1:2: "),
        ("[]", "is no file of accepted findings"),
        ('{"fwsim_accepted": 2, "findings": []}', "is no file of accepted findings"),
        ('{"fwsim_accepted": 1}', "has no list of findings"),
        ('{"fwsim_accepted": 1, "findings": [{"kind": "x"}]}', "a finding has no fingerprint"),
        ('{"fwsim_accepted": 1, "findings": [{"fingerprint": "x", "level": 3}]}', "expected note, warning, error"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_another_file_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "accepted.json"
    path.write_text(text)
    with pytest.raises(RulesetError) as refused:
        read_accepted(str(path))
    assert message in str(refused.value)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RulesetError, match="there is no such file yet: --update makes it"):
        read_accepted(str(tmp_path / "none"))
    with pytest.raises(RulesetError, match="cannot be read"):
        read_accepted(str(tmp_path))
    path = tmp_path / "bytes"
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(RulesetError, match="is no text"):
        read_accepted(str(path))


def test_a_file_without_end_is_refused() -> None:
    with pytest.raises(RulesetError, match="/dev/zero: cannot be read: File too large"):
        read_accepted("/dev/zero")
