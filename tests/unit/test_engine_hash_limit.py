"""xt_hashlimit, against buckets of Python's unbounded numbers, wrapped where the kernel's are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.netfilter.steps import HashLimit, Unknown
from fwsim.ruleset.values import Limit
from tests.keeping_by_key import SECOND, Keeper
from tests.netfiltering import number

TICK = 4_000_000
CREDITS = 1 << 39
PER_UNIT = 250 * CREDITS // 1_000_000
BITS64 = (1 << 64) - 1


def limited(
    limit: Limit, key: tuple[tuple[str, int], ...] = (("src", 32),), expire: int = 10, **more: Any
) -> HashLimit:
    return HashLimit("h", limit, key, expire * SECOND, **more)


class Bucket:
    """What the kernel keeps of one key."""

    def __init__(self, limit: Limit, now: int) -> None:
        average = 1_000_000 * (limit.per_ns // SECOND) // limit.rate
        self.cost = average * PER_UNIT & BITS64
        self.most = self.credit = average * limit.burst * PER_UNIT & BITS64
        self.started, self.poured, self.seen = now, 0, now

    def passes(self, now: int) -> bool:
        ticks = (now - self.started) // TICK
        self.credit = min(self.most, self.credit + (ticks - self.poured) * CREDITS & BITS64)
        self.poured, self.seen = ticks, now
        if self.credit < self.cost:
            return False
        self.credit -= self.cost
        return True


RATES = st.tuples(st.integers(1, 100), st.sampled_from([1, 60, 3600]), st.integers(1, 10))
EVENTS = st.lists(st.tuples(st.sampled_from([0, 3, 50, 999, 4100, 20_000]), st.integers(1, 4)), max_size=50)


@given(RATES, EVENTS)
def test_each_key_has_a_bucket_of_its_own(rate: tuple[int, int, int], events: list[tuple[int, int]]) -> None:
    limit = Limit(rate[0], rate[1] * SECOND, rate[2])
    firewall = Keeper([limited(limit)])
    buckets: dict[int, Bucket] = {}
    now = 0
    firewall.accepts(0, src="10.1.0.200")
    for gap, host in events:
        now += gap * 1_000_000
        if host not in buckets or buckets[host].seen + 10 * SECOND <= now // SECOND * SECOND:
            buckets[host] = Bucket(limit, now)
        quiet = firewall.accepts(now / SECOND, quiet=1, src=f"10.1.0.{host}")
        assert firewall.accepts(now / SECOND, src=f"10.1.0.{host}") == quiet == buckets[host].passes(now)


def test_bits_of_an_address_and_ports_are_a_key() -> None:
    firewall = Keeper([limited(Limit(1, SECOND, 1), (("src", 24), ("dport", 16)))])
    assert firewall.accepts(src="10.1.0.1", dport=80)
    assert firewall.accepts(src="10.1.0.2", dport=80) is False
    assert firewall.accepts(src="10.1.1.2", dport=80)
    assert firewall.accepts(src="10.1.0.1", dport=81)


def test_a_protocol_without_ports_has_the_ports_0() -> None:
    firewall = Keeper([limited(Limit(1, SECOND, 1), (("sport", 16), ("dport", 16)))])
    assert [firewall.accepts(proto=47) for _ in range(2)] == [True, False]


def test_all_rules_with_a_name_share_its_buckets() -> None:
    rule = limited(Limit(1, SECOND, 1))
    firewall = Keeper([number("dport", 1), rule], [number("dport", 2), rule])
    assert [firewall.accepts(dport=port) for port in (1, 2)] == [True, False]


def test_above_matches_what_exceeds() -> None:
    firewall = Keeper([limited(Limit(1, SECOND, 2, over=True))])
    assert [firewall.accepts() for _ in range(3)] == [False, False, True]


def test_bytes_are_paid_in_chunks_and_a_burst_fills_the_bucket_again() -> None:
    rate = Limit(1024, SECOND, 1024, unit="bytes")
    firewall = Keeper([limited(rate)])
    # a second's credits are 65 chunks, and come once more; 320 bytes are 21 chunks
    assert [firewall.accepts(length=320) for _ in range(8)] == [True] * 6 + [False] * 2
    assert firewall.accepts(0.5, length=320)
    assert firewall.accepts(0.5, length=320) is False


def test_a_bucket_that_may_have_been_used_is_unknown() -> None:
    rule = limited(Limit(1, SECOND, 2))
    firewall = Keeper([number("dport", 1), Unknown("what is not simulated"), rule], [number("dport", 2), rule])
    firewall.accepts(dport=1)
    assert firewall.accepts(dport=2) is None
    assert firewall.accepts(dport=2, src="10.1.0.77") is True


def test_where_there_is_no_room_for_a_key_nothing_is_known_of_it() -> None:
    firewall = Keeper([limited(Limit(1, SECOND, 2), most=1)])
    assert firewall.accepts(0, src="10.1.0.1")
    assert firewall.accepts(0, src="10.1.0.2") is None
    assert firewall.accepts(0, src="10.1.0.1")
    assert firewall.accepts(11, src="10.1.0.2")


@pytest.mark.parametrize("per", [3600, 86_400])
def test_a_rate_a_day_takes_credits_of_64_bits(per: int) -> None:
    firewall = Keeper([limited(Limit(1, per * SECOND, 1), expire=per)])
    assert [firewall.accepts(now) for now in (0, 1, per - 1)] == [True, False, False]
    assert firewall.accepts(per + 1)
