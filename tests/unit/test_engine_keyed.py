"""The table of entries: against a dict of lists, whatever the hash."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.counted_rows import COUNT, KEYED, PART, USE
from fwsim.engine.entries import Keyed, KeyedRules
from fwsim.engine.keyed import (
    add,
    expire_at,
    find,
    hash_wanted,
    in_doubt,
    last_collected,
    lose,
    make_key,
    remove,
    suspect,
    trust,
)
from fwsim.engine.program import FALSE, MAYBE, TRUE
from fwsim.engine.rule_rows import LIMIT
from fwsim.keyed_tables import Element, grow, make_keyed, no_tracker
from fwsim.tables import PACKET, V6, empty, number_in_seen, words
from fwsim.terms import ABSENT, UNKNOWN_VALUE, Reason

R_CUT = int(Reason.CUT)
NO_EXPIRY = -1


def rules_of(keyed: int = 2, parts: list[dict[str, int]] | None = None, **fields: int) -> KeyedRules:
    """`keyed` tables of 100 entries, and one use with a key of these parts (two numbers)."""
    rules = KeyedRules(
        empty(KEYED, keyed), empty(USE, 1), empty(PART, len(parts or [{}, {}])), empty(LIMIT, 0), empty(COUNT, 0)
    )
    rules.keyed["size"] = 100
    for name, value in fields.items():
        rules.keyed[name] = value
    rules.uses[0]["parts"] = len(rules.parts)
    for row, part in zip(rules.parts, parts or [{}, {}], strict=True):
        for name, value in {"mask0": (1 << 63) - 1, "otherwise": ABSENT, **part}.items():
            row[name] = value
    return rules


def kept_by(rules: KeyedRules, key: int = 1, elements: list[Element] | None = None) -> Keyed:
    return grow(make_keyed(rules, elements or [], no_tracker(), key=key), rules, 200)


def want(kept: Keyed, key: tuple[int, int]) -> None:
    kept.wanted[:] = key


def put(kept: Keyed, keyed: int, key: tuple[int, int]) -> int:
    want(kept, key)
    return add(kept, keyed, hash_wanted(kept, keyed))


def found(kept: Keyed, keyed: int, key: tuple[int, int], ttl: int = 0, now: int = NO_EXPIRY) -> int:
    want(kept, key)
    return find(kept, keyed, hash_wanted(kept, keyed), ttl, now)


KEYS = st.tuples(st.integers(0, 3), st.sampled_from([0, 1, V6, (1 << 63) - 1]))
EVENTS = st.lists(st.tuples(st.booleans(), st.integers(0, 1), KEYS), max_size=100)


@pytest.mark.parametrize("narrow", [False, True])
@given(EVENTS, st.integers(0, 1 << 40))
def test_entries_are_found_as_they_came_until_they_are_removed(narrow: bool, events: Any, key: int) -> None:
    kept = kept_by(rules_of(), key)
    if narrow:  # all in one chain
        kept = kept._replace(buckets=np.zeros(1, np.int64))
    model: dict[tuple[int, tuple[int, int]], list[int]] = {}
    for adds, keyed, one in events:
        rows = model.setdefault((keyed, one), [])
        assert found(kept, keyed, one) == (rows[0] if rows else 0)
        if adds:
            rows.append(put(kept, keyed, one))
        elif rows:
            remove(kept, rows.pop(0))
    live = [row for rows in model.values() for row in rows]
    assert len(set(live)) == len(live)
    for keyed in range(2):
        assert kept.states[keyed]["count"] == sum(len(rows) for (which, _), rows in model.items() if which == keyed)


def test_a_table_without_a_row_left_gives_none() -> None:
    kept = make_keyed(rules_of(), [], no_tracker(), key=1)
    rows = [put(kept, 0, (n, 0)) for n in range(len(kept.entries))]
    assert rows == [*range(1, len(kept.entries)), 0]


def test_expired_entries_are_not_found_and_vague_ones_stay() -> None:
    kept = kept_by(rules_of())
    at = put(kept, 0, (1, 2))
    expire_at(kept, at, 100)
    assert kept.states[0]["soonest"] == 100
    assert found(kept, 0, (1, 2), now=99) == at
    assert found(kept, 0, (1, 2), now=100) == 0
    suspect(kept, at, R_CUT)
    suspect(kept, at, R_CUT)
    assert found(kept, 0, (1, 2), now=100) == at
    assert kept.states[0]["vague"] == 1
    trust(kept, at)
    assert kept.states[0]["vague"] == 0
    assert found(kept, 0, (1, 2), now=100) == 0


def test_an_entry_may_be_asked_for_by_its_ttl() -> None:
    kept = kept_by(rules_of())
    first, second = put(kept, 0, (1, 2)), put(kept, 0, (1, 2))
    kept.entries[first]["ttl"], kept.entries[second]["ttl"] = 64, 63
    assert [found(kept, 0, (1, 2), ttl) for ttl in (0, 63, 64, 65)] == [first, second, first, 0]


def test_a_timer_collects_from_the_first_packet_on() -> None:
    rules = rules_of(collect=10)
    kept = kept_by(rules)
    kept.books[0]["origin"] = 103
    assert [last_collected(rules, kept, 0, now) for now in (103, 112, 113, 125)] == [103, 103, 113, 123]
    assert last_collected(rules_of(), kept, 0, 125) == -1


def test_doubt_is_told_and_kept() -> None:
    kept = kept_by(rules_of())
    assert in_doubt(kept, R_CUT) == MAYBE
    assert kept.books[0]["why"] == R_CUT
    lose(kept, 0, R_CUT, 1)
    assert kept.states[0]["unknown"] == 0
    lose(kept, 0, R_CUT, 0)
    lose(kept, 0, int(Reason.TENTATIVE), 0)
    assert kept.states[0]["unknown"] == R_CUT


PACKETS = {"src0": V6 | 0xFFFF, "src1": 5, "src2": 6, "src3": 7, "sport": 1000}


def key_of(parts: list[dict[str, int]], **fields: int) -> tuple[int, list[int]]:
    rules = rules_of(parts=parts)
    kept = kept_by(rules)
    kept.wanted[:] = 99
    packet = empty(PACKET, 1)
    for name, value in {**PACKETS, **fields}.items():
        packet[0][name] = value
    truth = make_key(rules, kept, rules.uses[0], words(packet))
    return truth, kept.wanted.tolist()


def test_a_key_has_the_bits_of_its_fields_that_count() -> None:
    address = {
        "field": number_in_seen("src0"),
        "wide": 1,
        "narrow": 0xFFFFFF00,
        "mask0": 0xFF,
        "mask1": 1,
        "mask2": 2,
        "mask3": 3,
    }
    port = {"field": number_in_seen("sport")}
    assert key_of([port, address]) == (TRUE, [1000, V6 | 0xFF, 1, 2, 3])
    assert key_of([address, port], src0=0x0A0102FF) == (TRUE, [0x0A010200, 0, 0, 0, 1000])


def test_a_field_that_is_not_there_or_not_known() -> None:
    port = {"field": number_in_seen("sport")}
    assert key_of([port], sport=ABSENT)[0] == FALSE
    assert key_of([{**port, "otherwise": 0}], sport=ABSENT) == (TRUE, [0])
    assert key_of([port], sport=UNKNOWN_VALUE)[0] == MAYBE
    assert key_of([{"field": ABSENT}])[0] == MAYBE
