"""`--sysctl FILE`: conntrack's settings from the output of `sysctl -a` or a file like /etc/sysctl.conf.

Read first: `sysctl.conf(5)`. Lines `net.netfilter.nf_conntrack_tcp_loose = 0` become overrides of a ruleset; all other
settings of a system are passed over, and so are those of conntrack that nothing here depends on.
"""

from __future__ import annotations

from fwsim.errors import UsageError
from fwsim.ruleset.conntrack import Conntrack

PREFIX = "net.netfilter.nf_conntrack_"
LARGEST = 16 << 20
"""Bytes; a longer file is no list of settings."""


def conntrack_settings(path: str) -> dict[str, str]:
    """The settings as `--set` would give them; raises UsageError if there is none."""
    known = set(Conntrack.model_fields)
    found = {}
    for line in _lines(path):
        key, sign, value = line.strip().lstrip("-").partition("=")
        name = key.strip().replace("/", ".").removeprefix(PREFIX)
        if sign and key.strip().replace("/", ".").startswith(PREFIX) and name in known:
            found[f"conntrack.{name}"] = value.strip()
    if not found:
        raise UsageError(f"{path}: no line sets {PREFIX}*: expected the output of sysctl -a")
    return found


def _lines(path: str) -> list[str]:
    """The lines of the file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST).splitlines()
    except OSError as problem:
        raise UsageError(f"{path}: {problem.strerror}: expected the output of sysctl -a") from None
