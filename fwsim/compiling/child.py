"""A process that compiles the engine, as the one that wants it sees it.

Read first: `fwsim.compiler.__main__`, which runs there.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from fwsim.native.keeping import is_lasting

LOG = "log"
"""The file in the folder with what went wrong."""
KEEP_GOING = b"k"
"""Written to a child that may go on when nobody waits for it any more."""

COMMAND = ("-P", "-m", "fwsim.compiler", "--watched")
"""What Python is started with; `-P` keeps it from importing what lies in the current folder."""

APART: dict[str, Any] = {} if os.name == "nt" else {"process_group": 0}
"""A terminal's Ctrl-C goes to the run alone, which then ends the process that compiles."""


class Child:
    """A process that compiles; it ends when this one does, unless it is let go."""

    def __init__(self, folder: Path) -> None:
        """Start it. It has none of this process's streams, so that no pipe is kept open by it."""
        self.folder = folder
        self.is_for_others = is_lasting(folder)
        environment = {
            **os.environ,
            "FWSIM_CACHE_DIR": str(folder.parent.parent),
            "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),
        }
        with open(folder / LOG, "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *COMMAND],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log, env=environment, **APART,
            )  # fmt: skip

    def has_failed(self) -> bool:
        """Whether it has ended without having done its work."""
        return self._process.poll() not in (None, 0)

    def let_go(self) -> bool:
        """Let it finish by itself; False if it has ended already."""
        if self._process.poll() is not None:
            self._close()
            return False
        with contextlib.suppress(BrokenPipeError):  # it has ended since
            os.write(self._pipe(), KEEP_GOING)
        self._close()
        self._process.returncode = 0  # nobody waits for it, and that is no mistake
        return True

    def end(self) -> None:
        """End it."""
        self._close()
        self._process.kill()
        self._process.wait()

    def _pipe(self) -> int:
        """Its standard input."""
        assert self._process.stdin is not None
        return self._process.stdin.fileno()

    def _close(self) -> None:
        """Close its standard input, which ends it unless it may go on."""
        assert self._process.stdin is not None
        self._process.stdin.close()
