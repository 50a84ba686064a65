"""The process that holds the observers of somebody else's rules: its tables are its own, and nobody flushes them.

Read first: nft(8), TABLES, `flags owner`: a table belongs to the netlink socket that made it, and `flush ruleset` of
another process passes it over. So the rules can be loaded as they stand, behind observers that must be there first
(`fwsim.convert.observing`, why). The tables end with the process, the process with its pipe. Nothing heavy is imported
here: this runs in the namespace.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

from fwsim.errors import KernelError

PATIENCE = 10.0
"""Seconds for the observers to be there."""
READY = "fwsim-ready"
"""The table that is made behind all others."""


class Watchers:
    """An nft that reads commands from a pipe."""

    def __init__(self, commands: Sequence[str]) -> None:
        """Start it, and wait until it has done the commands."""
        try:
            self.process = subprocess.Popen(
                ["nft", "-i"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        except FileNotFoundError:
            raise KernelError("the program nft is not there: install nftables") from None
        assert self.process.stdin is not None
        last = f"add table inet {READY} {{ flags owner; }}"
        try:
            self.process.stdin.write("\n".join([*commands, last, ""]))
            self.process.stdin.flush()
        except BrokenPipeError:
            raise KernelError(f"nft -i has ended: {self.said()}") from None
        self.wait()

    def wait(self) -> None:
        """Until the last table is there; the commands come one after the other."""
        end = time.monotonic() + PATIENCE
        while not listed(READY):
            if self.process.poll() is not None or time.monotonic() > end:
                raise KernelError(f"nft could not make the observers: {self.said()}")
            time.sleep(0.005)

    def said(self) -> str:
        """End it, and with it its tables; its words."""
        self.process.kill()
        _, errors = self.process.communicate()
        return " ".join(errors.split()) or "it says nothing"


def listed(table: str) -> bool:
    """Whether there is such a table."""
    return not subprocess.run(["nft", "list", "table", "inet", table], capture_output=True, check=False).returncode
