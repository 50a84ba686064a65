"""Whose packet it is: both directions alike, errors with what they are about, and the key decides."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.shard import shard_of
from fwsim.engine.tuples import PRIME
from fwsim.tables import PACKET, QUOTE, V6, empty

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
