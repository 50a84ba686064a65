"""The index of a chain: how it is built, and how it is asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fwsim.engine.index import bitset_of, candidate, forget
from fwsim.engine.program import BY_ADDRESS, BY_TABLE, BY_VALUE
from fwsim.tables import PACKET, words
from fwsim.terms import UNKNOWN_VALUE
from tests.matching import Firewall, packet_row

DROP = {"verdict": "drop"}


def ask(firewall: Firewall, rule: int = 0, unknown: tuple[str, ...] = (), **fields: Any) -> int:
    """The first candidate from a rule on, with nothing looked up before."""
    program, memory = firewall.lowered.program, firewall.memory
    state = memory.state[0]
    forget(state)
    row = words(packet_row(unknown, **fields))
    return candidate(program.chains[0], program.columns, program.numbers, memory.places, state, rule, row)


def columns(firewall: Firewall) -> dict[str, int]:
    """The indexed fields, and how each finds the class of a value."""
    names = PACKET.names or ()
    return {names[int(column["field"])]: int(column["kind"]) for column in firewall.lowered.program.columns}


def test_candidates_come_one_after_the_other_and_then_the_end() -> None:
    firewall = Firewall([{"iif": "lan", **DROP}, {"iif": "dmz", **DROP}, {"oif": "wan", **DROP}])
    assert [ask(firewall, start) for start in (0, 1, 2, 3)] == [0, 2, 2, 3]
    assert ask(firewall, 0, iif=1, oif=1) == 1
    assert ask(firewall, 0, iif=7, oif=7) == 3


def test_a_rule_without_matches_is_always_a_candidate() -> None:
    assert ask(Firewall([DROP, DROP]), 1, ("iif", "src", "ct_state")) == 1


def test_fields_are_looked_up_only_until_the_rule_is_settled() -> None:
    firewall = Firewall([{"ct_state": "established", **DROP}, {"iif": "lan", "src": "10.0.0.0/8", **DROP}])
    assert ask(firewall, ct_state=2) == 0
    assert firewall.memory.state[0]["known"] == 1
    assert ask(firewall) == 1
    assert firewall.memory.state[0]["known"] == 3


def test_an_unknown_field_leaves_the_rules_that_ask_for_it_in_and_is_told_only_if_it_is_needed() -> None:
    firewall = Firewall([{"ct_state": "established", **DROP}, {"oif": "wan", "iif": "lan", **DROP}])
    state = firewall.memory.state[0]
    assert (ask(firewall, 0, ("oif",), ct_state=2), state["vague"]) == (0, 0)
    assert (ask(firewall, 0, ("oif",)), state["vague"]) == (1, 1)
    assert (ask(firewall, 0, ("oif",), iif=1), state["vague"]) == (2, 0)  # iif rules it out first


def test_an_absent_field_leaves_the_rules_that_do_not_ask_for_it() -> None:
    firewall = Firewall([{"iif": "!lan", **DROP}, {"oif": "wan", **DROP}])
    assert ask(firewall, iif=None) == 1
    assert ask(firewall, iif=None, oif=None) == 2


def test_small_fields_are_tables_and_large_ones_are_searched() -> None:
    firewall = Firewall(
        [{"proto": "tcp", "dport": [22, 443], "src": "10.0.0.1", "ttl": "1-5", "mark": 1, "length": "0-255", **DROP}]
    )
    assert columns(firewall) == {
        "proto": BY_TABLE, "ttl": BY_TABLE, "length": BY_TABLE, "mark": BY_TABLE, "dport": BY_VALUE, "src0": BY_ADDRESS,
    }  # fmt: skip


def test_masked_matches_are_indexed_by_the_bits_they_ask_for_and_those_of_several_masks_are_not() -> None:
    firewall = Firewall([{"mark": "0x10/0xf0", "ct_status": "assured", "ct_mark": ["1/0xff", "0x100/0xf00"], **DROP}])
    assert set(columns(firewall)) == {"mark", "ct_status"}
    rule = firewall.lowered.program.rules[0]
    assert rule["last"] - rule["rest"] == 1
    assert ask(firewall, mark=0xFFFFFF1F, ct_status=4 | 8) == 0
    assert ask(firewall, mark=0x20, ct_status=4) == 1
    assert ask(firewall, mark=0x10, ct_status=8) == 1


@pytest.mark.parametrize("value", [0, 255, 256, 257, 65535])
def test_a_value_beyond_the_table_belongs_to_its_last_class(value: int) -> None:
    firewall = Firewall([{"length": "0-255", **DROP}])
    assert ask(firewall, length=value) == (0 if value <= 255 else 1)


def test_equal_bitsets_are_stored_once() -> None:
    rules: list[dict[str, Any]] = [{"proto": "tcp", "dport": port, **DROP} for port in (80, 443)]
    few = len(Firewall(rules * 2).lowered.program.numbers)
    more = len(Firewall([{**rule, "sport": rule["dport"]} for rule in rules * 2]).lowered.program.numbers)
    assert more - few <= 4  # another column with the same classes, and one more bitset of what is settled


def test_the_bitset_of_a_value_holds_the_rules_that_are_content_with_it() -> None:
    firewall = Firewall([{"iif": "lan", **DROP}, {"iif": ["lan", "dmz"], **DROP}, DROP])
    program = firewall.lowered.program
    bits = []
    for row in (packet_row(iif=0), packet_row(iif=1), packet_row(iif=5), packet_row(iif=None)):
        bits.append(int(program.numbers[bitset_of(program.columns[0], program.numbers, words(row))]))
    assert bits == [0b111, 0b110, 0b100, 0b100]
    assert bitset_of(program.columns[0], program.numbers, words(packet_row(["iif"]))) == UNKNOWN_VALUE


def test_no_word_of_a_long_chain_is_negative() -> None:
    firewall = Firewall([{"proto": "tcp", "dport": n, **DROP} for n in range(130)] + [DROP] * 130)
    assert int(np.min(firewall.lowered.program.numbers)) >= 0
    assert [ask(firewall, start, dport=99) for start in (0, 100, 200, 259)] == [99, 130, 200, 259]
