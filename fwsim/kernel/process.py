"""The worker process as seen from outside: started, asked, ended.

Read first: `fwsim.kernel.worker`. The namespace is the worker's alone; this process never leaves its own network. The
worker ends when this end of the pipe closes: by `close`, at Ctrl-C, or because this process was killed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import fwsim
from fwsim.errors import KernelError, UsageError
from fwsim.kernel.orders import Refused

PATIENCE = 5.0
"""Seconds that a worker is given to end."""


class Process:
    """A worker in a network namespace of its own."""

    def __init__(self) -> None:
        """Start it. Raises KernelError where the kernel forbids the namespace, with the call that failed."""
        if sys.platform != "linux":
            raise KernelError(f"the kernel as a firewall needs Linux, not {sys.platform}")
        self.pipe, theirs = Pipe()
        command = [sys.executable, "-m", "fwsim.kernel.worker", str(theirs.fileno())]
        self.worker = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=surroundings(),
            cwd="/",
            process_group=0,  # Ctrl-C is for the process that asks, also while this one starts
        )
        theirs.close()
        try:
            self.namespace: str = self.answer()
        except BaseException:
            self.close()
            raise

    def ask(self, request: object) -> Any:
        """Send a request and wait for its answer."""
        try:
            self.pipe.send(request)
        except (BrokenPipeError, ConnectionResetError):
            raise self.gone() from None
        return self.answer()

    def answer(self) -> Any:
        """The next answer; a refusal is raised."""
        try:
            answer = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            raise self.gone() from None
        if isinstance(answer, Refused):
            raise KernelError(answer.what) if answer.kernel else UsageError(answer.what)
        return answer

    def gone(self) -> KernelError:
        """The worker has ended unasked."""
        status = self.worker.wait()
        return KernelError(f"the process in the network namespace has ended (status {status})")

    def close(self) -> None:
        """End the worker, and with it the namespace."""
        self.pipe.close()
        try:
            self.worker.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.worker.kill()
            self.worker.wait()


def surroundings() -> dict[str, str]:
    """The environment of the worker: it must find the same fwsim."""
    home = str(Path(fwsim.__file__).parent.parent)
    rest = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([home, rest] if rest else [home])}
