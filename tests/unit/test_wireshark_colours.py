"""Colour rules: their order, and that they can be read."""

from __future__ import annotations

import pytest

from fwsim.report.wireshark.colours import COLOURS, Colour


def luminance(colour: int) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [(colour >> shift & 255) / 255 for shift in (16, 8, 0)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("one", COLOURS, ids=lambda one: one.name)
def test_letters_are_legible_on_what_is_behind_them(one: Colour) -> None:
    dark, light = sorted((luminance(one.behind), luminance(one.letters)))
    assert (light + 0.05) / (dark + 0.05) >= 7


def test_no_name_occurs_twice_and_none_breaks_the_file() -> None:
    names = [one.name for one in COLOURS]
    assert len(set(names)) == len(names)
    assert not any("@" in name + one.expression for name, one in zip(names, COLOURS, strict=True))


def test_what_is_suspicious_comes_before_the_same_without_suspicion() -> None:
    names = [one.name for one in COLOURS]
    suspicious = [name for name in names if name.endswith(", suspicious")]
    assert len(suspicious) == 6
    assert all(names.index(name) < names.index(name.removesuffix(", suspicious")) for name in suspicious)
    assert names[0] == "unknown"
