"""A checkpoint is one run's at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fwsim.checkpoint.lock import SUFFIX, locked, unlock
from fwsim.errors import UsageError

pytest.importorskip("fcntl")


def test_who_comes_second_is_refused_until_the_first_is_done(tmp_path: Path) -> None:
    path = str(tmp_path / "kept")
    first = locked(path)
    assert first is not None
    with pytest.raises(UsageError, match="kept: another run is going on with this checkpoint"):
        locked(path)
    unlock(path, first)
    assert os.listdir(tmp_path) == []
    again = locked(path)
    assert again is not None
    unlock(path, again)


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = str(tmp_path / "kept")
    program = "import os, sys; from fwsim.checkpoint.lock import locked; locked(sys.argv[1]); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", program, path], check=False, timeout=60)
    assert os.path.exists(path + SUFFIX)
    file = locked(path)
    assert file is not None
    unlock(path, file)


def test_where_nothing_can_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written: No such file or directory"):
        locked(str(tmp_path / "no" / "kept"))
