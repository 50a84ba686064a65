"""The process that holds the observers, without a kernel: a program called nft that says what is wanted."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.errors import KernelError
from fwsim.kernel.watchers import READY, Watchers


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """Put a program nft first that keeps what it reads."""
    program = folder / "nft"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder / "read"


def test_the_commands_are_done_when_the_last_table_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = pretend(
        tmp_path, monkeypatch, f'[ "$1" = -i ] && exec cat > {tmp_path}/read; exec grep -q {READY} {tmp_path}/read'
    )
    watchers = Watchers(["add table inet a", "add table inet b"])
    assert read.read_text().splitlines() == [
        "add table inet a", "add table inet b", f"add table inet {READY} {{ flags owner; }}"
    ]  # fmt: skip
    assert watchers.process.poll() is None
    assert watchers.said() == "it says nothing"
    assert watchers.process.returncode is not None


def test_a_kernel_that_will_have_no_observers_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(tmp_path, monkeypatch, 'echo "Operation not permitted" >&2; exit 1')
    with pytest.raises(KernelError, match=r"observers: Operation not permitted|has ended: Operation not permitted"):
        Watchers(["add table inet a"])


def test_nft_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(KernelError, match="install nftables"):
        Watchers([])
