"""Conntrack's settings as sysctls."""

from __future__ import annotations

import pytest

from fwsim.convert import sysctls, to_nft
from fwsim.errors import RulesetError
from fwsim.ruleset import Conntrack
from tests.converting import ruleset


def test_conntrack_settings_stand_above_as_sysctls() -> None:
    text = to_nft(ruleset({}, name="edge", conntrack={"tcp_loose": False, "udp_timeout": "2m"}))
    assert text.splitlines()[:3] == [
        "# edge",
        "# sysctl -w net.netfilter.nf_conntrack_tcp_loose=0",
        "# sysctl -w net.netfilter.nf_conntrack_udp_timeout=120",
    ]
    with pytest.raises(RulesetError, match="whole seconds"):
        to_nft(ruleset({}, conntrack={"udp_timeout": "500ms"}))


def test_all_settings_or_those_given() -> None:
    given = ruleset({}, conntrack={"tcp_be_liberal": True})
    assert sysctls(given, only_given=True) == {"net.netfilter.nf_conntrack_tcp_be_liberal": "1"}
    every = sysctls(given)
    assert every["net.netfilter.nf_conntrack_tcp_timeout_established"] == "432000"
    assert every["net.netfilter.nf_conntrack_tcp_loose"] == "1"
    assert len(every) == len(Conntrack.model_fields)
