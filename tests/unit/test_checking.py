"""What the package offers."""

from __future__ import annotations

from fwsim import checking


def test_findings_are_to_be_had_from_the_package_itself() -> None:
    assert set(checking.__all__) == {"Finding", "Kind", "Level", "Place", "Shown"}
    assert all(hasattr(checking, name) for name in checking.__all__)
