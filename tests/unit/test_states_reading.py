"""Which of the formats a file is in is seen by its content."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.errors import UsageError
from fwsim.states import reading
from fwsim.states.reading import read_state
from tests.unit.test_states_as_text import TCP


def test_both_formats_are_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(TCP + "\n")
    (tmp_path / "b").write_text('\n{"format": "fwsim connections", "version": 1, "connections": []}')
    assert len(read_state(str(tmp_path / "a")).entries) == 1
    assert read_state(str(tmp_path / "b")).entries == []


def test_mistakes_name_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content, said in ((b"\xff\xfe", "no text"), (b"x", "line 1"), (b"{", "no JSON")):
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(UsageError, match=f"{tmp_path}/a: .*{said}"):
            read_state(str(tmp_path / "a"))
    with pytest.raises(UsageError, match="cannot be read"):
        read_state(str(tmp_path / "missing"))
    monkeypatch.setattr(reading, "MOST", 1)
    with pytest.raises(UsageError, match="too large"):
        read_state(str(tmp_path / "b")) if (tmp_path / "b").write_text("##") else None
