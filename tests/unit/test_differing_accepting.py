"""Changes that are meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.differing.accepting import accepted_text, read_accepted
from fwsim.errors import UsageError
from tests.differing import Json, compared


def tcp(port: int | str | list[int]) -> list[Json]:
    return [{"proto": "tcp", "dport": port, "verdict": "accept"}]


def test_what_was_accepted_counts_no_more_and_what_grew_does(tmp_path: Path) -> None:
    path = tmp_path / "meant.json"
    first = compared(tcp(80), tcp("80-81"))
    path.write_text(accepted_text(first.groups, first.settings))
    accepted = read_accepted(str(path))
    assert compared(tcp(80), tcp("80-81"), accepted=accepted).exit_status == 0
    grown = compared(tcp(80), tcp("80-82"), accepted=accepted)
    assert (grown.exit_status, len(grown.accepted_no_more)) == (1, 1)


def test_a_change_of_which_little_is_shown_is_told_from_another_one_like_it(tmp_path: Path) -> None:
    path = tmp_path / "meant.json"
    many = [*range(1, 40, 2)]
    first = compared([], tcp(many))
    assert "more" in first.groups[0].regions[0].text
    path.write_text(accepted_text(first.groups, first.settings))
    others = [*many[:-1], 445]
    assert compared([], tcp(others), accepted=read_accepted(str(path))).exit_status == 1


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"schema_version": 2}', '{"schema_version": 1, "accepted": [{"key": 1}]}', "[" * 100_000]
)
def test_what_is_no_such_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "meant.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"meant\.json"):
        read_accepted(str(path))


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="no/such"):
        read_accepted("no/such/file")
