"""Tuples from texts, their inverses, and which ends are translated."""

from __future__ import annotations

import pytest

from fwsim.states.model import address, inverse_of, translated, tuple_of, unknown_sides
from fwsim.terms import CtStatus


def test_a_tuple_and_its_inverse() -> None:
    one = tuple_of(6, "10.0.0.1", "2.3.4.5", (1000, 80))
    other = inverse_of(one)
    assert other == tuple_of(6, "2.3.4.5", "10.0.0.1", (80, 1000))
    assert inverse_of(other) == one
    assert address(tuple_of(17, "2001:db8::1", "2001:db8::2", (1, 2)), "dst") == "2001:db8::2"


def test_an_echo_has_an_answer_and_an_error_has_none() -> None:
    request = tuple_of(1, "10.0.0.1", "10.0.0.2", (77, 8 << 8))
    assert inverse_of(request)["dst_id"] == 0
    with pytest.raises(ValueError, match="opens no connection"):
        inverse_of(tuple_of(1, "10.0.0.1", "10.0.0.2", (77, 3 << 8)))
    with pytest.raises(ValueError, match="two families"):
        tuple_of(6, "10.0.0.1", "::1", (1, 2))


def test_what_is_translated_is_seen_from_the_reply() -> None:
    original = tuple_of(6, "10.0.0.1", "2.3.4.5", (1000, 80))
    assert translated(original, inverse_of(original)) == 0
    assert translated(original, tuple_of(6, "2.3.4.5", "9.9.9.9", (80, 1000))) == CtStatus.SNAT
    assert translated(original, tuple_of(6, "2.3.4.5", "10.0.0.1", (80, 4711))) == CtStatus.SNAT
    assert translated(original, tuple_of(6, "8.8.8.8", "10.0.0.1", (80, 1000))) == CtStatus.DNAT


def test_unknown_windows_are_not_checked() -> None:
    one, other = unknown_sides(6)
    assert one == other
    assert one is not other
    assert one["flags"]
    assert one["maxwin"] == 0
    assert not any(unknown_sides(17)[0].values())
