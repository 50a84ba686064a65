"""Texts given to the real iptables-restore, each in a network namespace of its own."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from .iptables_snippets import SNIPPETS

VARIANTS = ("legacy", "nft")


def snippets() -> Iterator[tuple[int, str, str, str]]:
    """Family, table, chain and rule of each snippet."""
    family, table, chain = 4, "filter", "FORWARD"
    for line in SNIPPETS.splitlines():
        if line.startswith("@ "):
            number, table, chain = line[2:].split()
            family = int(number)
        else:
            yield family, table, chain, line


def restored(texts: Sequence[tuple[int, str]], variant: str) -> list[bool]:
    """Whether `iptables-restore` of a variant takes each text."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (_, text) in enumerate(texts):
            Path(folder, str(number)).write_text(text)
        lines = [
            f"unshare -n {'iptables' if family == 4 else 'ip6tables'}-{variant}-restore < {number}; echo $?"
            for number, (family, _) in enumerate(texts)
        ]
        Path(folder, "script").write_text("\n".join(lines))
        done = subprocess.run(
            ["unshare", "-rn", "sh", "script"], cwd=folder, capture_output=True, text=True, check=True, errors="replace"
        )
    return [line == "0" for line in done.stdout.splitlines() if line.isdigit()]
