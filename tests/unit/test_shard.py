"""Whose packet it is: both directions alike, errors with what they are about, and the key decides."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.shard import ASSURED, GHOSTS_ASSURED, STATE, Share, note_decided, shard_of
from fwsim.engine.tuples import PRIME
from fwsim.tables import PACKET, QUOTE, SETTINGS, TRACK, V6, empty
from fwsim.tracker import make_tracker

WORDS = st.integers(0, 2**32 - 1)
ADDRESSES = st.tuples(WORDS, st.just(0), st.just(0), st.just(0)) | st.tuples(
    WORDS.map(lambda word: word + V6), WORDS, WORDS, WORDS
)
KEYS = st.integers(1 << 29, PRIME - 1)
Address = tuple[int, int, int, int]


def packet(src: Address, dst: Address, row_type: object = PACKET) -> dict[str, int]:
    """A row with these addresses, uncompiled."""
    row = dict.fromkeys(empty(row_type, 1).dtype.names or (), 0)  # type: ignore[arg-type]
    row |= {f"src{place}": word for place, word in enumerate(src)}
    return row | {f"dst{place}": word for place, word in enumerate(dst)}


@given(ADDRESSES, ADDRESSES, KEYS, st.integers(1, 64))
def test_both_directions_and_quotes_of_them_are_in_the_same_shard(
    src: Address, dst: Address, key: int, count: int
) -> None:
    shard = shard_of(packet(src, dst), key, count)
    assert 0 <= shard < count
    assert shard == shard_of(packet(dst, src), key, count)
    assert shard == shard_of(packet(src, dst, QUOTE), key, count)


@given(KEYS, st.sampled_from((2, 3, 8)), st.booleans())
def test_neighbouring_hosts_are_shared_out_evenly(key: int, count: int, six: bool) -> None:
    def host(number: int) -> Address:
        return (V6 + 0x20010DB8, 0, 0, number) if six else (0x0A010000 + number, 0, 0, 0)

    found = Counter(shard_of(packet(host(number), host(9999)), key, count) for number in range(400))
    assert len(found) == count
    assert max(found.values()) < 3 * 400 / count


def test_the_key_decides() -> None:
    one = packet((0x0A010005, 0, 0, 0), (0xCB007150, 0, 0, 0))
    assert {shard_of(one, key, 8) for key in range(1 << 29, (1 << 29) + 64)} == set(range(8))


def test_a_packet_without_a_connection_that_ended_the_last_assured_one_writes_to_no_row() -> None:
    """Compiled code has no row -1: it would write in front of the array."""
    tracker, ghosts = (make_tracker(empty(SETTINGS, 1), key=1) for _ in range(2))
    results = empty(TRACK, 2)
    results["connection"] = -1
    state = np.zeros(STATE, dtype=np.int64)
    state[[ASSURED, GHOSTS_ASSURED]] = 5, 6
    rows = (np.zeros(8, dtype=np.int64) for _ in range(6))
    share = Share(state, *rows)
    note_decided(tracker, ghosts, results, share, 0, 77)
    assert not share.joined.any()
    assert not share.ghosts_joined.any()
