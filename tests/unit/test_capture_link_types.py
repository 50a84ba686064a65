"""Link types are refused by the name people know them by."""

from __future__ import annotations

from fwsim.capture.link_types import LINK_TYPES, is_readable, link_type_name, refusal
from fwsim.engine.link import READABLE_LINKS


def test_every_readable_link_type_has_a_name() -> None:
    assert set(READABLE_LINKS) <= set(LINK_TYPES)
    assert {number for number in range(300) if is_readable(number)} == {0, 1, 12, 14, 101, 108, 113, 228, 229, 276}


def test_name_and_number_are_told() -> None:
    assert link_type_name(239) == "link type 239 (NFLOG)"
    assert link_type_name(4711) == "link type 4711"
    assert refusal(239).startswith("link type 239 (NFLOG) is not read, expected one of Ethernet")
