"""A full table evicts the oldest connection that is not ASSURED, or refuses if there is none; it is never overfull."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fwsim.terms import CtStatus, Reason, Verdict
from tests.replaying import replay
from tests.scenes import Scene, perform
from tests.strategies import plain_policy, scenes
from tests.tracking import Bench, udp

SECOND = 1_000_000_000


@given(scenes(most=4, orderly=True), st.integers(1, 4))
def test_a_table_never_holds_more_than_it_may(scene: Scene, limit: int) -> None:
    policy = plain_policy("open", max=limit)
    outcome = replay([taken.frame for taken in perform(scene)], policy.ruleset())
    counters = outcome.counters
    assert counters["peak"] <= limit
    assert len(outcome.connections) == counters["live"] <= limit
    assert counters["created"] >= counters["live"] + counters["evicted"] + counters["expired"]
    full = [verdict for verdict, reason in zip(outcome.column("verdict"), outcome.column("reason"), strict=True)
            if reason == Reason.TABLE_FULL]  # fmt: skip
    assert len(full) == counters["dropped"]
    assert set(full) <= {int(Verdict.DROP)}


OPENINGS = st.lists(st.tuples(st.integers(1, 8), st.booleans(), st.integers(0, 3)), min_size=1, max_size=30)
"""Port of a datagram, whether it is a reply, and the seconds before it."""


@given(OPENINGS, st.integers(1, 4), st.booleans())
def test_who_goes_is_the_oldest_that_is_not_assured(
    openings: list[tuple[int, bool, int]], limit: int, accept: bool
) -> None:
    """Eviction comes before the rules: it happens even if they then refuse the newcomer."""
    bench = Bench(max=limit)
    now = 0
    for port, is_reply, gap in openings:
        now += gap
        bench.expire(now)
        held = bench.connections()
        packet = udp("10.0.0.2", 53, "10.0.0.1", port) if is_reply else udp("10.0.0.1", port, "10.0.0.2", 53)
        known = any(port in (c["original"]["src_id"], c["original"]["dst_id"]) for c in held)
        result = bench.see(packet, now, accept=accept or not is_reply)
        left = {c["number"] for c in bench.connections()} & {c["number"] for c in held}
        assert left == {c["number"] for c in held} - gone(held, limit, known)
        refused = not known and len(held) == limit and not evictable(held)
        assert (result["reason"] == Reason.TABLE_FULL) == refused


def evictable(held: list[dict[str, Any]]) -> list[int]:
    """The numbers of connections that may be evicted, the oldest first."""
    return [c["number"] for c in held if not c["status"] & CtStatus.ASSURED]


def gone(held: list[dict[str, Any]], limit: int, known: bool) -> set[int]:
    """Who has to go before a packet, that `known` says belongs to one of them."""
    return set() if known or len(held) < limit else set(evictable(held)[:1])
