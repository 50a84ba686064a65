"""Durations and switches."""

from __future__ import annotations

import pytest

from fwsim.ruleset import Conntrack
from fwsim.ruleset.settings import duration_text, parse_duration


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [(30, 30), ("30", 30), ("30s", 30), ("5m", 300), ("2h", 7200), ("5d", 432000), ("1h30m", 5400), ("500ms", 0.5)],
)
def test_durations_are_kept_in_nanoseconds(raw: object, seconds: float) -> None:
    assert Conntrack.model_validate({"udp_timeout": raw}).udp_timeout == int(seconds * 10**9)


@pytest.mark.parametrize(("raw", "switch"), [(0, False), (1, True), (True, True), (False, False)])
def test_switches_are_written_as_sysctls_or_as_booleans(raw: object, switch: bool) -> None:
    assert Conntrack.model_validate({"tcp_loose": raw}).tcp_loose is switch


@pytest.mark.parametrize(("duration", "text"), [(0, 0), (30 * 10**9, 30), (300 * 10**9, "5m"), (10**9 // 2, "500ms")])
def test_durations_are_written_with_their_largest_unit(duration: int, text: object) -> None:
    assert duration_text(duration) == text
    assert parse_duration(text) == duration
