"""What instructions ask, as sets: checked value by value against the engine's own match."""

from __future__ import annotations

from typing import Any

import pytest

from fwsim.engine.instructions import match
from fwsim.lower import lower
from fwsim.ruleset import Ruleset
from fwsim.space.asking import ask_of
from fwsim.space.fields import ADDRESS_FIELDS, NAMES, words_of
from fwsim.space.intervals import holds
from fwsim.tables import PACKET as ROW
from fwsim.tables import Rows, Words, each, empty, number_in_seen
from fwsim.terms import ABSENT
from tests.rule_strategies import INTERFACES

V6 = 1 << 128
ASKED: tuple[tuple[dict[str, Any], list[int]], ...] = (
    ({"proto": "tcp", "dport": ["22", "80-90"]}, [ABSENT, 21, 22, 23, 79, 80, 90, 91, 65_535]),
    ({"proto": "tcp", "dport": ["!22", "!80-90"]}, [ABSENT, 0, 21, 22, 23, 79, 80, 90, 91, 65_535]),
    ({"src": "10.0.0.0/8"}, [0, (10 << 24) - 1, 10 << 24, (11 << 24) - 1, 11 << 24, V6, V6 + 10]),
    ({"src": "!10.0.0.0/8"}, [0, (10 << 24) - 1, 10 << 24, (11 << 24) - 1, 11 << 24, V6, V6 + 10]),
    ({"src": "2001:db8::/32"}, [0, V6 + (0x20010DB8 << 96), V6 + (0x20010DB9 << 96) - 1, V6 + (0x20010DB9 << 96)]),
    ({"proto": "tcp", "tcp_flags": "syn / syn,ack"}, [ABSENT, *range(0, 256, 3), 2, 18]),
    ({"proto": "tcp", "tcp_flags": "!rst"}, [ABSENT, *range(0, 256, 3), 4]),
    ({"mark": "0x10/0x30"}, [0, 1, 15, 16, 17, 31, 32, 48, 80]),
    ({"mark": "0x100/0xffffff00"}, [0, 255, 256, 511, 512, 1 << 31]),
    ({"ct_state": ["new", "established"]}, [1, 2, 4, 8, 64]),
    ({"ct_state": ["!new"]}, [1, 2, 4, 8, 64]),
    ({"iif": "wan*"}, [0, 1, 2, 3, 9, ABSENT]),
    ({"ct_status": "!assured"}, [ABSENT, 0, 4, 6, 8]),
)


@pytest.mark.parametrize(("rule", "tried"), ASKED, ids=lambda value: str(value)[:40])
def test_a_question_as_a_set_has_the_answers_of_the_engine(rule: dict[str, Any], tried: list[int]) -> None:
    lowered = lower(ruleset_of(rule), interfaces=INTERFACES)
    program = lowered.program
    for row in each(program.instructions):
        ask = ask_of(row, program.numbers)
        field = NAMES[ask.field]
        if field not in ("proto", "family"):
            for value in tried:
                chosen = ask.chosen(((value, value),))
                assert chosen is not None
                assert holds(chosen, value) == engine_match(row, program.numbers, ask.field, value), (field, value)


def engine_match(row: dict[str, int], numbers: Any, field: int, value: int) -> bool:
    rows = Rows(empty(ROW, 1))
    words = words_of(value) if field in ADDRESS_FIELDS and value >= 0 else (value,)
    for number, word in enumerate(words):
        rows[0][NAMES[field + number]] = word
    return bool(match(row, memoryview(numbers), Words(rows)))  # type: ignore[arg-type]


def test_bits_that_are_no_short_set_are_asked_value_by_value() -> None:
    lowered = lower(ruleset_of({"mark": "0x10/0x30"}), interfaces=())
    (row,) = each(lowered.program.instructions)
    ask = ask_of(row, lowered.program.numbers)
    assert ask.field == number_in_seen("mark")
    assert ask.chosen(((0, 40),)) == ((16, 31),)
    assert ask.chosen(((0, 1 << 31),)) is None


def ruleset_of(rule: dict[str, Any]) -> Ruleset:
    rules = [{**rule, "verdict": "drop"}]
    return Ruleset.model_validate({"chains": {"forward": {"hook": "forward", "rules": rules}}})
