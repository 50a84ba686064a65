"""Every third-party capture reads as Wireshark's capinfos reads it, or is refused where that has a reason."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from fwsim.capture import Input, open_captures
from fwsim.errors import CaptureError

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus" / "pcaps"
FILES = sorted(path for path in CORPUS.rglob("*") if path.is_file()) if CORPUS.is_dir() else []
pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not FILES, reason="no third-party captures beside the checkout"),
]


def read(path: Path) -> tuple[int | None, bool, str]:
    """The frames, whether all of the file was read, and what was said of it."""
    try:
        captures = open_captures([Input(str(path))], digest=False)
        count = sum(len(chunk) for chunk in captures)
    except CaptureError as error:
        return None, False, str(error)
    return count, captures.complete, "; ".join(captures.files[0].warnings)


@cache
def counted() -> dict[str, int]:
    """The packets of each file that capinfos reads to its end, by path."""
    answer = subprocess.run(["capinfos", "-TMrc", *map(str, FILES)], capture_output=True, text=True, check=False)
    rows = [line.split("\t") for line in answer.stdout.splitlines()]
    complained = set(re.findall(r'"([^"]+)"', answer.stderr))
    return {row[0]: int(row[-1]) for row in rows if len(row) > 1 and row[-1].isdigit() and row[0] not in complained}


def test_every_file_ends_in_frames_or_a_reason() -> None:
    for path in FILES:
        count, complete, said = read(path)
        assert complete or said, path
        assert count is not None or str(path) in said


@pytest.mark.skipif(shutil.which("capinfos") is None, reason="capinfos (Wireshark) is not installed")
def test_counts_agree_with_capinfos_wherever_it_reads_the_whole_file() -> None:
    known = counted()
    assert len(known) > len(FILES) // 2
    differing = {}
    for path in FILES:
        count, complete, said = read(path)
        refused = "is not read" in said or "snoop" in said  # link types and formats that are refused by name
        if str(path) in known and not refused and (count, complete) != (known[str(path)], True):
            differing[str(path)] = (count, known[str(path)], said)
    assert differing == {}
