"""Tuples: inverses, the keyed hash, and hash chains under collisions."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from fwsim.engine.expiry import delete, keep
from fwsim.engine.tuples import Tracker, find, fold, hash_of, inverse_type, invert, is_same, of_packet, spread
from fwsim.tables import PACKET, QUOTE, TUPLE, empty, plain
from fwsim.terms import Proto
from fwsim.tracker import grow, make_tracker
from tests.tracking import Datagram, icmp, settings, tcp, udp, words_of

ICMP = int(Proto.ICMP)
ICMPV6 = int(Proto.ICMPV6)
FIELDS = [name for name in TUPLE.names or () if name not in ("next", "previous")]


def tuple_of(datagram: Datagram) -> Any:
    packets, tuples = empty(PACKET, 1), empty(TUPLE, 1)
    datagram.fill(packets[0])
    of_packet(packets[0], tuples[0])
    return tuples[0]


def inverse_of(datagram: Datagram) -> Any:
    inverses = empty(TUPLE, 1)
    assert invert(tuple_of(datagram), inverses[0])
    return inverses[0]


def insert(tracker: Tracker, datagram: Datagram, expires: int = 1) -> int:
    """Put a connection into the table, as `confirm` would."""
    tracker.tuples[0] = tuple_of(datagram)
    assert invert(tracker.tuples[0], tracker.tuples[1])
    tracker.connections[0] = tracker.connections[1]
    tracker.connections[0]["expires"] = expires
    return int(keep(tracker))


def small_tracker(buckets: int, key: int = 1) -> Tracker:
    """A table with room for 100 connections and so few buckets that chains are long."""
    tracker = grow(make_tracker(settings(), key=key), 100)
    return tracker._replace(buckets=np.full(buckets, -1, dtype=np.int64))


@pytest.mark.parametrize("pair", [(8, 0), (13, 14), (15, 16), (17, 18)])
def test_an_icmp_request_and_its_reply_are_each_others_inverse(pair: tuple[int, int]) -> None:
    assert inverse_type(ICMP, pair[0]) == pair[1]
    assert inverse_type(ICMP, pair[1]) == pair[0]


@pytest.mark.parametrize("pair", [(128, 129), (139, 140)])
def test_an_icmpv6_request_and_its_reply_are_each_others_inverse(pair: tuple[int, int]) -> None:
    assert inverse_type(ICMPV6, pair[0]) == pair[1]
    assert inverse_type(ICMPV6, pair[1]) == pair[0]


def test_no_other_icmp_type_has_an_inverse() -> None:
    assert [kind for kind in range(256) if inverse_type(ICMP, kind) >= 0] == [0, 8, 13, 14, 15, 16, 17, 18]
    assert [kind for kind in range(256) if inverse_type(ICMPV6, kind) >= 0] == [128, 129, 139, 140]


def test_the_inverse_of_ports_is_swapped() -> None:
    assert is_same(inverse_of(udp("10.0.0.1", 5000, "10.0.1.1", 53)), tuple_of(udp("10.0.1.1", 53, "10.0.0.1", 5000)))


def test_the_inverse_of_an_echo_request_keeps_id_and_code() -> None:
    assert is_same(inverse_of(icmp("10.0.0.1", "10.0.1.1", 8, 3, 77)), tuple_of(icmp("10.0.1.1", "10.0.0.1", 0, 3, 77)))


def test_an_icmp_error_has_no_inverse() -> None:
    assert not invert(tuple_of(icmp("10.0.0.1", "10.0.1.1", 3)), empty(TUPLE, 1)[0])


def test_a_generic_protocol_has_no_ports_in_its_tuple() -> None:
    packets, tuples = empty(PACKET, 1), empty(TUPLE, 1)
    Datagram("10.0.0.1", "10.0.1.1", int(Proto.ESP), sport=7, dport=8).fill(packets[0])
    of_packet(packets[0], tuples[0])
    assert (tuples[0]["src_id"], tuples[0]["dst_id"]) == (0, 0)


def test_a_quote_inverts_like_the_packet_it_quotes() -> None:
    sent = udp("fd00::1:2:3", 5000, "fd01::9", 53)
    quotes, inverses = empty(QUOTE, 1), empty(TUPLE, 1)
    sent.fill_quote(quotes[0])
    assert invert(quotes[0], inverses[0])
    assert is_same(inverses[0], tuple_of(sent.answer()))


words = st.integers(0, 2**32 - 1)
tuples_of_any_kind = st.fixed_dictionaries(
    {
        "src0": words | words.map(lambda word: word + 2**32),
        "dst0": words | words.map(lambda word: word + 2**32),
        **{f"{side}{number}": words for side in ("src", "dst") for number in (1, 2, 3)},
        "proto": st.integers(0, 255),
        "src_id": st.integers(0, 65535),
        "dst_id": st.integers(0, 65535),
    }
)


def row_of(values: dict[str, int]) -> Any:
    row = empty(TUPLE, 1)[0]
    for name, value in values.items():
        row[name] = value
    return row


def hashed(values: dict[str, int], key: int) -> int:
    return spread(row_of(values), values["src_id"], values["dst_id"], key)


@profile(deadline=None)
@given(tuples_of_any_kind, st.integers(2**29, 2**31 - 2))
def test_a_hash_stays_within_31_bits(values: dict[str, int], key: int) -> None:
    assert 0 <= hashed(values, key) < 2**31


@profile(deadline=None)
@given(tuples_of_any_kind, st.sampled_from(FIELDS), st.integers(0, 31))
def test_every_bit_of_a_tuple_changes_its_hash(values: dict[str, int], name: str, bit: int) -> None:
    values = {**values, "src0": values["src0"] | 2**32}  # IPv6: all words count
    other = {**values, name: values[name] ^ (1 << bit % (8 if name == "proto" else 16 if "id" in name else 32))}
    key = 1_234_567_891
    assert hashed(values, key) != hashed(other, key)
    assert not is_same(row_of(values), row_of(other))


@profile(deadline=None)
@given(st.integers(0, 2**63 - 1))
def test_folding_keeps_the_residue(product: int) -> None:
    assert fold(product) % (2**31 - 1) == product % (2**31 - 1)
    assert fold(product) <= 2**31 + 1


def test_consecutive_ports_spread_over_buckets() -> None:
    tracker = small_tracker(256)
    mask = len(tracker.buckets) - 1
    used = {hash_of(tracker, tuple_of(udp("10.0.0.1", 1024 + i, "10.0.1.1", 53))) & mask for i in range(256)}
    assert len(used) > 128


def test_a_connection_is_found_by_either_tuple() -> None:
    tracker = small_tracker(64)
    sent = tcp("10.0.0.1", 5000, "10.0.1.1", 80, 2)
    row = insert(tracker, sent)
    assert find(tracker, tuple_of(sent)) == 2 * row
    assert find(tracker, tuple_of(sent.answer())) == 2 * row + 1
    assert find(tracker, tuple_of(udp("10.0.0.1", 5000, "10.0.1.1", 80))) == -1


def test_a_connection_from_an_address_to_itself_is_found_by_its_reply() -> None:
    tracker = small_tracker(64)
    sent = udp("10.0.0.1", 7, "10.0.0.1", 7)
    row = insert(tracker, sent)
    assert find(tracker, tuple_of(sent)) == 2 * row + 1
    delete(tracker, row)
    assert find(tracker, tuple_of(sent)) == -1


@pytest.mark.parametrize("buckets", [1, 2, 8])
def test_chains_lose_nothing_when_all_collide(buckets: int) -> None:
    tracker = small_tracker(buckets)
    chance = random.Random(buckets)
    model: dict[int, Datagram] = {}
    everything = [udp("10.0.0.1", port, "10.0.1.1", 53) for port in range(60)]
    for _ in range(400):
        datagram = chance.choice(everything)
        known = [row for row, other in model.items() if other == datagram]
        if known:
            delete(tracker, known[0])
            del model[known[0]]
        else:
            model[insert(tracker, datagram)] = datagram
        for row, other in model.items():
            assert find(tracker, tuple_of(other)) == 2 * row
            assert find(tracker, tuple_of(other.answer())) == 2 * row + 1
        absent = chance.choice(everything)
        if absent not in model.values():
            assert find(tracker, tuple_of(absent)) == -1


def test_an_ipv6_address_is_no_ipv4_address() -> None:
    assert words_of("::1.2.3.4") != words_of("1.2.3.4")
    assert not is_same(tuple_of(udp("::", 1, "::", 2)), tuple_of(udp("0.0.0.0", 1, "0.0.0.0", 2)))
    assert plain(tuple_of(udp("::", 1, "::", 2)))["src0"] == 2**32
