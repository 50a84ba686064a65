"""Sets that rules change, against a dict with times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.netfilter import Set
from fwsim.netfilter.fields import NotSimulated
from fwsim.netfilter.steps import Effectless, Lookup, Quota, Rate, Step, Unknown, Update
from fwsim.ruleset.values import Addresses, Limit, Numbers
from tests.keeping_by_key import SECOND, Keeper
from tests.netfiltering import number

SIZE = 3
TIMEOUT = 5


def dynamic(*elements: Any, timeout: int | None = TIMEOUT, size: int = SIZE, steps: Sequence[Step] = ()) -> Set:
    kinds = ("inet_service",)
    timeout_ns = None if timeout is None else timeout * SECOND
    return Set("s", kinds, tuple(elements), dynamic=True, size=size, timeout_ns=timeout_ns, steps=tuple(steps))


def ports(*values: int) -> tuple[Numbers]:
    return (Numbers(tuple((value, value) for value in values)),)


def update(operation: str, *steps: Step, timeout: int | None = None) -> Update:
    return Update(operation, "s", ("sport",), None if timeout is None else timeout * SECOND, tuple(steps))


IN_SET = Lookup(("sport",), set="s")
NOT_IN_SET = Lookup(("sport",), set="s", negated=True)


def changing() -> Keeper:
    """To port 1 adds, to 2 updates, to 3 deletes, to 4 looks up, to 5 adds for a second."""
    rules = [update("add"), update("update"), update("delete"), IN_SET, update("add", timeout=1)]
    return Keeper(*([number("dport", port), step] for port, step in enumerate(rules, 1)), sets=[dynamic()])


class Model:
    """What nft does: elements with the time when they expire; gone ones take room until the next whole second."""

    def __init__(self) -> None:
        self.elements: list[tuple[int, int]] = []

    def step(self, now: int, operation: int, key: int) -> bool:
        there = [at for at, (other, expires) in enumerate(self.elements) if other == key and now < expires]
        timeout = SECOND if operation == 5 else TIMEOUT * SECOND
        if operation == 4:
            return bool(there)
        if operation == 3:
            for at in there:
                self.elements[at] = (key, now)
            return True
        if there:
            if operation == 2:
                self.elements[there[0]] = (key, now + timeout)
            return True
        collected = now // SECOND * SECOND
        if len(self.elements) >= SIZE:
            self.elements = [(key, expires) for key, expires in self.elements if expires > collected]
        if len(self.elements) >= SIZE:
            return False
        self.elements.append((key, now + timeout))
        return True


@given(
    st.lists(st.tuples(st.sampled_from([0, 300, 1000, 4700, 9000]), st.integers(1, 5), st.integers(1, 6)), max_size=60)
)
def test_elements_come_expire_and_go_as_in_a_dict(events: list[tuple[int, int, int]]) -> None:
    firewall, model, now = changing(), Model(), 0
    firewall.accepts(0, dport=4, sport=1)
    for gap, operation, key in events:
        now += gap
        quiet = firewall.accepts(now / 1000, quiet=1, dport=operation, sport=key)
        expected = model.step(now * 1_000_000, operation, key)
        assert firewall.accepts(now / 1000, dport=operation, sport=key) == quiet == expected


def test_elements_of_the_ruleset_are_there_from_the_first_packet_on() -> None:
    firewall = Keeper([IN_SET], sets=[dynamic(ports(7), ports(8))])
    assert firewall.accepts(100, sport=7)
    assert firewall.accepts(104.9, sport=8)
    assert firewall.accepts(104.9, sport=9) is False
    assert firewall.accepts(105, sport=8) is False


def test_elements_without_a_timeout_stay() -> None:
    firewall = Keeper([IN_SET], [update("add")], sets=[dynamic(ports(7), timeout=None)])
    assert firewall.accepts(0, sport=5)
    for port in (5, 7):
        assert firewall.accepts(10**9, sport=port)


def test_a_look_up_can_be_turned_round() -> None:
    firewall = Keeper([NOT_IN_SET], sets=[dynamic(ports(7))])
    assert firewall.accepts(sport=7) is False
    assert firewall.accepts(sport=8) is True


def test_a_packet_without_the_field_has_no_key() -> None:
    firewall = Keeper([NOT_IN_SET], [update("add")], sets=[dynamic()])
    assert firewall.accepts(proto=47) is False
    assert firewall.memory.keyed.states[0]["count"] == 0


def test_a_deleted_element_takes_room_until_it_is_collected() -> None:
    firewall = changing()
    for port in (1, 2, 3):
        assert firewall.accepts(0, dport=1, sport=port)
    assert firewall.accepts(0.2, dport=3, sport=1)
    assert firewall.accepts(0.2, dport=4, sport=1) is False
    assert firewall.accepts(0.9, dport=1, sport=4) is False
    assert firewall.accepts(1.1, dport=1, sport=4) is True


def test_addresses_of_both_families_are_keys() -> None:
    addresses = Set("s", ("ipv6_addr",), ((Addresses(v6=((1 << 127 | 5,) * 2,)),),), dynamic=True)
    firewall = Keeper(
        [number("dport", 1), Update("add", "s", ("src",))], [Lookup(("src",), set="s")], sets=[addresses], family="inet"
    )
    assert firewall.accepts(family=6, src="8000::5", dst="::1", dport=2)
    assert firewall.accepts(src="10.0.0.1", dport=2) is False
    assert firewall.accepts(src="10.0.0.1", dport=1)
    assert firewall.accepts(src="10.0.0.1", dport=2)
    assert firewall.accepts(family=6, src="8000::6", dst="::1", dport=2) is False


def test_each_element_has_a_limit_of_its_own() -> None:
    meter = update("add", Rate(Limit(1, SECOND, 2)))
    firewall = Keeper([meter], sets=[dynamic(timeout=None)])
    assert [firewall.accepts(0, sport=port) for port in (1, 1, 1, 2, 2, 2)] == [True, True, False] * 2
    assert firewall.accepts(1, sport=1)
    assert firewall.accepts(1, sport=1) is False


def test_each_element_has_a_quota_of_its_own_also_when_looked_up() -> None:
    firewall = Keeper(
        [number("dport", 1), update("add", Quota(100), Effectless(counter=True))], [number("dport", 2), IN_SET],
        sets=[dynamic(timeout=None)],
    )  # fmt: skip
    assert [firewall.accepts(sport=5, dport=port, length=40) for port in (1, 2, 2, 1)] == [True, True, False, False]
    assert firewall.accepts(sport=6, dport=1, length=40)


def test_elements_of_the_ruleset_have_the_statements_of_their_set() -> None:
    counting = dynamic(ports(5), timeout=None, steps=[Rate(Limit(1, SECOND, 1))])
    firewall = Keeper([IN_SET], sets=[counting])
    assert [firewall.accepts(sport=5) for _ in range(2)] == [True, False]


def perhaps() -> list[Step]:
    return [number("dport", 1), Unknown("a match that cannot be simulated")]


def test_what_may_have_been_added_is_unknown_until_it_is_surely_renewed() -> None:
    firewall = Keeper([*perhaps(), update("add")], [number("dport", 2), update("update")], [IN_SET], sets=[dynamic()])
    firewall.accepts(0, sport=5, dport=1)
    assert firewall.accepts(0, sport=5, dport=3) is None
    assert firewall.accepts(0, sport=6, dport=3) is False
    assert firewall.accepts(1, sport=5, dport=2) is True
    assert firewall.accepts(2, sport=5, dport=3) is True
    assert firewall.accepts(6.5, sport=5, dport=3) is False


def test_what_may_have_been_deleted_is_unknown() -> None:
    firewall = Keeper([*perhaps(), update("delete")], [IN_SET], sets=[dynamic(ports(5), ports(6))])
    firewall.accepts(0, sport=5, dport=1)
    assert firewall.accepts(0, sport=5, dport=3) is None
    assert firewall.accepts(0, sport=6, dport=3) is True


def test_a_counting_element_that_may_have_counted_stays_unknown() -> None:
    meter = update("update", Rate(Limit(1, SECOND, 2)))
    firewall = Keeper([*perhaps(), meter], [number("dport", 2), meter], sets=[dynamic()])
    firewall.accepts(0, sport=5, dport=1)
    assert [firewall.accepts(now, sport=5, dport=2) for now in (0, 100)] == [None, None]
    assert firewall.accepts(0, sport=6, dport=2) is True


def test_an_unknown_key_makes_the_whole_set_unknown() -> None:
    firewall = Keeper([number("dport", 1), update("add")], [IN_SET], sets=[dynamic()])
    firewall.accepts(sport=5, dport=1, unknown=("sport",))
    assert firewall.accepts(sport=6, dport=2) is None


def test_a_key_that_is_not_simulated_is_unknown_too() -> None:
    jhash = NotSimulated("jhash")
    firewall = Keeper(
        [number("dport", 1), Update("add", "s", (jhash,))], [number("dport", 2), Lookup((jhash,), set="s")], [IN_SET],
        sets=[dynamic()],
    )  # fmt: skip
    assert firewall.accepts(dport=3) is False
    assert firewall.accepts(dport=2) is None
    assert firewall.accepts(dport=3) is False
    firewall.accepts(dport=1)
    assert firewall.accepts(dport=3) is None


def test_whether_there_is_room_beside_what_may_be_there_is_unknown() -> None:
    firewall = Keeper([*perhaps(), update("add")], [number("dport", 2), update("add")], sets=[dynamic(size=1)])
    firewall.accepts(sport=5, dport=1)
    assert firewall.accepts(sport=6, dport=2) is None


@pytest.mark.parametrize("quiet", [0, 1])
def test_a_quiet_look_changes_nothing(quiet: int) -> None:
    firewall = Keeper([number("dport", 1), update("add")], [IN_SET], sets=[dynamic()])
    assert firewall.accepts(sport=5, dport=1, quiet=quiet)
    assert firewall.accepts(sport=5, dport=2) is (quiet == 0)
