"""Conntrack's settings and their defaults."""

from __future__ import annotations

from fwsim.ruleset import Conntrack


def test_conntrack_has_the_kernel_s_defaults() -> None:
    settings = Conntrack()
    assert settings.tcp_timeout_established == 432000 * 10**9
    assert settings.tcp_timeout_close == 10 * 10**9
    assert settings.udp_timeout_stream == 120 * 10**9
    assert (settings.tcp_loose, settings.tcp_be_liberal, settings.checksum) == (True, False, True)
    assert (settings.tcp_max_retrans, settings.max) == (3, 262144)
