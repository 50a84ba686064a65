"""xt_recent, against a list of addresses with their times in Python."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fwsim.engine.recent import ttl_before_forwarding
from fwsim.netfilter.steps import Recent, Step, Unknown
from fwsim.terms import ABSENT, Hook
from tests.keeping_by_key import SECOND, Keeper
from tests.netfiltering import number

TICKS = 250
MOST = 100


def recent(action: str, **more: Any) -> Recent:
    return Recent("r", action, **more)


RULES = {
    1: recent("set"),
    2: recent("rcheck"),
    3: recent("rcheck", seconds=3, hitcount=3),
    4: recent("update", seconds=5, hitcount=2),
    5: recent("remove"),
    6: recent("rcheck", seconds=2, reap=True),
    7: recent("update", seconds=2, negated=True),
    8: recent("set", negated=True),
}


class Model:
    """The kernel's list: for each address a ring of stamps, and the order of use."""

    def __init__(self, ring: int) -> None:
        self.ring = ring
        self.entries: dict[int, list[int]] = {}
        self.places: dict[int, int] = {}

    def touch(self, host: int, tick: int) -> None:
        if host not in self.entries:
            if len(self.entries) >= MOST:
                oldest = next(iter(self.entries))
                del self.entries[oldest], self.places[oldest]
            self.entries[host], self.places[host] = [], 0
        stamps = self.entries.pop(host)
        place = self.places[host] % self.ring
        stamps[place : place + 1] = [tick]
        self.places[host] = place + 1
        self.entries[host] = stamps

    def remove(self, host: int) -> None:
        del self.entries[host], self.places[host]

    def step(self, rule: Recent, host: int, tick: int) -> bool:
        there = host in self.entries
        if not there and rule.action != "set":
            return rule.negated
        if rule.action == "set":
            self.touch(host, tick)
            return not rule.negated
        if rule.action == "remove":
            self.remove(host)
            return not rule.negated
        since = tick - rule.seconds * TICKS
        late = [stamp for stamp in self.entries[host] if not rule.seconds or stamp >= since]
        matches = (len(late) >= max(1, rule.hitcount)) != rule.negated
        updates = rule.action == "update" and matches
        if rule.reap:
            oldest = next(iter(self.entries))
            stamps, last = self.entries[oldest], self.places[oldest] - 1
            if not (oldest == host and updates) and stamps[last] < since:
                self.remove(oldest)
        if updates:
            self.touch(host, tick)
        return matches


EVENTS = st.lists(
    st.tuples(st.sampled_from([0, 1, 500, 1300, 2100]), st.sampled_from(sorted(RULES)), st.integers(1, 3))
)


