"""Conntrack's settings as the engine reads them."""

from __future__ import annotations

import pytest

from fwsim.lower.settings import SYSCTLS, settings_row
from fwsim.ruleset import Conntrack
from fwsim.tables import SETTINGS

SECOND = 1_000_000_000


def test_the_defaults_are_the_kernels() -> None:
    row = settings_row(Conntrack(), True)[0]
    assert (row["loose"], row["be_liberal"], row["checksum"], row["max_retrans"], row["max"]) == (1, 0, 1, 3, 262144)
    assert (row["established"], row["time_wait"], row["udp"]) == (432000 * SECOND, 120 * SECOND, 30 * SECOND)


@pytest.mark.parametrize(("field", "sysctl"), SYSCTLS.items())
def test_every_sysctl_arrives_in_its_own_field(field: str, sysctl: str) -> None:
    usual = settings_row(Conntrack(), True)[0]
    is_switch = isinstance(getattr(Conntrack(), sysctl), bool)
    changed = settings_row(
        Conntrack.model_validate({sysctl: not getattr(Conntrack(), sysctl) if is_switch else 77}), True
    )[0]
    assert [name for name in SETTINGS.names or () if usual[name] != changed[name]] == [field]
    if not is_switch:
        assert changed[field] in (77, 77 * SECOND)


@pytest.mark.parametrize("tracking", [True, False])
def test_whether_packets_are_tracked_arrives(tracking: bool) -> None:
    assert settings_row(Conntrack(), tracking)[0]["tracking"] == int(tracking)


@pytest.mark.parametrize("helping", [True, False])
def test_whether_rules_give_helpers_arrives(helping: bool) -> None:
    assert settings_row(Conntrack(), True, (), helping)[0]["helping"] == int(helping)


def test_every_field_comes_from_a_sysctl_but_those_that_are_not_settings() -> None:
    assert set(SETTINGS.names or ()) - set(SYSCTLS) == {"tracking", "translating", "helping", "clock_frozen"}
