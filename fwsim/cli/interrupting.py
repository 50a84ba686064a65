"""Ctrl-C: the first ends a run behind the chunk it is at, the second ends the process at once.

Read first: `Interruption`; `signal`'s remarks on handlers. What is said of a run that was ended so is in
`fwsim.cli.summing_up`.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import Any, NoReturn

from fwsim.cli import INTERRUPTED

_CLEARED = b"\r\x1b[K\x1b[?25h"
"""For a terminal: the line of progress is gone, and the cursor back."""


class Interruption:
    """A context manager: while it lasts, the first Ctrl-C sets it, and does nothing else.

    No lock is taken (a signal may come while another is handled). A process that was told to ignore the signal, as
    `nohup` and scripts do for what they put in the background, goes on ignoring it.
    """

    def __init__(self) -> None:
        """Not asked to end."""
        self._asked = False
        self._before: Any = None

    def __enter__(self) -> Interruption:
        """Take over the signal; only the main thread may."""
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) not in (signal.SIG_IGN, None):
            self._before = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signal back."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def is_set(self) -> bool:
        """Whether the run is to end."""
        return self._asked

    def _interrupted(self, number: int, frame: object) -> None:
        """The signal came."""
        if self._asked:
            leave_at_once()
        self._asked = True


def leave_at_once() -> NoReturn:
    """End the process as it is: no thread is waited for, nothing that is still in memory is written."""
    try:
        cleared = _CLEARED if sys.stderr.isatty() else b""
        os.write(2, cleared + b"interrupted\n")
    finally:
        os._exit(INTERRUPTED)
