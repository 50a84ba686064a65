"""TCP flags, marks and states: matches on bits."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.ruleset import Rule
from fwsim.ruleset.values import (
    MARK_MASK,
    Choice,
    Masked,
    SetMark,
)


def value(key: str, raw: object, **more: object) -> Any:
    return getattr(Rule.model_validate({key: raw, **more}), key)


@pytest.mark.parametrize(
    ("raw", "choices"),
    [
        ("syn", [(1, 2, 2)]),
        (["syn", "ack"], [(1, 2, 2), (1, 16, 16)]),
        ("syn,ack", [(1, 18, 18)]),
        ("syn|ack", [(1, 18, 18)]),
        ("syn / syn,ack", [(2, 2, 18)]),
        ("syn / fin,syn,rst,ack", [(2, 2, 23)]),
        ("SYN/(FIN|SYN|RST|ACK)", [(2, 2, 23)]),
        ("none / fin,syn,rst,psh,ack,urg", [(0, 0, 63)]),
        ("== syn", [(2, 2, 255)]),
        ("== none", [(0, 0, 255)]),
        ("all / all", [(255, 255, 255)]),
        ("ecn,ece,cwr", [(1, 192, 192)]),
        (["syn / syn,ack", "rst"], [(2, 2, 18), (1, 4, 4)]),
    ],
)
def test_tcp_flags_mean_what_nft_means_by_them(raw: object, choices: list[tuple[int, int, int]]) -> None:
    assert value("tcp_flags", raw) == Masked(tuple(Choice(*choice) for choice in choices))


def test_tcp_flags_unlike_a_value_are_anything_but_exactly_it() -> None:
    assert value("tcp_flags", "!= syn") == Masked((Choice(2, 2, 255),), negated=True)
    assert value("tcp_flags", "!syn") == Masked((Choice(1, 2, 2),), negated=True)
    assert value("tcp_flags", "!= syn / syn,ack") == Masked((Choice(2, 2, 18),), negated=True)


@pytest.mark.parametrize(
    ("key", "raw", "choices"),
    [
        ("mark", 1, [(1, 1, MARK_MASK)]),
        ("mark", "0x10", [(16, 16, MARK_MASK)]),
        ("mark", "0x10/0xf0", [(16, 16, 0xF0)]),
        ("mark", "1-5", [(1, 5, MARK_MASK)]),
        ("mark", [1, "0x10/0xf0"], [(1, 1, MARK_MASK), (16, 16, 0xF0)]),
        ("ct_mark", 0xFFFFFFFF, [(MARK_MASK, MARK_MASK, MARK_MASK)]),
        ("ct_state", "new", [(1, 8, 8)]),
        ("ct_state", ["established", "related"], [(1, 6, 6)]),
        ("ct_state", "established,related", [(1, 6, 6)]),
        ("ct_state", "untracked", [(1, 64, 64)]),
        ("ct_status", ["assured", "seen-reply"], [(1, 6, 6)]),
        ("ct_status", "seen_reply", [(1, 2, 2)]),
    ],
)
def test_marks_and_states_are_read_as_masked_choices(
    key: str, raw: object, choices: list[tuple[int, int, int]]
) -> None:
    assert value(key, raw) == Masked(tuple(Choice(*choice) for choice in choices))


def test_set_mark_keeps_the_bits_outside_its_mask() -> None:
    assert value("set_mark", 5) == SetMark(5)
    assert value("set_ct_mark", "0x10/0xf0") == SetMark(0x10, 0xF0)
