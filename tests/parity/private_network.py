"""Commands in a network namespace that lives only as long as they run; the host's own rules are never touched."""

from __future__ import annotations

import functools
import shutil
import subprocess

import pytest

ENTER = ["unshare", "--net"]
ENTER_AS_USER = ["unshare", "--user", "--map-root-user", "--net"]


@functools.cache
def entrance() -> list[str] | None:
    """How to enter a new namespace here; None if nothing permits it, or nft is missing."""
    if shutil.which("nft") is None or shutil.which("unshare") is None:
        return None
    for enter in (ENTER, ENTER_AS_USER):
        tried = subprocess.run([*enter, "nft", "-c", "add table inet t"], capture_output=True, check=False)
        if tried.returncode == 0:
            return enter
    return None


def in_private_network(script: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run a shell script in a fresh namespace; skips the test where there can be none."""
    enter = entrance()
    if enter is None:
        pytest.skip("no nft here, or no network namespace is permitted")
    return subprocess.run([*enter, "sh", "-c", script], input=text, capture_output=True, text=True, check=False)
