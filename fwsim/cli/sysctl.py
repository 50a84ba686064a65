"""`--sysctl FILE`: settings from the output of `sysctl -a` or a file like /etc/sysctl.conf.

Read first: `sysctl.conf(5)`; `fwsim.topology.settings`. Lines `net.netfilter.nf_conntrack_tcp_loose = 0` become
overrides of a ruleset, those of forwarding and reverse-path filtering go to the topology; all other settings of a
system are passed over, and so are those of conntrack that nothing here depends on.
"""

from __future__ import annotations

from collections.abc import Mapping

from fwsim.errors import UsageError
from fwsim.ruleset.conntrack import Conntrack
from fwsim.topology.settings import CONNTRACK, is_looked_at

LARGEST = 16 << 20
"""Bytes; a longer file is no list of settings."""


def read_sysctls(path: str) -> dict[str, str]:
    """The settings that are looked at, by name; raises UsageError if there is none."""
    found = {}
    for line in _lines(path):
        key, sign, value = line.strip().lstrip("-").partition("=")
        name = dotted(key.strip())
        if sign and is_looked_at(name):
            found[name] = value.strip()
    if not found:
        raise UsageError(
            f"{path}: no line sets {CONNTRACK}*, net.ipv4.ip_forward, net.ipv4.conf.*.rp_filter or the like: "
            "expected the output of sysctl -a"
        )
    return found


def conntrack_settings(sysctls: Mapping[str, str]) -> dict[str, str]:
    """Those of conntrack as `--set` would give them."""
    known = {f"{CONNTRACK}{name}": f"conntrack.{name}" for name in Conntrack.model_fields}
    return {known[name]: value for name, value in sysctls.items() if name in known}


def dotted(name: str) -> str:
    """A name with dots between its parts; if the first separator is a slash, dots and slashes change places."""
    first = next((letter for letter in name if letter in "./"), ".")
    return name.translate({ord("."): "/", ord("/"): "."}) if first == "/" else name


def _lines(path: str) -> list[str]:
    """The lines of the file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST).splitlines()
    except OSError as problem:
        raise UsageError(f"{path}: {problem.strerror}: expected the output of sysctl -a") from None