@given(EVENTS)
def test_addresses_are_remembered_as_in_a_list(events: list[tuple[int, int, int]]) -> None:
    firewall = Keeper(*([number("dport", port), rule] for port, rule in RULES.items()))
    model, now = Model(32), 0
    firewall.accepts(0, dport=2, src="10.9.9.9")
    for gap, port, host in events:
        now += gap
        quiet = firewall.accepts(now / 1000, quiet=1, dport=port, src=f"10.1.0.{host}")
        expected = model.step(RULES[port], host, now // 4)
        assert firewall.accepts(now / 1000, dport=port, src=f"10.1.0.{host}") == quiet == expected


@given(st.lists(st.integers(0, 900), max_size=40))
def test_a_ring_holds_as_many_times_as_are_asked_for(gaps: list[int]) -> None:
    rules = {1: recent("set", hitcount=3), 2: recent("rcheck", seconds=2, hitcount=4)}
    firewall, model, now = Keeper(*([number("dport", port), rule] for port, rule in rules.items())), Model(4), 0
    firewall.accepts(0, dport=2)
    for gap in gaps:
        now += gap
        for port, rule in rules.items():
            assert firewall.accepts(now / 1000, dport=port) == model.step(rule, 5, now // 4)


def test_the_hundred_and_first_address_takes_the_place_of_the_one_used_longest_ago() -> None:
    firewall = Keeper([number("dport", 1), recent("set")], [recent("rcheck")])
    for host in range(1, 101):
        firewall.accepts(dport=1, src=f"10.1.0.{host}")
    firewall.accepts(dport=1, src="10.1.0.1")
    firewall.accepts(dport=1, src="10.1.0.101")
    there = [host for host in range(1, 102) if firewall.accepts(dport=2, src=f"10.1.0.{host}")]
    assert there == [1, *range(3, 102)]


def test_the_rings_of_those_who_went_are_used_again() -> None:
    firewall = Keeper([number("dport", 1), recent("set")], [number("dport", 2), recent("remove")], [recent("rcheck")])
    for round_ in range(3):
        for host in range(1, 60):
            firewall.accepts(round_, dport=1, src=f"10.1.{round_}.{host}")
        for host in range(1, 60):
            assert firewall.accepts(round_, dport=2, src=f"10.1.{round_}.{host}")
    assert firewall.memory.keyed.states[0]["slots"] == 59


def test_a_mask_joins_addresses_and_a_list_is_shared_by_its_name() -> None:
    firewall = Keeper(
        [number("dport", 1), recent("set", mask=24)], [number("dport", 2), recent("rcheck", mask=24, side="dst")],
        [Recent("other", "rcheck")],
    )  # fmt: skip
    assert firewall.accepts(dport=1, src="192.0.2.200")
    assert firewall.accepts(dport=2, dst="192.0.2.2")
    assert firewall.accepts(dport=3, src="192.0.2.200") is False


def test_the_ttl_is_that_with_which_a_packet_came() -> None:
    forward, inward = int(Hook.FORWARD), int(Hook.INPUT)
    assert ttl_before_forwarding({"hook": forward, "oif": 2, "ttl": 62}) == 63
    assert ttl_before_forwarding({"hook": forward, "oif": ABSENT, "ttl": 63}) == 63, "not routed yet"
    assert ttl_before_forwarding({"hook": inward, "oif": ABSENT, "ttl": 63}) == 63
    assert ttl_before_forwarding({"hook": forward, "oif": 2, "ttl": 255}) == 0


def test_an_address_can_be_asked_for_with_its_ttl() -> None:
    firewall = Keeper([number("dport", 1), recent("set", same_ttl=True)], [recent("rcheck", same_ttl=True)])
    firewall.accepts(dport=1, ttl=63)
    assert [firewall.accepts(dport=2, ttl=ttl) for ttl in (62, 63)] == [False, True]
    firewall.accepts(dport=1, ttl=62)
    assert [firewall.accepts(dport=2, ttl=ttl) for ttl in (61, 62, 63)] == [False, True, True]


def test_what_may_have_been_seen_is_unknown() -> None:
    maybe: list[Step] = [number("dport", 1), Unknown("what is not simulated")]
    firewall = Keeper([*maybe, recent("set")], [number("dport", 2), recent("set")], [recent("rcheck")])
    firewall.accepts(dport=2, src="10.1.0.1")
    firewall.accepts(dport=1, src="10.1.0.1")
    assert firewall.accepts(dport=3, src="10.1.0.1") is None
    assert firewall.accepts(dport=3, src="10.1.0.2") is False
    firewall.accepts(dport=1, src="10.1.0.2")
    assert firewall.accepts(dport=3, src="10.1.0.3") is None, "of a full list it is not known who went"


def test_an_unknown_address_makes_the_list_unknown() -> None:
    firewall = Keeper([number("dport", 1), recent("set")], [recent("rcheck")])
    firewall.accepts(dport=1, unknown=("src",))
    assert firewall.accepts(dport=2) is None


def test_times_are_counted_from_the_first_packet() -> None:
    firewall = Keeper([recent("set")])
    firewall.accepts(0)
    firewall.accepts(1)
    assert firewall.memory.keyed.stamps[:2].tolist() == [0, TICKS]
    assert firewall.books["origin"] == 1_700_000_000 * SECOND
